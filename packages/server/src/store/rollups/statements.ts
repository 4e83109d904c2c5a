/** The statements that compute buckets of rollups on one node. */
import { COLUMNS, type ColumnName } from "@flowtrail/model";
import { moment } from "../delta-sql.ts";
import { DELTA_COUNTERS, FLOW_DELTAS, FLOW_KEY, FLOWS, FLOWS_OPEN } from "../schema/flow-tables.ts";
import {
  COUNTED_COLUMNS,
  HIGHEST_KEPT_PORT,
  MEASURES,
  type Measure,
  type Rollup,
  type ValueRollup,
} from "../schema/rollup-tables.ts";

/** Either kind. */
export type AnyRollup = Rollup | ValueRollup;

/** A node's own table. */
export type Local = (table: string) => string;

/** Of which rows everything of a stretch of time is still there. What is not, stays as it was computed. */
export interface Kept {
  readonly deltas: boolean;
  readonly flows: boolean;
}

/** Deltas that came when older ones of their day were deleted (late-deltas.ts). */
export interface Late {
  /** What they make is written to a bucket of its own: so many seconds after the one that it belongs to. */
  readonly seconds: number;
  /** What is there and was computed before is older: it belongs to the bucket itself by now. */
  readonly sinceMs: number;
}

const KEY = FLOW_KEY.join(", ");
const COUNTS: readonly Measure[] = ["connections", "reports"];
const ADDED: readonly Measure[] = ["src_bytes", "dst_bytes", "src_packets", "dst_packets"];

/** A column as rollups have it. */
function told(name: ColumnName): string {
  return name === "dst_port" ? `if(dst_port > ${HIGHEST_KEPT_PORT}, 0, dst_port)` : name;
}

function within(column: string): string {
  return `${column} >= ${moment("from")} AND ${column} < ${moment("to")}`;
}

function bucketOf(column: string, stepMs: number): string {
  const seconds = stepMs / 1000;
  return `toDateTime(intDiv(toUnixTimestamp(${column}), ${seconds}) * ${seconds}, 'UTC')`;
}

function dimensionsOf(rollup: AnyRollup): readonly string[] {
  return "dimensions" in rollup ? rollup.dimensions : ["field", "network", "value"];
}

function measuresOf(rollup: AnyRollup): readonly Measure[] {
  return "dimensions" in rollup ? MEASURES : COUNTS;
}

/**
 * Flows that began in the stretch, each once: one that is for a moment in both tables counts as its newer row says, and as the one of
 * `flows` says among equals.
 */
export function flowsBegun(columns: readonly string[], local: Local): string {
  const flows = `FROM ${local(FLOWS.name)} FINAL WHERE ${within("start")}`;
  const open = `FROM ${local(FLOWS_OPEN.name)} FINAL WHERE ${within("start")}`;
  const openKeys = `SELECT ${KEY} ${open}`;
  const picked = columns.join(", ");
  return `SELECT ${picked} ${flows} AND (${KEY}) NOT IN (${openKeys})
    UNION ALL
    SELECT ${picked} FROM (
      SELECT * FROM (
        SELECT ${KEY}, version, 1 AS ended, ${picked} ${flows} AND (${KEY}) IN (${openKeys})
        UNION ALL
        SELECT ${KEY}, version, 0 AS ended, ${picked} ${open}
      ) ORDER BY version DESC, ended DESC LIMIT 1 BY ${KEY}
    )`;
}

/** Rows with the bucket, the dimensions, and each measure as `n_…` (as it is) and `o_…` (as the rollup holds it). */
type Source = (rollup: AnyRollup, local: Local) => string;

function source(
  rollup: AnyRollup,
  bucket: string,
  dimensions: readonly string[],
  values: Readonly<Partial<Record<Measure, string>>>,
  from: string,
  old: Readonly<Partial<Record<Measure, string>>> = {},
): string {
  const names = dimensionsOf(rollup);
  const columns = dimensions.map((expression, place) => `${expression} AS d${place}`);
  const measures = measuresOf(rollup);
  return `SELECT ${[
    `${bucket} AS b`,
    ...columns.slice(0, names.length),
    ...measures.map((measure) => `toUInt64(${values[measure] ?? 0}) AS n_${measure}`),
    ...measures.map((measure) => `toUInt64(${old[measure] ?? 0}) AS o_${measure}`),
  ].join(", ")} ${from}`;
}

