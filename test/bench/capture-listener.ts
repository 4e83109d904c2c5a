/** Our capture with a listener that does as little as nfct.c does. Same commands: `begin` starts to count, `report` prints a line. */
import { createInterface } from "node:readline";
import { EVENT_DESTROY } from "../../packages/agent/src/capture/conntrack/record.ts";
import { NetlinkConntrackSource } from "../../packages/agent/src/capture/netlink-source.ts";

let newEvents = 0;
let destroyEvents = 0;
let checksum = 0;
let lastNs = 0n;
let cpu = process.cpuUsage();
const ignore = (): void => undefined;

const source = new NetlinkConntrackSource();
await source.start({
  onEvent(record) {
    checksum += record.id + record.dstPort + record.words[0]!;
    if (record.event === EVENT_DESTROY) {
      checksum += record.srcBytes + record.stopUs;
      destroyEvents++;
    } else newEvents++;
  },
  onDrained() {
    lastNs = process.hrtime.bigint();
  },
  onDumpStart: ignore,
  onDumpEntry: ignore,
  onDumpEnd: ignore,
  onOverrun: ignore,
});
console.log('{"type":"ready"}');

for await (const line of createInterface(process.stdin)) {
  if (line === "begin") {
    newEvents = destroyEvents = 0;
    cpu = process.cpuUsage();
    console.log('{"type":"begun"}');
  } else {
    const { user, system } = process.cpuUsage(cpu);
    const rssKiB = process.resourceUsage().maxRSS;
    const { overruns } = source.stats;
    const result = {
      type: "result",
      newEvents,
      destroyEvents,
      overruns,
      cpuUs: user + system,
      lastNs: `${lastNs}`,
      rssKiB,
      checksum: `${checksum}`,
    };
    console.log(JSON.stringify(result));
  }
}
process.exit(0);
