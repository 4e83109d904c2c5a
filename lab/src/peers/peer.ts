/**
 * The process in each namespace of the lab that serves and talks: `node peer.ts SOCKET`. It takes orders as JSON lines (protocol.ts) at a unix socket.
 * Who closes the connection takes its orders back: a scenario ends with the one who asked for it.
 */
import { createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { dns, udp } from "./datagrams.ts";
import { http } from "./http.ts";
import { ping } from "./ping.ts";
import type { OpResult, PeerOp, PeerReply, PeerRequest } from "./protocol.ts";
import { serve } from "./servers.ts";
import { type OnOpen, transfer, trickle, write } from "./tcp.ts";

/** A port that was free may be taken the moment after. */
const portErrors = ["EADDRINUSE", "EADDRNOTAVAIL"];
const attempts = 5;

async function performSomehow(op: PeerOp, onOpen: OnOpen, signal: AbortSignal): Promise<OpResult | null> {
  let tried = op;
  for (let attempt = 1; ; attempt++) {
    try {
      return await perform(tried, onOpen, signal);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      if (tried.op === "serve" || tried.op === "ping" || attempt === attempts || !portErrors.includes(code)) throw error;
      tried = { ...tried, local: { ...tried.local, port: 0 } };
    }
  }
}

async function perform(op: PeerOp, onOpen: OnOpen, signal: AbortSignal): Promise<OpResult | null> {
  switch (op.op) {
    case "serve":
      await Promise.all(op.services.map(serve));
      return null;
    case "transfer":
      return transfer(op, onOpen, signal);
    case "trickle":
      return trickle(op, onOpen, signal);
    case "udp":
      return udp(op, signal);
    case "dns":
      return dns(op, signal);
    case "http":
      return http(op, onOpen, signal);
    case "write":
      return write(op, onOpen, signal);
    case "ping":
      return ping(op, signal);
  }
}

function attend(customer: Socket): void {
  const gone = new AbortController();
  const reply = (message: PeerReply): unknown => customer.writable && customer.write(`${JSON.stringify(message)}\n`);
  customer.on("error", () => customer.destroy());
  customer.on("close", () => gone.abort());
  createInterface({ input: customer }).on("line", (line) => {
    const { id, op } = JSON.parse(line) as PeerRequest;
    performSomehow(op, (open) => reply({ id, open }), gone.signal).then(
      (result) => reply({ id, result }),
      (error: unknown) => reply({ id, error: error instanceof Error ? error.message : String(error) }),
    );
  });
}

// The caller waits for "ready" on the IPC channel and then lets go of it; without `unref` the channel would be kept open from here.
createServer({ allowHalfOpen: false }, attend).listen(process.argv[2], () => {
  process.send?.("ready");
  process.channel?.unref();
});