function ofDeltas(rollup: AnyRollup, local: Local, seconds = 0): string {
  const added = Object.fromEntries(ADDED.map((measure, place) => [measure, DELTA_COUNTERS[place] ?? "0"]));
  const dimensions = "dimensions" in rollup ? rollup.dimensions.map(told) : [];
  const from = `FROM ${local(FLOW_DELTAS.name)} FINAL WHERE ${within("last_seen")} AND primary`;
  return source(rollup, `${bucketOf("last_seen", rollup.stepMs)} + ${seconds}`, dimensions, added, from);
}

const BEGUN = { connections: "primary", reports: "1" } as const;

const ofFlows: Source = (rollup, local) => {
  const bucket = bucketOf("start", rollup.stepMs);
  if ("dimensions" in rollup) {
    const from = `FROM (${flowsBegun(["start", ...rollup.dimensions, "primary"], local)})`;
    return source(rollup, bucket, rollup.dimensions.map(told), BEGUN, from);
  }
  const pairs = COUNTED_COLUMNS.map((name) => `('${name}', CAST(${told(name)} AS Nullable(String)))`);
  const from = `FROM (${flowsBegun(["start", "network", ...COUNTED_COLUMNS, "primary"], local)}) ARRAY JOIN [${pairs.join(", ")}] AS pair`;
  return source(rollup, bucket, ["pair.1", "network", "pair.2"], BEGUN, from);
};

/** @param finer name of the rollup that has smaller buckets */
const ofFiner = (finer: string): Source => {
  return (rollup, local) => {
    const measures = Object.fromEntries(measuresOf(rollup).map((name) => [name, name]));
    const from = `FROM ${local(finer)} FINAL WHERE ${within("bucket")}`;
    return source(rollup, bucketOf("bucket", rollup.stepMs), dimensionsOf(rollup), measures, from);
  };
};

/** What the rollup holds. What can't be computed any more is taken as it is. */
function ofItself(rollup: AnyRollup, local: Local, kept: Kept, late: Late | null): string {
  const names = measuresOf(rollup);
  const stays = (name: Measure) => (COUNTS.includes(name) ? !kept.flows : !kept.deltas);
  const isAnew = (name: Measure) => late !== null && ADDED.includes(name);
  const is = (name: Measure) => (isAnew(name) ? `if(${isLate(rollup, late)}, 0, ${name})` : name);
  return source(
    rollup,
    "bucket",
    dimensionsOf(rollup),
    Object.fromEntries(names.filter(stays).map((name) => [name, is(name)])),
    `FROM ${local(rollup.table.name)} FINAL WHERE ${within("bucket")}`,
    Object.fromEntries(names.map((name) => [name, name])),
  );
}

/** What came late before an earlier deletion, where what came late since the last one is to be written. */
function ofEarlier(rollup: AnyRollup, local: Local, late: Late): string {
  const from = `FROM ${local(rollup.table.name)} FINAL WHERE ${within("bucket")} AND ${isLate(rollup, late)} AND ${isEarlier(late)}`;
  const added = Object.fromEntries(ADDED.map((name) => [name, name]));
  return source(rollup, bucketOf("bucket", rollup.stepMs), dimensionsOf(rollup), added, from);
}

function isLate({ stepMs }: AnyRollup, late: Late | null): string {
  return `toUnixTimestamp(bucket) % ${stepMs / 1000} = ${late?.seconds ?? 0}`;
}

function isEarlier({ sinceMs }: Late): string {
  return `computed < fromUnixTimestamp64Milli(${Math.trunc(sinceMs)}, 'UTC')`;
}

/** How much came late between `{from:Int64}` and `{to:Int64}`, and how much of it the rollup has. */
export function lateQuestion(rollup: Rollup, local: Local, late: Late): string {
  const sum = (names: readonly string[]) => `toString(sum(${names.join(" + ")}))`;
  return `SELECT
    (SELECT ${sum(DELTA_COUNTERS)} FROM ${local(FLOW_DELTAS.name)} FINAL WHERE ${within("last_seen")} AND primary) AS there,
    (SELECT ${sum(ADDED)} FROM ${local(rollup.table.name)} FINAL WHERE ${within("bucket")} AND ${isLate(rollup, late)} AND NOT ${isEarlier(late)}) AS held`;
}

