/**
 * Open flows for memory.ts: one datagram to each of N destinations into a device that swallows it; nobody answers, the kernel keeps the entries.
 * Commands on stdin: a number N, answered by `sent` when each of the N has had one more datagram.
 */
import { createSocket } from "node:dgram";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const PORTS = 60_000;
/** Some 25,000 a second. */
const BURST = 250;
const PAUSE_MS = 10;

const socket = createSocket({ type: "udp4", lookup: (host, _options, done) => done(null, host, 4) });
for await (const line of createInterface(process.stdin)) {
  const flows = Number(line);
  for (let i = 0; i < flows; i++) {
    const [port, host] = [1024 + (i % PORTS), `10.78.1.${2 + Math.floor(i / PORTS)}`];
    await new Promise<void>((resolve, reject) => socket.send("x", port, host, (error) => (error ? reject(error) : resolve())));
    if (i % BURST === BURST - 1) await sleep(PAUSE_MS);
  }
  console.log("sent");
}
socket.close();
