/** HTTP(S) client of a peer. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import type { HttpOp, OpResult, Outcome } from "./protocol.ts";
import { connected, freePort, isTornOff, type OnOpen } from "./tcp.ts";
import { writeBytes } from "./write-bytes.ts";

export async function http(op: HttpOp, onOpen: OnOpen, signal: AbortSignal): Promise<OpResult> {
  const startedAt = Date.now();
  const localPort = op.local.port || (await freePort(op.local.ip));
  let received = 0;
  let sent = 0;
  const result = (outcome: Outcome): OpResult => {
    return {
      outcome,
      localPort,
      sentBytes: sent,
      receivedBytes: received,
      sentPackets: null,
      receivedPackets: null,
      startedAt,
      endedAt: Date.now(),
    };
  };
  const request = begin(op, localPort, signal);
  // Every await below sees an error of its own; without a listener a late one would end the process.
  request.on("error", () => undefined);
  try {
    const response = once(request, "response") as Promise<[IncomingMessage]>;
    response.catch(() => undefined); // a failed connect is told by `connected`
    const [socket] = (await once(request, "socket")) as [Socket];
    const outcome = await connected(socket, op.timeoutMs);
    if (outcome === "answered") {
      onOpen({ localPort, startedAt });
      sent = await writeBytes(request, op.up);
      request.end();
      const [message] = await response;
      for await (const chunk of message) received += (chunk as Buffer).length;
      // The client ends first and stays to read the server's goodbye: a closed socket would answer it with a reset.
      socket.end();
      if (!socket.closed) await once(socket, "close");
    }
    return result(outcome);
  } catch (error) {
    if (isTornOff(error)) return result("broken");
    throw error;
  } finally {
    request.destroy();
  }
}

function begin(op: HttpOp, localPort: number, signal: AbortSignal): ClientRequest {
  const options = {
    host: op.remote.ip,
    port: op.remote.port,
    localAddress: op.local.ip,
    localPort,
    path: `/?bytes=${op.down}`,
    method: op.up > 0 ? "POST" : "GET",
    headers: { host: op.host, ...(op.up > 0 ? { "content-length": op.up } : {}) },
    signal,
  };
  // keepAlive: else the agent closes the socket under us.
  if (op.caFile === null) return httpRequest({ ...options, agent: new HttpAgent({ keepAlive: true }) });
  // The CA is the lab's own and nobody else's; what is verified is the name that is asked for, or else the address.
  return httpsRequest({
    ...options,
    agent: new HttpsAgent({ keepAlive: true }),
    servername: op.sendsServerName ? op.host : "",
    ca: readFileSync(op.caFile),
  });
}
