/** `GET /api/flows/:reporter/:flow_id/timeline`: what each end of one flow sent over its life. */
import { FLOW_DELTAS } from "../store/schema/flow-tables.ts";
import { report } from "./flow-detail.ts";
import type { Inquiry } from "./inquiry.ts";
import type { FlowRow } from "./rows.ts";
import { moment } from "./sql.ts";
import { type Amount, amount } from "./traffic/amounts.ts";
import { eachStepSql, flowedSql, stepEdgeSql } from "./traffic/spread-sql.ts";
import { alignDown, stepFor, stepsIn } from "./traffic/steps.ts";

export interface Timeline {
  readonly step_ms: number;
  readonly from: string;
  readonly src_bytes: Amount[];
  readonly dst_bytes: Amount[];
  readonly estimated: boolean;
}

interface Life {
  readonly fromMs: number;
  /** The last moment of which anything is known. */
  readonly lastMs: number;
}

interface Sent {
  readonly src: readonly bigint[];
  readonly dst: readonly bigint[];
  /** Beginning of the first stretch that was measured; null: none is kept. */
  readonly firstMs: number | null;
  readonly estimated: boolean;
}

/**
 * @param reporter id or name of the node
 * @param buckets most steps
 * @returns null if there is no such report, or none that whoever asks may see
 * @throws StoreError, QuestionError
 */
export async function timeline(reporter: string, flowId: bigint, buckets: number, inquiry: Inquiry): Promise<Timeline | null> {
  const found = await report(reporter, flowId, inquiry);
  if (found === null) return null;
  const life = lifeOf(found);
  const range = { fromMs: life.fromMs, toMs: life.lastMs + 1 };
  const stepMs = stepFor(range, buckets);
  const originMs = alignDown(life.fromMs, stepMs);
  const count = stepsIn(range, stepMs);
  const sent = await sentBySteps(found, life, { originMs, stepMs, count }, inquiry);
  const missing = (counter: "src_bytes" | "dst_bytes", known: readonly bigint[]) => {
    const rest = BigInt(String(found.stored[counter] ?? 0)) - known.reduce((sum, value) => sum + value, 0n);
    return rest > 0n ? rest : 0n;
  };
  const rest = { src: missing("src_bytes", sent.src), dst: missing("dst_bytes", sent.dst) };
  // What is not measured any more is from before the first that is.
  const untilMs = sent.firstMs !== null && sent.firstMs > life.fromMs ? sent.firstMs : life.lastMs + 1;
  const filled = (known: readonly bigint[], total: bigint) =>
    known.map((value, i) => {
      const until = (ms: number) =>
        (total * BigInt(Math.min(Math.max(0, ms - life.fromMs), untilMs - life.fromMs))) / BigInt(untilMs - life.fromMs);
      return amount(value + until(originMs + (i + 1) * stepMs) - until(originMs + i * stepMs));
    });
  return {
    step_ms: stepMs,
    from: new Date(originMs).toISOString(),
    src_bytes: filled(sent.src, rest.src),
    dst_bytes: filled(sent.dst, rest.dst),
    estimated: sent.estimated || rest.src + rest.dst > 0n,
  };
}

/** A closed connection's last packets may be counted after its end. */
function lifeOf({ key, stored }: FlowRow): Life {
  const ends = [stored.end, stored.last_seen].map((time) => (time === null || time === undefined ? 0 : Date.parse(String(time))));
  return { fromMs: key.startMs, lastMs: Math.max(key.startMs, ...ends) };
}

/** From the deltas: each evenly over the time in which it was added. */
async function sentBySteps(
  { key: flow }: FlowRow,
  { fromMs, lastMs }: Life,
  { originMs, stepMs, count }: { originMs: number; stepMs: number; count: number },
  inquiry: Inquiry,
): Promise<Sent> {
  const life = { fromMs: "since_ms", lengthMs: "(seen_ms - since_ms + 1)" };
  const flowed = (counter: string) => `sum(${flowedSql(counter, life, stepEdgeSql(0), stepEdgeSql(1))})`;
  const key = FLOW_DELTAS.orderBy.join(", ");
  // Not FINAL: it would look for other editions of all rows before it asks whose they are.
  const newest =
    `SELECT src_bytes_delta, dst_bytes_delta, estimated, last_seen, since FROM ${FLOW_DELTAS.name} PREWHERE flow_id = {id:UInt64} ` +
    `WHERE last_seen >= ${moment("from")} AND last_seen <= ${moment("last")} AND reporter_id = {reporter:String} ` +
    `ORDER BY ${key}, version DESC LIMIT 1 BY ${key}`;
  const deltas =
    "SELECT src_bytes_delta, dst_bytes_delta, estimated, toUnixTimestamp64Milli(last_seen) AS seen_ms, " +
    "least(seen_ms, greatest({from:Int64}, toUnixTimestamp64Milli(since))) AS since_ms, " +
    `${eachStepSql("since_ms", "seen_ms")} AS step FROM (${newest})`;
  const sql =
    `SELECT step, ${flowed("src_bytes_delta")} AS src, ${flowed("dst_bytes_delta")} AS dst, max(estimated) AS some, min(since_ms) AS first ` +
    `FROM (${deltas}) GROUP BY step`;
  const bindings = { from: fromMs, last: lastMs, id: flow.flowId, reporter: flow.reporterId, origin: originMs, step: stepMs };
  const rows = await inquiry.rows<{ step: string; src: string; dst: string; some: boolean | number; first: string }>({
    table: FLOW_DELTAS.name,
    sql,
    bindings,
    // What an index leaves of the rows is not read in their order, which is slower, and they are few.
    options: { settings: { optimize_read_in_order: 0 } },
  });
  const [src, dst] = [Array<bigint>(count).fill(0n), Array<bigint>(count).fill(0n)];
  for (const row of rows) {
    src[Number(row.step)] = BigInt(row.src);
    dst[Number(row.step)] = BigInt(row.dst);
  }
  return {
    src,
    dst,
    firstMs: rows.length === 0 ? null : Math.min(...rows.map(({ first }) => Number(first))),
    estimated: rows.some(({ some }) => Boolean(some)),
  };
}