/**
 * Computes the buckets between `{from:Int64}` and `{to:Int64}` (ms since 1970, whole buckets) and writes the groups that are not as the
 * rollup has them. Groups that are gone become zeros. The version is the time at which the rows were looked at, so that of two servers
 * the one that knew more is right.
 * @param shares in how many statements: of groups whose hash leaves `{share:UInt32}` only
 * @param late where what came late is to be written, of deltas that are not kept
 */
export function computeStatement(rollup: AnyRollup, local: Local, kept: Kept, shares: number, late: Late | null): string {
  const dimensions = dimensionsOf(rollup).map((_, place) => `d${place}`);
  const measures = measuresOf(rollup);
  const sources =
    rollup.of !== null
      ? [ofFiner(rollup.of)(rollup, local)]
      : [
          ...(kept.deltas && "dimensions" in rollup ? [ofDeltas(rollup, local)] : []),
          ...(late === null ? [] : [ofDeltas(rollup, local, late.seconds), ofEarlier(rollup, local, late)]),
          ...(kept.flows ? [ofFlows(rollup, local)] : []),
        ];
  const all = [...sources, ofItself(rollup, local, kept, late)].map((text) => `(${text})`).join(" UNION ALL ");
  const share = shares === 1 ? "" : `WHERE cityHash64((${dimensions.join(", ")})) % ${shares} = {share:UInt32}`;
  const sums = (prefix: string) => measures.map((name) => `sum(${prefix}_${name}) AS ${prefix}${prefix}_${name}`);
  const differs = measures.map((name) => `nn_${name} != oo_${name}`).join(" OR ");
  return `INSERT INTO ${local(rollup.table.name)} (bucket, ${dimensionsOf(rollup).join(", ")}, ${measures.join(", ")}, computed)
    SELECT b, ${dimensions.join(", ")}, ${measures.map((name) => `nn_${name}`).join(", ")}, now64(3, 'UTC') FROM (
      SELECT b, ${[...dimensions, ...sums("n"), ...sums("o")].join(", ")} FROM (${all}) ${share} GROUP BY ${["b", ...dimensions].join(", ")}
    ) WHERE ${differs}`;
}

const TRAFFIC = [
  "network",
  "reporter",
  "role",
  "direction",
  "protocol",
  "dst_port",
  "src_type",
  "src_id",
  "src_name",
  "dst_type",
  "dst_id",
  "dst_name",
  "domain",
  "verdict",
] as const satisfies readonly ColumnName[];

/** All that rollups know of a flow, besides when it began. */
export const KNOWN_OF_FLOWS = [...new Set<ColumnName>([...TRAFFIC, ...COUNTED_COLUMNS, "primary"])].filter(
  (name) => name in COLUMNS,
);

/** Of an hour (in hours since 1970), as texts. */
export interface FingerprintRow {
  readonly hour: string;
  readonly moved: string;
  readonly begun: string;
  readonly counted: string;
}

/**
 * Fingerprints of what the rows of each hour are for rollups: whoever rewrites a row without changing anything that they know (a flow
 * that ended is written once more) need not have them all computed. `counted`: for the counted values, the others for all else.
 */
export function fingerprintQuestion(local: Local, kept: Kept): string {
  const hash = (names: readonly string[]) => `cityHash64((${names.join(", ")}))`;
  const minute = (time: string) => `intDiv(toUnixTimestamp(${time}), 60)`;
  const hour = (time: string) => `toInt64(intDiv(toUnixTimestamp(${time}), 3600)) AS hour`;
  const deltas = `SELECT ${hour("last_seen")}, ${hash([minute("last_seen"), ...TRAFFIC, ...DELTA_COUNTERS])} AS moved,
    toUInt64(0) AS begun, toUInt64(0) AS counted FROM ${local(FLOW_DELTAS.name)} FINAL WHERE ${within("last_seen")} AND primary`;
  const flows = `SELECT ${hour("start")}, toUInt64(0) AS moved, ${hash([minute("start"), ...TRAFFIC, "primary"])} AS begun,
    ${hash(["network", ...COUNTED_COLUMNS, "primary"])} AS counted FROM (${flowsBegun(["start", ...KNOWN_OF_FLOWS], local)})`;
  return `SELECT hour, toString(sum(moved)) AS moved, toString(sum(begun)) AS begun, toString(sum(counted)) AS counted
    FROM (${[deltas, ...(kept.flows ? [flows] : [])].join(" UNION ALL ")}) GROUP BY hour`;
}
