/** UDP and DNS clients of a peer. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeQuery } from "./dns-query.ts";
import { type DnsOp, type Endpoint, type Local, type OpResult, type Outcome, type UdpOp, udpHeaderBytes } from "./protocol.ts";

interface Exchange {
  local: Local;
  remote: Endpoint;
  payload: Buffer;
  count: number;
  everyMs: number;
  timeoutMs: number;
}

export async function udp(op: UdpOp, signal: AbortSignal): Promise<OpResult> {
  const payload = Buffer.alloc(Math.max(op.requestBytes, udpHeaderBytes), "q");
  payload.writeUInt16BE(op.replyBytes, 0);
  return exchange({ ...op, payload }, signal);
}

export async function dns(op: DnsOp, signal: AbortSignal): Promise<OpResult> {
  return exchange({ ...op, payload: encodeQuery(op.name, op.type), count: 1, everyMs: 0 }, signal);
}

/** Sends `count` datagrams and waits for as many answers, or the ICMP error that says there will be none. */
async function exchange(op: Exchange, signal: AbortSignal): Promise<OpResult> {
  const startedAt = Date.now();
  const socket = createSocket(op.local.ip.includes(":") ? "udp6" : "udp4");
  const over = new AbortController();
  let receivedPackets = 0;
  let receivedBytes = 0;
  let sentPackets = 0;
  let refused = false;
  try {
    await connectFrom(socket, op);
    socket.on("message", (message) => {
      receivedBytes += message.length;
      receivedPackets++;
      if (receivedPackets === op.count) over.abort();
    });
    // A connected UDP socket is told of the port unreachable.
    socket.on("error", () => {
      refused = true;
      over.abort();
    });
    const pause = (ms: number): Promise<unknown> =>
      sleep(ms, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => undefined);
    while (sentPackets < op.count && !over.signal.aborted && !signal.aborted) {
      if (sentPackets > 0) await pause(op.everyMs);
      socket.send(op.payload);
      sentPackets++;
    }
    await pause(op.timeoutMs);
    signal.throwIfAborted();
    const outcome: Outcome = receivedPackets > 0 ? "answered" : refused ? "refused" : "silent";
    const sentBytes = sentPackets * op.payload.length;
    return {
      outcome,
      localPort: socket.address().port,
      sentBytes,
      receivedBytes,
      sentPackets,
      receivedPackets,
      startedAt,
      endedAt: Date.now(),
    };
  } finally {
    socket.close();
  }
}

async function connectFrom(socket: Socket, op: Exchange): Promise<void> {
  socket.bind(op.local.port, op.local.ip);
  await once(socket, "listening");
  socket.connect(op.remote.port, op.remote.ip);
  await once(socket, "connect");
}
