/** For tests: traffic of many flows, what a naive reader makes of it, and rollups that are computed by hand. */
import { COLUMNS, filterTest, type JsonRow, rowToJson, type TimeRange } from "@flowtrail/model";
import fc from "fast-check";
import type { ClickHouse } from "../../store/clickhouse.ts";
import { HIGHEST_KEPT_PORT, type Rollup } from "../../store/schema/rollup-tables.ts";
import { batchOf, type FlowRow } from "../../store/test-batches.ts";
import type { TrafficMeasure } from "./question.ts";
import { alignDown } from "./steps.ts";

export const DAY = Date.UTC(2026, 10, 20);
const HOUR_MS = 3_600_000;
const from = <T>(values: readonly T[]) => fc.constantFrom(...values);

const flow = fc.record({
  startMs: fc.integer({ min: DAY, max: DAY + 30 * HOUR_MS }),
  added: fc.array(fc.record({ bytes: from([0, 60, 1500, 4_000_000_000]), waitMs: fc.integer({ min: 1, max: 100_000 }) }), {
    minLength: 1,
    maxLength: 3,
  }),
  ended: fc.boolean(),
  row: fc.record({
    reporter_id: from(["node-1", "node-2"]),
    network: from(["netmaker", "lab", "sample"]),
    direction: from(["ingress", "egress"]),
    role: from(["initiator", "responder", "forwarder"]),
    protocol: from([1, 6, 17, 200]),
    src_ip: from(["10.0.0.1", "10.0.3.4", "fd0a::1"]),
    dst_ip: from(["10.0.0.2", "203.0.113.7"]),
    src_port: from([null, 443, 44_006]),
    dst_port: from([null, 0, 53, 443, 32_767, 32_768, 40_000, 65_535]),
    src_device: from([null, "laptop"]),
    dst_device: from([null, null, "laptop-2"]),
    src_type: from(["node", "user", "external"]),
    src_id: from([null, "id-1", "id-2"]),
    src_name: from([null, "ana", "Анна", "a'b", "", "Other", "1:a"]),
    dst_type: from(["node", "external", "unknown"]),
    dst_id: from([null, "id-3"]),
    dst_name: from([null, "db", "line\nbreak"]),
    domain: from([null, "github.com", "example.org"]),
    verdict: from([null, "answered", "refused"]),
    primary: from([true, true, false]),
  }),
});

export interface Told {
  /** Every revision, in the order in which they were told. */
  readonly revisions: readonly FlowRow[];
  /** The last one, as the API tells it. */
  readonly last: JsonRow;
}

/** Flows whose deltas are short, so that each is one row of the store. */
export function someFlows(count: number, seed: number): Told[] {
  return fc.sample(flow, { numRuns: count, seed }).map(({ startMs, added, ended, row }, i) => {
    let [bytes, seenMs] = [0, startMs];
    const revisions = added.map((one, revision) => {
      bytes += one.bytes;
      const since = seenMs;
      seenMs += one.waitMs;
      const over = ended && revision === added.length - 1;
      return {
        ...row,
        flow_id: String(1000 + i),
        reporter: row.reporter_id === "node-1" ? "debian" : "inetgw",
        revision,
        start: startMs,
        since,
        last_seen: seenMs,
        received: Date.now(),
        src_bytes: bytes,
        dst_bytes: revision + 1,
        src_packets: revision + 1,
        dst_packets: null,
        src_bytes_delta: one.bytes,
        dst_bytes_delta: 1,
        src_packets_delta: 1,
        state: over ? "closed" : "open",
        ...(over ? { end: seenMs } : {}),
      };
    });
    return { revisions, last: rowToJson(batchOf(revisions.slice(-1)), 0) };
  });
}

/** How much was measured when; bytes may be spread. */
interface Part {
  readonly last: JsonRow;
  readonly fromMs: number;
  /** The last moment. */
  readonly toMs: number;
  readonly value: bigint;
}

function partsOf({ revisions, last }: Told, measure: TrafficMeasure, spread: boolean): Part[] {
  const startMs = Date.parse(String(last.start));
  if (measure === "reports" || last.primary !== true) {
    return measure === "reports" ? [{ last, fromMs: startMs, toMs: startMs, value: 1n }] : [];
  }
  if (measure === "connections") return [{ last, fromMs: startMs, toMs: startMs, value: 1n }];
  const both = (row: Readonly<Record<string, unknown>>, suffix: string) =>
    BigInt(Number(row[`src_${measure}${suffix}`] ?? 0)) + BigInt(Number(row[`dst_${measure}${suffix}`] ?? 0));
  if (spread) return [{ last, fromMs: startMs, toMs: Date.parse(String(last.end ?? last.last_seen)), value: both(last, "") }];
  return revisions.map((row) => ({
    last,
    fromMs: Number(row.last_seen),
    toMs: Number(row.last_seen),
    value: both(row, "_delta"),
  }));
}

