/**
 * Makes UDP connections that nobody answers: one datagram each into a device that swallows it. Commands on stdin: `{"flows":N,"perSecond":N}`
 * (0: as fast as it goes), answered by `{"type":"sent"}`; `reap`, answered by `{"type":"reaped"}` when the kernel has forgotten them all.
 */
import { createSocket, type Socket } from "node:dgram";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { IPCTNL_MSG_CT_GET } from "../../packages/agent/src/capture/conntrack/attributes.ts";
import { NFNL_SUBSYS_CTNETLINK, NLM_F_DUMP } from "../../packages/agent/src/capture/netlink/constants.ts";
import { NetlinkSocket } from "../../packages/agent/src/capture/netlink/socket.ts";
import { MessageWriter } from "../../packages/agent/src/capture/netlink/writer.ts";

const CTA_MARK = 8;
const CTA_MARK_MASK = 21;
const TURN_MS = 5;
const REAP_MS = 100;
const PORTS = 60_000;

/** A dump makes the kernel remove what has expired. With a filter that fits nothing it answers nothing. */
function reap(): void {
  const socket = new NetlinkSocket();
  const writer = new MessageWriter();
  const answer = Buffer.alloc(8192);
  socket.open();
  writer.message((NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_GET, NLM_F_DUMP, 1, 0);
  writer.be32(CTA_MARK, 0xdead);
  writer.be32(CTA_MARK_MASK, 0xffffffff);
  socket.send(writer.bytes());
  while (socket.receive(answer) > 0 && answer.readUInt16LE(4) !== 3);
  socket.close();
}

const entries = (): number => Number(readFileSync("/proc/sys/net/netfilter/nf_conntrack_count", "utf8"));

async function send(flows: number, perSecond: number): Promise<void> {
  const socket: Socket = createSocket({ type: "udp4", lookup: (host, _options, done) => done(null, host, 4) });
  const begin = performance.now();
  let reaped = begin;
  let sent = 0;
  while (sent < flows) {
    const now = performance.now();
    if (perSecond > 0 && now - reaped > REAP_MS) {
      reap();
      reaped = now;
    }
    const due = perSecond === 0 ? sent + 500 : ((now - begin) / 1000) * perSecond;
    for (; sent < Math.min(due, flows); sent++) {
      const port = 1024 + (sent % PORTS);
      const host = `10.78.1.${2 + Math.floor(sent / PORTS)}`;
      await new Promise<void>((resolve, reject) => socket.send("x", port, host, (error) => (error ? reject(error) : resolve())));
    }
    await setTimeout(perSecond === 0 ? 0 : TURN_MS);
  }
  socket.close();
}

for await (const line of createInterface(process.stdin)) {
  if (line === "reap") {
    for (; entries() > 0; await setTimeout(REAP_MS)) reap();
    console.log('{"type":"reaped"}');
  } else {
    const { flows, perSecond } = JSON.parse(line);
    await send(flows, perSecond);
    console.log('{"type":"sent"}');
  }
}
process.exit(0);
