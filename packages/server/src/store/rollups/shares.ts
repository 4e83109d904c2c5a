/** How much there is of which days and hours, and in how many statements that is computed: none must take too long or too much memory. */
import type { ClickHouse } from "../clickhouse.ts";
import { moment } from "../delta-sql.ts";
import { StoreError } from "../errors.ts";
import { FLOW_DELTAS, FLOWS, FLOWS_OPEN } from "../schema/flow-tables.ts";
import { COUNTED_COLUMNS } from "../schema/rollup-tables.ts";
import { chunkOf, DAY_MS, floorTo, HOUR_MS } from "./extents.ts";
import type { AnyRollup, Local } from "./statements.ts";

const ROWS_AT_ONCE = 4_000_000;
/** Hours are computed together as long as they have no more: a statement costs as much as some 10,000 rows. */
const ROWS_TOGETHER = 1_500_000;
const MOST_SHARES = 256;

export interface Days {
  /** Rows of deltas and flows of each day (by its beginning), newer and older editions. */
  readonly rows: ReadonlyMap<number, number>;
  /** In order. */
  readonly all: readonly number[];
  /** The first day of which there are deltas; null: there are none at all. */
  readonly deltasFromMs: number | null;
}

/** Of which days there is anything. @throws StoreError */
export async function readDays(node: ClickHouse, local: Local): Promise<Days> {
  const found = await node.rows<{ day: string; n: string; deltas: string }>(
    `SELECT day, sum(n) AS n, sum(deltas) AS deltas FROM (
       SELECT partition AS day, rows AS n, if(table = {deltas:String}, rows, 0) AS deltas FROM system.parts
       WHERE active AND database = {database:String} AND table IN {tables:Array(String)}
       UNION ALL SELECT toString(toYYYYMMDD(start)) AS day, count() AS n, 0 AS deltas FROM ${local(FLOWS_OPEN.name)} GROUP BY day
     ) GROUP BY day ORDER BY day`,
    { database: node.database, deltas: local(FLOW_DELTAS.name), tables: [FLOWS.name, FLOW_DELTAS.name].map(local) },
  );
  const dayMs = (day: string) => Date.parse(day.replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3"));
  const days = found.map(({ day, n }) => [dayMs(day), Number(n)] as const);
  const first = found.find(({ deltas }) => deltas !== "0");
  return { rows: new Map(days), all: days.map(([day]) => day), deltasFromMs: first === undefined ? null : dayMs(first.day) };
}

/** Hours of a day (by their beginnings) in which anything was last seen or began. @throws StoreError */
export async function readHours(node: ClickHouse, local: Local, dayMs: number): Promise<Set<number>> {
  const hours = (table: string, time: string) =>
    `SELECT DISTINCT intDiv(toUnixTimestamp(${time}), 3600) AS hour FROM ${local(table)} WHERE ${time} >= ${moment("from")} AND ${time} < ${moment("to")}`;
  const found = await node.rows<{ hour: number }>(
    [hours(FLOW_DELTAS.name, "last_seen"), hours(FLOWS.name, "start"), hours(FLOWS_OPEN.name, "start")].join(" UNION ALL "),
    { from: dayMs, to: dayMs + DAY_MS },
    { settings: { max_threads: 1 }, limits: { maxRowsToRead: 10_000_000_000 } },
  );
  return new Set(found.map(({ hour }) => hour * HOUR_MS));
}

/** @param boost more than usual, after it was too much */
export function sharesFor(rollup: AnyRollup, days: Days, fromMs: number, toMs: number, boost: number): number {
  const groups = groupsOfDay(rollup, days, fromMs) * Math.min(1, (toMs - fromMs) / DAY_MS);
  return Math.min(MOST_SHARES, Math.max(1, Math.ceil(groups / ROWS_AT_ONCE)) * boost);
}

/**
 * Up to where buckets are computed together: whole hours (or the one bucket), of one day.
 * @param toMs not further
 */
export function togetherUntil(rollup: AnyRollup, days: Days, fromMs: number, toMs: number, boost: number): number {
  const hours = Math.max(1, Math.floor((24 * ROWS_TOGETHER) / boost / Math.max(1, groupsOfDay(rollup, days, fromMs))));
  const dayEndMs = floorTo(fromMs, DAY_MS) + DAY_MS;
  return Math.min(toMs, dayEndMs, floorTo(fromMs, HOUR_MS) + Math.max(chunkOf(rollup), hours * HOUR_MS));
}

/**
 * How many hours of this day are looked at together, before it is known what of them is to be computed.
 * @param boost so many times fewer: more were too much, however few rows these are
 */
export function hoursTogether(days: Days, dayMs: number, boost: number): number {
  const rows = days.rows.get(floorTo(dayMs, DAY_MS)) ?? 0;
  return Math.max(1, Math.floor(Math.min(24, (24 * ROWS_TOGETHER) / Math.max(1, rows)) / boost));
}

function groupsOfDay(rollup: AnyRollup, days: Days, dayMs: number): number {
  const rows = days.rows.get(floorTo(dayMs, DAY_MS)) ?? 0;
  // Each flow is many values.
  return "dimensions" in rollup || rollup.of !== null ? rows : (rows * COUNTED_COLUMNS.length) / 4;
}

/** Less of it at once may do. */
export function isTooMuch(error: unknown): boolean {
  return error instanceof StoreError && (error.code === "STORE_TIMEOUT" || error.code === "STORE_LIMIT");
}
