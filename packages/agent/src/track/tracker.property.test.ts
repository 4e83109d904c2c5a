/** Whatever the kernel does and whatever goes wrong on the way: what is told of each conntrack entry holds together. */
import { FlowBatch } from "@flowtrail/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TCP_CLOSE, TCP_TIME_WAIT } from "../capture/conntrack/states.ts";
import { NetworkTable } from "./networks.ts";
import { LINUX_TIMEOUTS } from "./testing/records.ts";
import { isBirth, type Message, SimKernel } from "./testing/sim-kernel.ts";
import { MESH, OWN, T0 } from "./testing/track.ts";
import { FlowTracker, TRACKER_DEFAULTS } from "./tracker.ts";

const TUPLES = 5;
const RUNS = Number(process.env.FLOWTRAIL_RUNS ?? 300);
type Step =
  | { do: "open"; tuple: number; id: number }
  | { do: "send"; tuple: number; bytes: number; reply: boolean }
  | { do: "finish"; tuple: number; reset: boolean }
  | { do: "remove"; tuple: number }
  | { do: "deliver"; count: number; twice: boolean }
  | { do: "overrun" }
  | { do: "dumpStart" }
  | { do: "dumpTake" }
  | { do: "dumpGive" }
  | { do: "collect" }
  | { do: "checkpoint" }
  | { do: "dumpEnd"; complete: boolean }
  | { do: "crash"; uncollected: boolean; meanwhile: number[] }
  | { do: "wait"; ms: number };

const tuple = fc.nat(TUPLES - 1);
const just = <D extends Step["do"]>(name: D) => fc.constant({ do: name } as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("open" as const), tuple, id: fc.integer({ min: 1, max: 2 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      tuple,
      bytes: fc.integer({ min: 40, max: 1500 }),
      reply: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("finish" as const), tuple, reset: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("remove" as const), tuple }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("deliver" as const), count: fc.integer({ min: 1, max: 4 }), twice: fc.boolean() }),
  },
  { weight: 1, arbitrary: just("overrun") },
  { weight: 3, arbitrary: just("dumpStart") },
  { weight: 6, arbitrary: just("dumpTake") },
  { weight: 6, arbitrary: just("dumpGive") },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("dumpEnd" as const), complete: fc.boolean() }) },
  { weight: 5, arbitrary: just("collect") },
  { weight: 2, arbitrary: just("checkpoint") },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("crash" as const),
      uncollected: fc.boolean(),
      meanwhile: fc.array(tuple, { maxLength: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 12_000 }) }) },
);

interface Row {
  flowId: bigint;
  revision: number;
  start: number;
  since: number | null;
  lastSeen: number;
  state: string | null;
  final: boolean;
  endMs: number | null;
  totals: (number | null)[];
  deltas: (number | null)[];
}

function readRows(batch: FlowBatch): Row[] {
  const c = batch.columns;
  return Array.from({ length: batch.length }, (_, row) => ({
    flowId: c.flow_id.getBigInt(row)!,
    revision: c.revision.get(row)!,
    start: c.start.get(row)!,
    since: c.since.get(row),
    lastSeen: c.last_seen.get(row)!,
    state: c.state.get(row),
    final: c.counters_final.get(row) === true,
    endMs: c.end.get(row),
    totals: [c.src_bytes, c.src_packets, c.dst_bytes, c.dst_packets].map((column) => column.get(row)),
    deltas: [c.src_bytes_delta, c.src_packets_delta, c.dst_bytes_delta, c.dst_packets_delta].map((column) => column.get(row)),
  }));
}

/** An agent: its tracker, and what it has on disk. */
class Agent {
  readonly kernel = new SimKernel(T0);
  readonly #maxFlows: number;
  tracker: FlowTracker;
  spooled: FlowBatch[] = [];
  #checkpoint: Uint8Array | null = null;
  #checkpointed = 0;
  #dump: { left: number[]; taken: Message[] } | null = null;
  /** Starts of entries whose end the agent heard of and then forgot in a crash. */
  readonly forgotten = new Set<number>();
  #unspooled = new Set<number>();

  constructor(maxFlows: number) {
    this.#maxFlows = maxFlows;
    this.tracker = this.#make();
  }

