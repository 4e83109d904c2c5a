/** TCP clients of a peer. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Endpoint,
  type Local,
  type OpResult,
  type Outcome,
  type TransferOp,
  type TrickleOp,
  transferHeaderBytes,
  type WriteOp,
} from "./protocol.ts";
import { writeBytes } from "./write-bytes.ts";

export type OnOpen = (open: { localPort: number; startedAt: number }) => void;

export async function transfer(op: TransferOp, onOpen: OnOpen, signal: AbortSignal): Promise<OpResult> {
  return converse(op, onOpen, signal, async (socket) => {
    const header = Buffer.alloc(transferHeaderBytes);
    header.writeBigUInt64BE(BigInt(op.up), 0);
    header.writeBigUInt64BE(BigInt(op.down), 8);
    socket.write(header);
    await writeBytes(socket, op.up);
  });
}

export async function trickle(op: TrickleOp, onOpen: OnOpen, signal: AbortSignal): Promise<OpResult> {
  return converse(op, onOpen, signal, async (socket) => {
    const rounds = Math.max(1, Math.round((op.seconds * 1000) / op.everyMs));
    for (let round = 0; round < rounds && socket.writable; round++) {
      if (round > 0) await sleep(op.everyMs, undefined, { signal });
      await writeBytes(socket, op.bytes);
    }
    socket.end();
  });
}

export async function write(op: WriteOp, onOpen: OnOpen, signal: AbortSignal): Promise<OpResult> {
  return converse(op, onOpen, signal, async (socket) => {
    const answered = Promise.race([once(socket, "data"), once(socket, "close")]);
    answered.catch(() => undefined); // awaited below
    socket.setNoDelay(true);
    for (const [i, part] of op.parts.entries()) {
      if (i > 0) await sleep(op.pauseMs, undefined, { signal });
      socket.write(Buffer.from(part, "base64"));
    }
    await answered;
    socket.end();
  });
}

interface Conversation {
  local: Local;
  remote: Endpoint;
  /** How long to wait for the connection. */
  timeoutMs: number;
}

/** Connects, lets `talk` send, and reads until the server has ended. */
async function converse(
  op: Conversation,
  onOpen: OnOpen,
  signal: AbortSignal,
  talk: (socket: Socket) => Promise<unknown>,
): Promise<OpResult> {
  const localPort = op.local.port || (await freePort(op.local.ip));
  const startedAt = Date.now();
  const socket = connect({ host: op.remote.ip, port: op.remote.port, localAddress: op.local.ip, localPort });
  let received = 0;
  const result = (outcome: Outcome): OpResult => {
    return {
      outcome,
      localPort,
      sentBytes: socket.bytesWritten,
      receivedBytes: received,
      sentPackets: null,
      receivedPackets: null,
      startedAt,
      endedAt: Date.now(),
    };
  };
  const abort = (): unknown => socket.destroy(new Error("aborted"));
  signal.addEventListener("abort", abort, { once: true });
  try {
    const outcome = await connected(socket, op.timeoutMs);
    if (outcome !== "answered") return result(outcome);
    onOpen({ localPort, startedAt });
    socket.on("data", (chunk: Buffer) => {
      received += chunk.length;
    });
    const ended = once(socket, "close");
    await Promise.all([talk(socket), ended]);
    return result(outcome);
  } catch (error) {
    if (isTornOff(error)) return result("broken");
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
    socket.destroy();
  }
}

/** A free port, chosen before the connection: a socket that failed to connect can't be asked for its own any more. */
export async function freePort(ip: string): Promise<number> {
  const server = createServer();
  server.listen(0, ip);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** What the errno of a failed connect says of the other end. Anything else is our own fault, and thrown. */
const outcomes: Readonly<Record<string, Outcome>> = {
  ECONNREFUSED: "refused",
  ETIMEDOUT: "silent",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
};

/** An open connection that the other end or the path gave up. */
export const isTornOff = (error: unknown): boolean =>
  ["ECONNRESET", "EPIPE", "ETIMEDOUT"].includes((error as NodeJS.ErrnoException).code ?? "");

/** How the connecting went. */
export async function connected(socket: Socket, timeoutMs: number): Promise<Outcome> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  const timer = setTimeout(() => resolve("silent"), timeoutMs);
  socket.once("connect", () => resolve("answered"));
  socket.once("error", (error: NodeJS.ErrnoException) => {
    const outcome = outcomes[error.code ?? ""];
    if (outcome) resolve(outcome);
    else reject(error);
  });
  return promise.finally(() => clearTimeout(timer));
}
