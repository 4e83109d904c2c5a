/**
 * The two ends of tap.ts's traffic, each a process in a namespace, told what to do by its parent:
 * `sink` takes connections on every port that is asked for and counts bytes; `sender` writes at a steady rate for some time.
 */
import { randomFillSync } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface Send {
  readonly host: string;
  readonly port: number;
  readonly bytesPerSecond: number;
  /** One write; its last packet has PSH. */
  readonly writeBytes: number;
  /** Each write is a record of TLS application data. */
  readonly records: boolean;
  readonly seconds: number;
}
export type Told = { readonly serve: readonly number[] } | { readonly send: Send } | { readonly count: true };
export type Answer = { readonly ready: true } | { readonly sent: number } | { readonly received: number };

const MAX_QUEUED = 8 * 1024 * 1024;
let received = 0;

const answer = (value: Answer): unknown => process.send?.(value);

process.on("message", async (told: Told) => {
  if ("serve" in told) {
    await Promise.all(told.serve.map(serve));
    answer({ ready: true });
  } else if ("send" in told) answer({ sent: await send(told.send) });
  else answer({ received });
});

async function serve(port: number): Promise<void> {
  const server = createServer((socket) => {
    socket.on("data", (chunk) => {
      received += chunk.length;
    });
  });
  await once(server.listen(port, "0.0.0.0"), "listening");
}

async function send({ host, port, bytesPerSecond, writeBytes, records, seconds }: Send): Promise<number> {
  const socket = connect({ host, port, noDelay: true });
  await once(socket, "connect");
  const block = randomFillSync(Buffer.alloc(writeBytes));
  // Neither random bytes nor records may look like the beginning of a hello.
  block.set(records ? [0x17, 0x03, 0x03, (writeBytes - 5) >> 8, (writeBytes - 5) & 0xff] : [0xff]);
  const began = performance.now();
  let sent = 0;
  for (;;) {
    const elapsed = (performance.now() - began) / 1000;
    if (elapsed >= seconds) break;
    while (sent < bytesPerSecond * elapsed && socket.writableLength < MAX_QUEUED) {
      socket.write(block);
      sent += block.length;
    }
    await sleep(1);
  }
  socket.destroySoon();
  await once(socket, "close");
  return sent;
}