  #make(): FlowTracker {
    const tracker = new FlowTracker(
      {
        ...TRACKER_DEFAULTS,
        maxFlows: this.#maxFlows,
        reporter: "debian",
        timeouts: LINUX_TIMEOUTS,
        traffic: { icmp: true, dns: true, tunnelPorts: [], servers: [] },
      },
      { refresh: (record) => this.kernel.refresh(record), randomSequence: () => Math.floor(this.kernel.nowMs) % 4_000_000 },
    );
    tracker.setNetworks(new NetworkTable([MESH], OWN));
    return tracker;
  }

  deliver(count: number, twice: boolean): void {
    for (const { message, entry } of this.kernel.queue.splice(0, count)) {
      if (message.event === 3) this.#unspooled.add(entry.spec.startMs);
      this.tracker.onEvent(message, this.kernel.nowMs);
      // A NEW can be told twice only as long as the entry is there; an end at any time.
      if (twice && (!isBirth(message) || this.kernel.at(message.srcPort - 40000) === entry))
        this.tracker.onEvent(message, this.kernel.nowMs);
    }
  }

  collect(spool = true): void {
    // The queue is emptied every few ms, rows are collected every 500.
    this.deliver(this.kernel.queue.length, false);
    this.kernel.nowMs += 500;
    const batch = new FlowBatch(4);
    this.tracker.collect(batch, this.kernel.nowMs);
    if (!spool) return;
    this.spooled.push(batch);
    this.#unspooled.clear();
  }

  checkpoint(): void {
    this.#checkpoint = this.tracker.checkpoint();
    this.#checkpointed = this.spooled.length;
  }

  crash(uncollected: boolean, meanwhile: number[]): void {
    if (uncollected) this.collect(false);
    for (const start of this.#unspooled) this.forgotten.add(start);
    for (const { entry, message } of this.kernel.queue) if (message.event === 3) entry.endTold = false;
    this.#unspooled.clear();
    this.kernel.queue = [];
    this.kernel.listened = false;
    for (const each of meanwhile) {
      this.kernel.remove(each);
      this.kernel.open(each, 1 + (each % 2));
    }
    this.kernel.listened = true;
    this.tracker = this.#make();
    const { problem } = this.tracker.restore(this.#checkpoint, this.spooled.slice(this.#checkpointed));
    expect(problem).toBeNull();
    this.#dump = null;
    this.dumpStart();
  }

  overrun(): void {
    this.kernel.overrun();
    this.tracker.onOverrun(this.kernel.nowMs);
  }

  dumpStart(): void {
    if (this.#dump) return;
    this.#dump = { left: Array.from({ length: TUPLES }, (_, i) => i), taken: [] };
    this.tracker.onDumpStart(this.kernel.nowMs);
  }

  /** The kernel makes the next part of the dump … */
  dumpTake(): void {
    const next = this.#dump?.left.shift();
    const message = next === undefined ? undefined : this.kernel.describe(next);
    if (message) this.#dump!.taken.push(message);
  }

  /** … and the agent reads what was made so far. */
  dumpGive(): void {
    for (const message of this.#dump?.taken.splice(0) ?? []) this.tracker.onDumpEntry(message, this.kernel.nowMs);
  }

  dumpEnd(complete: boolean): void {
    if (!this.#dump) return;
    while (complete && this.#dump.left.length > 0) this.dumpTake();
    this.dumpGive();
    this.#dump = null;
    this.tracker.onDumpEnd(complete, this.kernel.nowMs);
  }

  run(step: Step): void {
    const { kernel } = this;
    kernel.nowMs += 50;
    const actions: { [D in Step["do"]]: (step: Extract<Step, { do: D }>) => void } = {
      open: ({ tuple, id }) => kernel.open(tuple, id),
      send: ({ tuple, bytes, reply }) => kernel.send(tuple, bytes, reply),
      finish: ({ tuple, reset }) => kernel.finish(tuple, reset ? TCP_CLOSE : TCP_TIME_WAIT),
      remove: ({ tuple }) => kernel.remove(tuple),
      deliver: ({ count, twice }) => this.deliver(count, twice),
      overrun: () => this.overrun(),
      dumpStart: () => this.dumpStart(),
      dumpTake: () => this.dumpTake(),
      dumpGive: () => this.dumpGive(),
      dumpEnd: ({ complete }) => this.dumpEnd(complete),
      collect: () => this.collect(),
      checkpoint: () => this.checkpoint(),
      crash: ({ uncollected, meanwhile }) => this.crash(uncollected, meanwhile),
      wait: ({ ms }) => {
        kernel.nowMs += ms;
      },
    };
    (actions[step.do] as (step: Step) => void)(step);
  }

  /** Everything ends, and the agent hears of all that can still be heard. */
  windUp(): void {
    this.dumpEnd(true);
    for (let i = 0; i < TUPLES; i++) this.kernel.remove(i);
    this.collect();
    for (let i = 0; i < 3; i++) {
      this.dumpStart();
      this.dumpEnd(true);
      this.kernel.nowMs += 2000;
      this.collect();
    }
    this.kernel.nowMs += 20_000;
    this.collect();
  }
}

function byFlow(rows: Row[]): Map<bigint, Row[]> {
  const flows = new Map<bigint, Row[]>();
  for (const row of rows) flows.set(row.flowId, [...(flows.get(row.flowId) ?? []), row]);
  return flows;
}

/** One flow's rows, in the order in which they were spooled. */
function checkFlow(rows: Row[]): void {
  expect(rows.map((row) => row.revision)).toEqual(rows.map((_, i) => i));
  expect(new Set(rows.map((row) => row.start)).size).toBe(1);
  const sums = [0, 0, 0, 0];
  for (const [i, row] of rows.entries()) {
    for (const [k, delta] of row.deltas.entries()) {
      expect(row.totals[k] === null).toBe(delta === null);
      expect(delta ?? 0).toBeGreaterThanOrEqual(0);
      sums[k]! += delta ?? 0;
      expect(row.totals[k] ?? 0).toBe(sums[k]);
    }
    if (row.since !== null) expect(row.since).toBeLessThanOrEqual(row.lastSeen);
    expect(row.lastSeen).toBeGreaterThanOrEqual(row.start);
    const before = rows[i - 1];
    if (!before) continue;
    expect(before.final || before.state === "lost").toBe(false);
    expect(row.lastSeen).toBeGreaterThanOrEqual(before.lastSeen);
    if (before.since !== null) expect(row.since ?? 0).toBeGreaterThanOrEqual(before.lastSeen);
    if (before.state === "closed") expect([row.state, row.endMs]).toEqual(["closed", before.endMs]);
  }
}

describe("The tracker", () => {
  it("tells each conntrack entry once, with sums that fit, through duplicates, reused ids, stale dumps, overruns and crashes", () => {
    let ends = 0;
    let lost = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 150, size: "max" }), (steps) => {
        const agent = new Agent(1000);
        for (const each of steps) agent.run(each);
        agent.windUp();
        const flows = byFlow(agent.spooled.flatMap(readRows));
        for (const rows of flows.values()) checkFlow(rows);
        const starts = [...flows.values()].map((rows) => rows[0]!.start);
        expect(new Set(starts).size).toBe(starts.length); // no entry under two flow ids
        const { all } = agent.kernel;
        for (const start of starts) expect(all.some((entry) => entry.spec.startMs === start)).toBe(true);
        for (const entry of all) {
          const rows = [...flows.values()].find(([first]) => first!.start === entry.spec.startMs);
          const last = rows?.at(-1);
          if (last) expect(last.final || last.state === "lost").toBe(true);
          if (last?.state === "lost") lost++;
          if (!entry.endTold || agent.forgotten.has(entry.spec.startMs)) continue;
          ends++;
          expect(last).toMatchObject({ state: "closed", final: true, totals: entry.counters });
        }
        expect(agent.tracker.stats).toMatchObject({ openFlows: 0, slots: 0 });
      }),
      { numRuns: RUNS },
    );
    // The test has seen what it is about.
    expect(ends).toBeGreaterThan(100);
    expect(lost).toBeGreaterThan(10);
  });

  it("keeps within its limit, and what it still tells holds together", () => {
    let full = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 150, size: "max" }), (steps) => {
        const agent = new Agent(2);
        for (const each of steps) {
          agent.run(each);
          expect(agent.tracker.stats.slots).toBeLessThanOrEqual(2);
        }
        agent.windUp();
        full += agent.tracker.stats.drops.table_full;
        for (const rows of byFlow(agent.spooled.flatMap(readRows)).values()) checkFlow(rows);
        expect(agent.tracker.stats).toMatchObject({ openFlows: 0, slots: 0 });
      }),
      { numRuns: RUNS },
    );
    expect(full).toBeGreaterThan(100);
  });
});
