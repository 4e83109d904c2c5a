/**
 * What firewalls drop in the network namespace that it is started in; says each row, one JSON line `{"type":"row","text":"<the row>"}`.
 * `ip netns exec NS node denied-process.ts '{"ranges":["10.77.0.0/16"],"own":["10.77.1.2"],"rules":"off"}'`. "facts" on stdin: says them.
 */
import { createInterface } from "node:readline";
import { FLOW_ID_SEQUENCES, FlowBatch, flowIdWords, rowToJson } from "@flowtrail/model";
import { NetworkTable } from "../../track/networks.ts";
import { address, cidr } from "../../track/testing/track.ts";
import { TrafficRules } from "../../track/traffic-rules.ts";
import { DENIED_DEFAULTS, DeniedFlows } from "../denied.ts";
import { DeniedCapture } from "../denied-capture.ts";

const FLUSH_MS = 100;

const say = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

const config: { ranges: string[]; own: string[]; rules: "auto" | "off"; maxTuples?: number } = JSON.parse(
  process.argv[2] ?? "{}",
);
const network = { id: "mesh", ranges: config.ranges.map(cidr), egress: [], members: [] };
const rules = new TrafficRules(
  { icmp: true, dns: true, tunnelPorts: [], servers: [] },
  new NetworkTable([network], config.own.map(address)),
);
let sequence = 0;
const flows = new DeniedFlows(
  { ...DENIED_DEFAULTS, reporter: "test", ...(config.maxTuples === undefined ? {} : { maxTuples: config.maxTuples }) },
  {
    placeOf: (key) => rules.judge(key, null),
    newId: (seenMs, words) => flowIdWords(seenMs, sequence++ % FLOW_ID_SEQUENCES, words, 0),
    monotonicMs: () => performance.now(),
  },
);
const capture = new DeniedCapture({ group: 740, rules: config.rules }, flows);
capture.setWanted(true);
capture.start();
say({ type: "started", text: capture.problem });

const batch = new FlowBatch();
const tell = (): void => {
  capture.drain();
  flows.collect(batch, Date.now());
  for (let row = 0; row < batch.length; row++) say({ type: "row", text: JSON.stringify(rowToJson(batch, row)) });
  batch.clear();
};
setInterval(tell, FLUSH_MS);
createInterface({ input: process.stdin })
  .on("line", (word) => {
    if (word.includes("end")) flows.end();
    tell();
    say({ type: "facts", text: JSON.stringify({ ...capture.facts, cpuUs: process.cpuUsage() }) });
  })
  .on("close", () => process.exit(0));
