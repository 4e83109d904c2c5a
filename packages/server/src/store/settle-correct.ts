/** What is missing between the stored deltas of ended flows and their totals becomes one correcting delta each. */
import type { ClickHouseSettings } from "@clickhouse/client";
import type { ClickHouse } from "./clickhouse.ts";
import { evenPieces } from "./delta-pieces.ts";
import { deltasOf, type FlowSet, KEY, rowsOf } from "./delta-sql.ts";
import {
  CORRECTION_REVISION,
  DELTA_COUNTERS,
  DELTA_DIMENSIONS,
  FLOW_DELTAS,
  FLOW_KEY,
  SPREAD_REVISION,
} from "./schema/flow-tables.ts";

/** Of what is read: deltas from `lo` to `hi`, for flows that began at `since` or later (ms since 1970). */
export interface Bindings {
  readonly lo: number;
  readonly hi: number;
  readonly since: number;
}

export interface Corrected {
  readonly corrected: number;
  /** Keys of flows of which more was told than their totals. */
  readonly overfull: readonly string[];
}

const TOTALS = ["src_bytes", "dst_bytes", "src_packets", "dst_packets"] as const;
/** A delta that is ours, as `[last_seen, version, …counters]`. */
type Own = readonly [ms: string, version: string, ...counters: string[]];

/** As ClickHouse answers. */
interface Mismatch extends Readonly<Record<string, unknown>> {
  readonly start_ms: string;
  readonly end_ms: string;
  readonly totals: readonly (string | null)[];
  readonly told: readonly string[];
  /** Deltas that the flow's sender told, its totals' even shares left out. */
  readonly measured: string;
  readonly corrections: readonly Own[];
}

/** A delta to be written over (or beside) what is there. */
interface Fix {
  readonly lastSeenMs: number;
  readonly sinceMs: number;
  readonly revision: number;
  readonly version: bigint;
  readonly amounts: readonly bigint[];
}

const COUNTERS = DELTA_COUNTERS.join(", ");
const DIMENSIONS = DELTA_DIMENSIONS.join(", ");
const LIFE_END = "greatest(last_seen, coalesce(end, last_seen))";
const COLUMNS = [
  ...["last_seen", "flow_id", "reporter_id", "revision", "start", "estimated", "since", "version"],
  ...DELTA_COUNTERS,
  ...DELTA_DIMENSIONS,
];
const FORMAT = { date_time_input_format: "best_effort", max_partitions_per_insert_block: "1000" } as const;
const NOTHING: readonly bigint[] = TOTALS.map(() => 0n);
const WRITTEN_AT_ONCE = 5_000;

function mismatches(flows: FlowSet): string {
  const own = (revision: number) =>
    `groupArrayIf(tuple(toString(toUnixTimestamp64Milli(last_seen)), toString(version), ${DELTA_COUNTERS.map((name) => `toString(${name})`).join(", ")}), revision = ${revision})`;
  const sums = DELTA_COUNTERS.map(
    (name) =>
      `sumIf(${name}, revision != ${CORRECTION_REVISION}) AS told_${name}, sumIf(${name}, revision = ${CORRECTION_REVISION}) AS added_${name}`,
  );
  const stored = `SELECT ${KEY}, ${sums.join(", ")}, countIf(revision < ${SPREAD_REVISION}) AS measured,
      ${own(CORRECTION_REVISION)} AS corrections
    FROM (${deltasOf(flows, [KEY, "last_seen", "revision", "version", COUNTERS])}) GROUP BY ${KEY}`;
  const rows = rowsOf(flows, [`last_seen AS row_seen`, `${LIFE_END} AS life_end`, ...TOTALS, DIMENSIONS]);
  const differs = TOTALS.map((name) => `ifNull(f.${name} != told_${name}_delta + added_${name}_delta, false)`);
  return `SELECT f.flow_id AS flow_id, f.reporter_id AS reporter_id, toUnixTimestamp64Milli(f.start) AS start_ms, toUnixTimestamp64Milli(life_end) AS end_ms,
      ${DELTA_DIMENSIONS.map((name) => `f.${name} AS ${name}`).join(", ")},
      [${TOTALS.map((name) => `toString(f.${name})`).join(", ")}] AS totals,
      [${DELTA_COUNTERS.map((name) => `toString(told_${name})`).join(", ")}] AS told, measured, corrections
    FROM (${rows}) AS f LEFT JOIN (${stored}) AS d ON ${FLOW_KEY.map((name) => `f.${name} = d.${name}`).join(" AND ")}
    WHERE f.start >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND (${differs.join(" OR ")})`;
}

/**
 * Writes the corrections that these flows need, with versions above what is there: doing it again writes nothing.
 * @throws StoreError, or the signal's reason
 */