/** What of a part is in a stretch, rounded down at both ends. */
function within({ fromMs, toMs, value }: Part, loMs: number, hiMs: number): bigint {
  const life = BigInt(toMs - fromMs + 1);
  const until = (ms: number) => (value * BigInt(Math.min(Math.max(0, ms - fromMs), toMs - fromMs + 1))) / life;
  return until(hiMs) - until(loMs);
}

export interface NaiveQuestion {
  readonly filter: Parameters<typeof filterTest>[0];
  readonly measure: TrafficMeasure;
  readonly range: TimeRange;
  readonly stepMs: number;
  readonly keyOf: (row: JsonRow) => string;
  /** Bytes and packets before then are spread over the flows' lives. */
  readonly spreadBeforeMs: number;
}

/** By group and step, both as texts. */
export function naive(flows: readonly Told[], question: NaiveQuestion): Map<string, Map<number, bigint>> {
  const { range, measure, stepMs, spreadBeforeMs } = question;
  const splitMs = Math.min(range.toMs, Math.max(range.fromMs, spreadBeforeMs));
  const originMs = alignDown(range.fromMs, stepMs);
  const groups = new Map<string, Map<number, bigint>>();
  const passes = filterTest(question.filter);
  const add = (part: Part, stretch: TimeRange) => {
    for (let step = 0; originMs + step * stepMs < range.toMs; step++) {
      const loMs = Math.max(stretch.fromMs, originMs + step * stepMs);
      const hiMs = Math.min(stretch.toMs, originMs + (step + 1) * stepMs);
      if (loMs >= hiMs || part.fromMs >= hiMs || part.toMs < loMs) continue;
      const key = question.keyOf(part.last);
      const steps = groups.get(key) ?? new Map<number, bigint>();
      steps.set(step, (steps.get(step) ?? 0n) + within(part, loMs, hiMs));
      groups.set(key, steps);
    }
  };
  for (const told of flows.filter(({ last }) => passes(last))) {
    const counts = measure === "connections" || measure === "reports";
    for (const part of partsOf(told, measure, true)) add(part, counts ? range : { ...range, toMs: splitMs });
    if (!counts) for (const part of partsOf(told, measure, false)) add(part, { ...range, fromMs: splitMs });
  }
  for (const [key, steps] of groups) if ([...steps.values()].every((value) => value === 0n)) groups.delete(key);
  return groups;
}

/** Computes a rollup from all that is stored: once, plainly. */
export async function fillRollup(clickhouse: Pick<ClickHouse, "command">, { table, stepMs, dimensions }: Rollup): Promise<void> {
  const bucket = (column: string) => `toStartOfInterval(${column}, INTERVAL ${stepMs / 1000} SECOND)`;
  const values = dimensions.map((name) =>
    name === "dst_port" && "optional" in COLUMNS[name] ? `if(dst_port > ${HIGHEST_KEPT_PORT}, 0, dst_port) AS dst_port` : name,
  );
  const moved = `SELECT ${bucket("last_seen")} AS bucket, ${values.join(", ")}, src_bytes_delta AS sb, dst_bytes_delta AS db,
    src_packets_delta AS sp, dst_packets_delta AS dp, 0 AS c, 0 AS r FROM flow_deltas FINAL WHERE primary`;
  const began = ["flows", "flows_open"].map(
    (name) =>
      `SELECT ${bucket("start")} AS bucket, ${values.join(", ")}, 0 AS sb, 0 AS db, 0 AS sp, 0 AS dp, primary AS c, 1 AS r FROM ${name} FINAL`,
  );
  const keys = ["bucket", ...dimensions].join(", ");
  await clickhouse.command(
    `INSERT INTO ${table.name} (${keys}, src_bytes, dst_bytes, src_packets, dst_packets, connections, reports, computed)
     SELECT ${keys}, sum(sb), sum(db), sum(sp), sum(dp), sum(c), sum(r), now64(3) FROM (${[moved, ...began].join(" UNION ALL ")}) GROUP BY ${keys}`,
  );
}
