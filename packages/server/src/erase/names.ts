/** Where only the name of somebody is: counts of values, and what the inventory knew once. */
import type { ClickHouse } from "../store/clickhouse.ts";
import type { Hold } from "../store/retention/holds.ts";
import { FLOWS, FLOWS_OPEN } from "../store/schema/flow-tables.ts";
import { INVENTORY } from "../store/schema/inventory-tables.ts";
import { ROLLUPS, VALUE_ROLLUPS } from "../store/schema/rollup-tables.ts";
import { heldBuckets, type Place } from "./places.ts";
import { namesFor, type Subject } from "./subject.ts";

const SUMS = ["rollup_source_days", "rollup_destination_days"];

/** The names that rows have for a subject. @throws StoreError */
export async function namesOf(subject: Subject, clickhouse: Pick<ClickHouse, "rows">): Promise<string[]> {
  const names = namesFor(subject);
  if (subject.kind === "address") return [...names];
  const ends = ["src", "dst"].flatMap((end) =>
    [FLOWS.name, FLOWS_OPEN.name, ...SUMS.filter((table) => hasEnd(table, end))].map(
      (table) =>
        `SELECT ifNull(${end}_name, '') AS name FROM ${table} WHERE ${end}_type = '${subject.kind}' AND (ifNull(${end}_id, '') IN {names:Array(String)} OR ifNull(${end}_name, '') IN {names:Array(String)})`,
    ),
  );
  const rows = await clickhouse.rows<{ name: string }>(
    `SELECT DISTINCT name FROM (${ends.join(" UNION ALL ")}) WHERE name != ''`,
    { names },
  );
  return [...new Set([...names, ...rows.map((row) => row.name)])].sort();
}

function hasEnd(table: string, end: string): boolean {
  return ROLLUPS.find((rollup) => rollup.table.name === table)?.dimensions.some((name) => name === `${end}_name`) ?? false;
}

/**
 * Names that nothing else has: counts of values do not say whose name it is.
 * @throws StoreError
 */
export async function ownNames(
  subject: Subject,
  names: readonly string[],
  clickhouse: Pick<ClickHouse, "rows">,
): Promise<string[]> {
  if (subject.kind === "address") return [...names];
  const others = ["src", "dst"].map(
    (end) =>
      `SELECT ifNull(${end}_name, '') AS name FROM ${FLOWS.name} WHERE ${end}_type != '${subject.kind}' AND ifNull(${end}_name, '') IN {names:Array(String)}`,
  );
  const rows = await clickhouse.rows<{ name: string }>(`SELECT DISTINCT name FROM (${others.join(" UNION ALL ")})`, { names });
  const taken = new Set(rows.map(({ name }) => name));
  return names.filter((name) => !taken.has(name));
}

/** Counts of its names. */
export function valuePlaces(subject: Subject, names: readonly string[], holds: readonly Hold[]): Place[] {
  const network = subject.kind === "address" ? " AND network = {network:String}" : "";
  return VALUE_ROLLUPS.map(({ table, stepMs }) => ({
    table: table.name,
    time: "bucket",
    match: {
      sql: `(field IN ('src_name', 'dst_name') AND ifNull(value, '') IN {names:Array(String)}${network})`,
      bindings: { names, ...(subject.kind === "address" && { network: subject.network }) },
    },
    held: heldBuckets(holds, stepMs),
    hasRevisions: false,
  }));
}

/** What the inventory knew of it once. What it knows now is its source's: it would be told again at once. */
export function inventoryPlace(subject: Subject): Place | null {
  if (subject.kind === "address") return null;
  return {
    table: INVENTORY.name,
    time: "changed",
    match: {
      sql: `(kind = '${subject.kind === "user" ? "user" : "config_file"}' AND (id IN {subjects:Array(String)} OR JSONExtractString(entity, 'name') IN {subjects:Array(String)}))`,
      bindings: { subjects: namesFor(subject) },
    },
    held: { sql: "false", bindings: {} },
    hasRevisions: false,
  };
}

/** Does a source still tell of it? @throws StoreError */
export async function isKnownNow(subject: Subject, clickhouse: Pick<ClickHouse, "rows">): Promise<boolean> {
  const place = inventoryPlace(subject);
  if (place === null) return false;
  const [row] = await clickhouse.rows<{ n: string }>(
    `SELECT count() AS n FROM (
       SELECT source, network, kind, id, argMax(deleted, (changed, change_id)) AS gone
       FROM ${INVENTORY.name} WHERE (source, network, kind, id) IN (SELECT source, network, kind, id FROM ${INVENTORY.name} WHERE ${place.match.sql})
       GROUP BY source, network, kind, id) WHERE NOT gone`,
    place.match.bindings,
  );
  return row !== undefined && row.n !== "0";
}