export async function correct(
  node: ClickHouse,
  flows: FlowSet,
  bindings: Bindings,
  settings: ClickHouseSettings,
  signal: AbortSignal,
): Promise<Corrected> {
  const tally = { corrected: 0, overfull: [] as string[] };
  let lines: string[] = [];
  const write = async () => {
    if (lines.length > 0) await node.insert(flows.deltas, COLUMNS, "JSONEachRow", lines.join("\n"), FORMAT);
    lines = [];
  };
  for await (const found of node.stream<Mismatch>(mismatches(flows), { ...bindings }, { signal, settings })) {
    for (const flow of found) {
      const isSpread = flow.measured === "0" && flow.told.some((amount) => amount !== "0");
      // Even shares of the totals are made anew, and are all there is.
      const fixes = isSpread
        ? [...spreadFixes(flow, await spreadOf(node, flows.deltas, flow, settings, signal)), ...correctionFixes(flow, NOTHING)]
        : correctionFixes(flow, missing(flow));
      if (fixes.length > 0) tally.corrected += 1;
      if (!isSpread && excess(flow)) tally.overfull.push(`${flow.start_ms}/${flow.flow_id}/${flow.reporter_id}`);
      lines.push(...fixes.map((fix) => lineOf(flow, fix)));
      if (lines.length >= WRITTEN_AT_ONCE) await write();
    }
  }
  await write();
  return tally;
}

/** True when deltas say more than the totals. */
function excess({ totals, told }: Mismatch): boolean {
  return totals.some((total, i) => total !== null && BigInt(told[i] ?? 0) > BigInt(total));
}

function missing({ totals, told }: Mismatch): bigint[] {
  return totals.map((total, i) => {
    const lacks = total === null ? 0n : BigInt(total) - BigInt(told[i] ?? 0);
    return lacks > 0n ? lacks : 0n;
  });
}

/** The first correction there is (or a new one at the flow's end) says what is missing, all others nothing. */
function correctionFixes(flow: Mismatch, wanted: readonly bigint[]): Fix[] {
  const atEnd = [flow.end_ms, "0", ...wanted.map(() => "0")] as const;
  const there = flow.corrections.length > 0 ? flow.corrections : [atEnd];
  return there.flatMap(([ms, version, ...counters], i) => {
    const amounts = i === 0 ? wanted : wanted.map(() => 0n);
    if (amounts.every((amount, n) => amount === BigInt(counters[n] ?? 0))) return [];
    const at = { lastSeenMs: Number(ms), sinceMs: Number(ms), revision: CORRECTION_REVISION };
    return [{ ...at, version: BigInt(version) + 1n, amounts }];
  });
}

/** Even shares of totals that are older than the flow's newest row: by a shorter life, or of less. */
async function spreadOf(
  node: ClickHouse,
  deltas: string,
  { flow_id, reporter_id, start_ms, end_ms }: Mismatch,
  settings: ClickHouseSettings,
  signal: AbortSignal,
): Promise<Own[]> {
  const key = FLOW_DELTAS.orderBy.join(", ");
  const rows = await node.rows<{ own: Own }>(
    `SELECT tuple(toString(toUnixTimestamp64Milli(last_seen)), toString(version), ${DELTA_COUNTERS.map((name) => `toString(${name})`).join(", ")}) AS own
     FROM (SELECT ${key}, version, ${COUNTERS} FROM ${deltas}
       WHERE last_seen >= fromUnixTimestamp64Milli({start:Int64}, 'UTC') AND last_seen <= fromUnixTimestamp64Milli({end:Int64}, 'UTC')
         AND flow_id = {id:UInt64} AND reporter_id = {reporter:String} AND revision = ${SPREAD_REVISION}
       ORDER BY ${key}, version DESC LIMIT 1 BY ${key})`,
    { start: start_ms, end: end_ms, id: flow_id, reporter: reporter_id },
    { signal, settings },
  );
  return rows.map(({ own }) => own);
}

function spreadFixes(flow: Mismatch, there: readonly Own[]): Fix[] {
  const wanted = new Map(
    evenPieces(
      Number(flow.start_ms),
      Number(flow.end_ms),
      flow.totals.map((total) => Number(total ?? 0)),
    ).map(({ lastSeenMs, sinceMs, amounts }) => [lastSeenMs, { sinceMs, amounts: amounts.map(BigInt) }]),
  );
  const found = new Map(
    there.map(([ms, version, ...counters]) => [Number(ms), { version: BigInt(version), amounts: counters.map(BigInt) }]),
  );
  return [...new Set([...wanted.keys(), ...found.keys()])].flatMap((lastSeenMs) => {
    const { sinceMs = lastSeenMs, amounts = NOTHING } = wanted.get(lastSeenMs) ?? {};
    const old = found.get(lastSeenMs) ?? { version: 0n, amounts: NOTHING };
    if (amounts.every((amount, i) => amount === old.amounts[i])) return [];
    return [{ lastSeenMs, sinceMs, revision: SPREAD_REVISION, version: old.version + 1n, amounts }];
  });
}

function lineOf(flow: Mismatch, { lastSeenMs, sinceMs, revision, version, amounts }: Fix): string {
  const time = (ms: number) => new Date(ms).toISOString();
  return JSON.stringify({
    ...Object.fromEntries(DELTA_DIMENSIONS.map((name) => [name, flow[name]])),
    ...Object.fromEntries(DELTA_COUNTERS.map((name, i) => [name, String(amounts[i] ?? 0n)])),
    flow_id: flow.flow_id,
    reporter_id: flow.reporter_id,
    start: time(Number(flow.start_ms)),
    last_seen: time(lastSeenMs),
    since: time(sinceMs),
    revision,
    version: String(version),
    estimated: true,
  });
}
