/**
 * Prints every conntrack message of its namespace as the kernel sent it, unfiltered: `event <hex>`, and on `dump` on stdin `dump <hex>` for
 * each entry. Independent of the capture but for the socket: the corpus of the parser's tests is made with it.
 */
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { writeDumpRequest } from "../conntrack/request.ts";
import { NLMSG_DONE } from "../netlink/constants.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import { MessageWriter } from "../netlink/writer.ts";

const events = new NetlinkSocket({ groups: [1, 2, 3], receiveBufferBytes: 4 << 20 });
events.open();
const buffer = Buffer.allocUnsafeSlow(65536);

function drain(socket: NetlinkSocket, kind: string): void {
  for (let length = socket.receive(buffer); length > 0; length = socket.receive(buffer)) {
    for (let at = 0; at + 16 <= length; ) {
      const size = buffer.readUInt32LE(at);
      if (buffer.readUInt16LE(at + 4) === NLMSG_DONE) return;
      process.stdout.write(`${kind} ${buffer.subarray(at, at + size).toString("hex")}\n`);
      at += (size + 3) & ~3;
    }
  }
}

function dump(): void {
  const socket = new NetlinkSocket();
  const writer = new MessageWriter(64);
  socket.open();
  writeDumpRequest(writer, 1);
  socket.send(writer.bytes());
  drain(socket, "dump");
  socket.close();
}

process.stdout.write("ready\n");
for await (const line of createInterface(process.stdin)) {
  await setTimeout(100);
  drain(events, "event");
  if (line === "dump") dump();
  drain(events, "event");
  process.stdout.write(`done ${line}\n`);
}
process.exit(0);
