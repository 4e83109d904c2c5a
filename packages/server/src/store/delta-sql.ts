/** Statements about flows and their deltas on one node, for what makes the deltas agree with the flows' own rows. */
import { COLUMNS } from "@flowtrail/model";
import {
  DELTA_COLUMNS,
  DELTA_COUNTERS,
  DELTA_DIMENSIONS,
  EDITIONS,
  FLOW_DELTAS,
  FLOW_KEY,
  TOMBSTONE_EDITION,
} from "./schema/flow-tables.ts";

export const KEY = FLOW_KEY.join(", ");
const DELTA_KEY = FLOW_DELTAS.orderBy.join(", ");
const DIMENSIONS = DELTA_DIMENSIONS.join(", ");

/** `{name:Int64}`, ms since 1970, as a time. */
export const moment = (name: string) => `fromUnixTimestamp64Milli({${name}:Int64}, 'UTC')`;

/** Rows of a table, by conditions on it. */
export interface RowsOf {
  readonly table: string;
  readonly where: string;
}

/** Which flows, and where their deltas are looked for. */
export interface FlowSet {
  /** Answers `start, flow_id, reporter_id`. */
  readonly keys: string;
  /** A node's own table. */
  readonly deltas: string;
  /** Where their rows are. The newest edition of all counts. */
  readonly rows: readonly RowsOf[];
}

/**
 * Newest editions of the deltas of these flows, between `{lo:Int64}` and `{hi:Int64}` (ms since 1970). Not FINAL: that would look for
 * other editions of every row before it asks whose it is.
 */
export function deltasOf({ deltas, keys }: FlowSet, columns: readonly string[]): string {
  return `SELECT ${columns.join(", ")} FROM ${deltas}
    WHERE last_seen >= ${moment("lo")} AND last_seen <= ${moment("hi")} AND (${KEY}) IN (${keys})
    ORDER BY ${DELTA_KEY}, version DESC LIMIT 1 BY ${DELTA_KEY}`;
}

/** The newest rows of these flows. */
export function rowsOf({ rows, keys }: FlowSet, columns: readonly string[]): string {
  const each = rows.map(
    ({ table, where }) =>
      `SELECT ${KEY}, ${columns.join(", ")}, version FROM ${table} WHERE (${KEY}) IN (${keys}) AND (${where})`,
  );
  return `SELECT * FROM (${each.join(" UNION ALL ")}) ORDER BY ${KEY}, version DESC LIMIT 1 BY ${KEY}`;
}

const ON_KEY = FLOW_KEY.map((name) => `d.${name} = f.${name}`).join(" AND ");
/**
 * The next edition of a delta, and the last one again where there is no room for more. Older programs left no room at all.
 * @param prefix of its columns
 */
export function nextVersion(prefix: string): string {
  // As the DDL makes it of a delta that comes in.
  const natural = `(${DELTA_COUNTERS.map((name) => prefix + name).join(" + ")}) * ${EDITIONS}`;
  const version = `${prefix}version`;
  return `if(${version} = ${natural} + ${TOMBSTONE_EDITION - 1}, ${version}, greatest(${version}, ${natural}) + 1)`;
}

/** Writes deltas that say otherwise of their flow than its own row does again, as the row has it. Twice does no harm. */
export function alignStatement(flows: FlowSet): string {
  const columns = DELTA_COLUMNS.map(({ name }) => name);
  const dimensions = new Set<string>(DELTA_DIMENSIONS);
  const selected = columns.map((name) => (dimensions.has(name) ? `f.${name}` : `d.${name}`));
  const same = DELTA_DIMENSIONS.map((name) =>
    "optional" in COLUMNS[name]
      ? `ifNull(d.${name} = f.${name}, d.${name} IS NULL AND f.${name} IS NULL)`
      : `d.${name} = f.${name}`,
  );
  return `INSERT INTO ${flows.deltas} (${columns.join(", ")}, version)
    SELECT ${selected.join(", ")}, ${nextVersion("d.")} FROM (${deltasOf(flows, [...columns, "version"])}) AS d
    INNER JOIN (${rowsOf(flows, [DIMENSIONS])}) AS f ON ${ON_KEY} WHERE NOT (${same.join(" AND ")})`;
}
