/**
 * Capture and tracker in the network namespace that it is started in; says each row, one JSON line `{"type":"row","text":"<the row>"}`.
 * `ip netns exec NS node track-process.ts '{"sysctlStatePath":"/tmp/s.json","ranges":["10.77.0.0/16"],"own":["10.77.1.2"]}'`.
 */
import { FlowBatch, rowToJson } from "@flowtrail/model";
import { ConntrackCapture } from "../../capture/capture.ts";
import { readTimeouts } from "../../capture/timeouts.ts";
import { NetworkTable } from "../networks.ts";
import { FlowTracker, TRACKER_DEFAULTS } from "../tracker.ts";
import { address, cidr } from "./track.ts";

const FLUSH_MS = 100;
/** A dump makes the kernel remove what has expired, else it takes up to a minute. */
const DUMP_MS = 400;

const say = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

const config: { sysctlStatePath: string; ranges: string[]; own: string[] } = JSON.parse(process.argv[2] ?? "{}");
const capture = new ConntrackCapture({ sysctlStatePath: config.sysctlStatePath, tracking: true });
const tracker = new FlowTracker(
  {
    ...TRACKER_DEFAULTS,
    reporter: "test",
    timeouts: readTimeouts(),
    traffic: { icmp: true, dns: true, tunnelPorts: [], servers: [] },
  },
  { refresh: (record) => capture.refresh(record), randomSequence: () => 1 },
);
const network = { id: "mesh", ranges: config.ranges.map(cidr), egress: [], members: [] };
tracker.setNetworks(new NetworkTable([network], config.own.map(address)));
await capture.start(tracker);
tracker.setTimeouts(readTimeouts());
say({ type: "started" });

const batch = new FlowBatch();
setInterval(() => {
  tracker.collect(batch, Date.now());
  for (let row = 0; row < batch.length; row++) say({ type: "row", text: JSON.stringify(rowToJson(batch, row)) });
  batch.clear();
}, FLUSH_MS);
setInterval(() => {
  capture.dump().catch((error: unknown) => say({ type: "error", message: String(error) }));
}, DUMP_MS);
process.stdin.on("end", () => process.exit(0)).resume();
