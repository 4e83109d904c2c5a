/**
 * Cost of `track` in CPU time of one core: events per second through open, dump, close and end; bytes per open flow; checkpoint and restore.
 * `node test/bench/track.ts [--json] [--flows 50000,500000]`. Synthetic records, the kernel's answers included; no Arrow, no disk.
 */
import { parseArgs } from "node:util";
import {
  ConntrackRecord,
  EVENT_DESTROY,
  EVENT_NEW,
  EVENT_NONE,
  EVENT_UPDATE,
} from "../../packages/agent/src/capture/conntrack/record.ts";
import { NetworkTable } from "../../packages/agent/src/track/networks.ts";
import { LINUX_TIMEOUTS } from "../../packages/agent/src/track/testing/records.ts";
import { MESH, OWN } from "../../packages/agent/src/track/testing/track.ts";
import { FlowTracker, TRACKER_DEFAULTS } from "../../packages/agent/src/track/tracker.ts";
import { FlowBatch } from "../../packages/model/src/index.ts";

const EVENTS_PER_FLUSH = 10_000;
const ANSWERED = 0x0e;
const OVERLAY = 0x64400001; // 100.64.0.1
const TIME_WAIT = 7;

interface Result {
  flows: number;
  /** ns per message or row, the flushes' time apart. */
  open: number;
  dump: number;
  close: number;
  end: number;
  row: number;
  eventsPerSecond: number;
  tableBytesPerFlow: number;
  checkpointMs: number;
  checkpointBytesPerFlow: number;
  restoreMs: number;
}

/** A connection like the `i`th of many: every third is masqueraded if `nat`. */
function fill(record: ConntrackRecord, event: number, i: number, round: number, nat: boolean): void {
  record.event = event;
  record.family = 2;
  record.protocol = 6;
  record.words[0] = record.words[12] = OVERLAY;
  record.words[4] = record.words[8] = 0x0a000000 + (i >>> 15);
  if (nat) record.words[12] = 0xc000020a;
  record.srcPort = record.replyDstPort = 20_000 + (i & 0x7fff);
  record.dstPort = record.replySrcPort = 443;
  record.id = Math.imul(i + 1, 2654435761) >>> 0;
  const counted = event !== EVENT_NEW && event !== EVENT_UPDATE;
  record.srcBytes = counted ? 600 * round : -1;
  record.srcPackets = counted ? 6 * round : -1;
  record.dstBytes = counted ? 5000 * round : -1;
  record.dstPackets = counted ? 5 * round : -1;
  record.startUs = counted ? 1.79e15 + i : 0;
  record.eventUs = counted ? 0 : 1.79e15 + i;
  record.stopUs = event === EVENT_DESTROY ? 1.79e15 + 2e8 : 0;
  record.status = event === EVENT_NEW ? 8 : ANSWERED;
  record.tcpState = event === EVENT_NEW ? 1 : event === EVENT_NONE ? 3 : TIME_WAIT;
}

function makeTracker(maxFlows: number): FlowTracker {
  const tracker = new FlowTracker(
    {
      ...TRACKER_DEFAULTS,
      maxFlows,
      reporter: "bench",
      timeouts: LINUX_TIMEOUTS,
      traffic: { icmp: true, dns: true, tunnelPorts: [51820], servers: [] },
    },
    { refresh: () => false, randomSequence: () => 1 },
  );
  tracker.setNetworks(new NetworkTable([MESH], OWN));
  return tracker;
}

function measure(flows: number, nat: boolean): Result {
  const tracker = makeTracker(flows);
  const record = new ConntrackRecord();
  const batch = new FlowBatch(EVENTS_PER_FLUSH);
  let now = 1.79e12;
  let rows = 0;
  let flushMs = 0;
  const flush = (): void => {
    const from = cpuMs();
    now += 500;
    tracker.collect(batch, now);
    flushMs += cpuMs() - from;
    rows += batch.length;
    batch.clear();
  };
  /** Sends one message per flow; returns ns per message without the flushes. */
  const each = (event: number, round: number, send: (record: ConntrackRecord) => void): number => {
    const from = cpuMs();
    const flushed = flushMs;
    for (let i = 0; i < flows; i++) {
      fill(record, event, i, round, nat);
      send(record);
      if (i % EVENTS_PER_FLUSH === EVENTS_PER_FLUSH - 1) flush();
    }
    flush();
    return ((cpuMs() - from - (flushMs - flushed)) / flows) * 1e6;
  };
  const event = (message: ConntrackRecord): void => tracker.onEvent(message, now);
  const began = cpuMs();
  const open = each(EVENT_NEW, 1, event);
  tracker.onDumpStart(now);
  const dump = each(EVENT_NONE, 2, (message) => tracker.onDumpEntry(message, now));
  tracker.onDumpEnd(true, now);
  if (tracker.stats.openFlows !== flows) throw new Error(`${tracker.stats.openFlows} flows are open, not ${flows}`);
  const tableBytes = tracker.stats.tableBytes;
  const savedAt = cpuMs();
  const saved = tracker.checkpoint();
  const checkpointMs = cpuMs() - savedAt;
  const restoredAt = cpuMs();
  makeTracker(flows).restore(saved, []);
  const restoreMs = cpuMs() - restoredAt;
  const close = each(EVENT_UPDATE, 2, event);
  const end = each(EVENT_DESTROY, 3, event);
  const seconds = (cpuMs() - began - checkpointMs - restoreMs) / 1000;
  if (tracker.stats.openFlows !== 0 || rows !== flows * 4) throw new Error(`${rows} rows, ${tracker.stats.openFlows} flows left`);
  return {
    flows,
    open,
    dump,
    close,
    end,
    row: (flushMs / rows) * 1e6,
    eventsPerSecond: (flows * 4) / seconds,
    tableBytesPerFlow: tableBytes / flows,
    checkpointMs,
    checkpointBytesPerFlow: saved.length / flows,
    restoreMs,
  };
}

/** CPU time of this thread: other processes on the machine don't count. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

const { values } = parseArgs({ options: { json: { type: "boolean" }, flows: { type: "string", default: "50000,500000" } } });
measure(20_000, true); // warm-up
const results = values.flows.split(",").flatMap((flows) => [false, true].map((nat) => ({ nat, ...measure(Number(flows), nat) })));
if (values.json) console.log(JSON.stringify(results));
else {
  for (const { nat, flows, ...result } of results) {
    console.log(`\n${flows} open flows${nat ? ", all translated" : ""}`);
    console.log(
      `  ns per message: NEW ${result.open.toFixed(0)}, dump entry ${result.dump.toFixed(0)}, UPDATE ${result.close.toFixed(0)}, DESTROY ${result.end.toFixed(0)}; per row ${result.row.toFixed(0)}`,
    );
    console.log(`  ${Math.round(result.eventsPerSecond).toLocaleString("en")} messages/s with a row each`);
    console.log(
      `  bytes per flow: table ${result.tableBytesPerFlow.toFixed(0)}, checkpoint ${result.checkpointBytesPerFlow.toFixed(0)}`,
    );
    console.log(`  checkpoint ${result.checkpointMs.toFixed(1)} ms, restore ${result.restoreMs.toFixed(1)} ms`);
  }
}
