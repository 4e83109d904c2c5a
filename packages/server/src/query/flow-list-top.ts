/** Rows in the order of a counter or of their duration. There is no index on these: so many flows are looked at, and it is said. */
import type { TimeRange } from "@flowtrail/model";
import { FLOWS, FLOWS_OPEN } from "../store/schema/flow-tables.ts";
import { filterSql } from "./filter-sql.ts";
import { byText, keyText } from "./flow-list-keys.ts";
import { newestOfEach } from "./flow-list-newest.ts";
import { type FlowListQuery, isAscending, type Sort } from "./flow-list-order.ts";
import { endedByKeys, openByKeys } from "./flow-list-rows.ts";
import { before } from "./flow-list-segments.ts";
import { endedActive, type Heard, mayPass, openActive } from "./flow-set.ts";
import type { Inquiry } from "./inquiry.ts";
import { compareKeys, type FlowRow, flowRow, type StoredRow } from "./rows.ts";
import { allOf, KEY, moment, type Sql } from "./sql.ts";

/** Reports of ended flows that began in the range and are sorted: all of 12 hours in which 100 came each second. */
export const MOST_SORTED = 5_000_000;
/** What a counter may be in a sum of two without an overflow. */
const LARGEST = 2n ** 62n;
const SPARE_ROWS = 20;

const sum = (what: string) => `least(ifNull(src_${what}, 0), ${LARGEST}) + least(ifNull(dst_${what}, 0), ${LARGEST})`;
const RANKS: Readonly<Record<Exclude<Sort, "time">, string>> = {
  bytes: sum("bytes"),
  packets: sum("packets"),
  duration: "toUInt64(greatest(0, dateDiff('millisecond', start, coalesce(end, last_seen))))",
};

/** The oldest start that was looked at, where not all of the range was. */
export interface Cut {
  readonly fromMs: number;
  /** For people. */
  readonly note: string;
}

/**
 * The first rows of a list by its rank, at once. Unknown counts as 0 here.
 * @param mostSorted see MOST_SORTED
 * @throws StoreError
 */
export async function* topFlows(
  query: FlowListQuery,
  wanted: number,
  heard: Heard,
  inquiry: Inquiry,
  mostSorted = MOST_SORTED,
): AsyncGenerator<FlowRow[], Cut | null> {
  const { range, place, filter } = query;
  const asksEnded = mayPass(filter, "ended");
  const fromMs = place === null ? (asksEnded ? await looksFrom(range, mostSorted, inquiry) : null) : place.looksFromMs;
  yield await firstRows(query, fromMs, wanted, heard, inquiry);
  if (fromMs === null) return null;
  inquiry.markPartial();
  const since = new Date(fromMs).toISOString();
  return { fromMs, note: `sorted are flows that began at ${since} or later: with older ones they are more than ${mostSorted}` };
}

/** The oldest start such that not more than so many rows (that whoever asks may see) began in the range since; null: all of the range. */
async function looksFrom(range: TimeRange, most: number, inquiry: Inquiry): Promise<number | null> {
  const seen = filterSql(inquiry.within);
  const where = `start >= ${moment("from")} AND start < ${moment("to")} AND (${seen.text})`;
  const bindings = { ...seen.bindings, from: range.fromMs, to: range.toMs, most };
  const table = FLOWS.name;
  const [all] = await inquiry.rows<{ n: string }>({ table, sql: `SELECT count() AS n FROM ${table} WHERE ${where}`, bindings });
  if (Number(all?.n ?? 0) <= most) return null;
  const [last] = await inquiry.rows<{ ms: string }>({
    table,
    sql: `SELECT toUnixTimestamp64Milli(start) AS ms FROM ${table} WHERE ${where} ORDER BY start DESC LIMIT 1 OFFSET {most:UInt64}`,
    bindings,
  });
  return last === undefined ? null : Number(last.ms) + 1;
}

/** The ranks of all, out of few columns, and then the rows that are told. */
async function firstRows(
  query: FlowListQuery,
  fromMs: number | null,
  wanted: number,
  heard: Heard,
  inquiry: Inquiry,
): Promise<FlowRow[]> {
  const { range, filter } = query;
  const within = { table: FLOWS.name, began: { fromMs: fromMs ?? range.fromMs, toMs: range.toMs } };
  const parts = !mayPass(filter, "ended") ? [] : fromMs === null ? [within, ...before(range)] : [within];
  const isOpen = openActive(range, filter, heard);
  const isEnded = endedActive({ began: { fromMs: 0, toMs: range.toMs } }, range, filter);
  // Older revisions stand anywhere in this order: more are asked for where many fall out.
  for (let limit = wanted + SPARE_ROWS; ; limit *= 4) {
    const answers = await Promise.all([
      mayPass(filter, "open") ? ranked(`${FLOWS_OPEN.name} FINAL`, isOpen, query, limit, inquiry) : [],
      ...parts.map((part) => ranked(part.table, endedActive(part, range, filter), query, limit, inquiry)),
    ]);
    const found = answers.flatMap((rows, i) => rows.map((row) => flowRow(row, i > 0)));
    // Whatever stands behind the limit in one of them stands behind it in all.
    const first = inRankOrder(found, isAscending(query)).slice(0, limit);
    const keys = (ended: boolean) => first.filter((row) => row.ended === ended).map(({ key }) => key);
    const rows = (
      await Promise.all([endedByKeys(keys(true), isEnded, inquiry), openByKeys(keys(false), isOpen, inquiry)])
    ).flat();
    const whole = byText(newestOfEach(rows));
    // Found open, and over by now.
    const gone = keys(false).filter((key) => !whole.has(keyText(key)));
    const since = byText(mayPass(filter, "ended") ? await endedByKeys(gone, isEnded, inquiry) : []);
    const told = new Set<string>();
    const newest = first.flatMap(({ key, version, ended, rank }) => {
      const text = keyText(key);
      const row = whole.get(text) ?? since.get(text);
      // An open flow goes on: it keeps the place at which it was found.
      const isIt = row !== undefined && (since.has(text) || (row.ended === ended && (row.version === version || !ended)));
      // Whatever was stored twice stands here twice until it is merged.
      if (!isIt || told.has(text)) return [];
      told.add(text);
      return [{ ...row, rank }];
    });
    if (newest.length >= wanted || found.length < limit) return newest.slice(0, wanted);
  }
}

async function ranked(table: string, where: Sql, query: FlowListQuery, limit: number, inquiry: Inquiry): Promise<StoredRow[]> {
  const { sort, place } = query;
  if (sort === "time") throw new RangeError("a list by time has no rank");
  const ascending = isAscending(query);
  const [direction, is] = ascending ? ["ASC", ">"] : ["DESC", "<"];
  const behind: Sql[] =
    place === null
      ? []
      : [
          {
            text: `(${RANKS[sort]}, ${KEY}) ${is} ({k_rank:UInt64}, ${moment("k_start")}, {k_id:UInt64}, {k_reporter:String})`,
            bindings: {
              k_rank: place.rank ?? "0",
              k_start: place.key.startMs,
              k_id: place.key.flowId,
              k_reporter: place.key.reporterId,
            },
          },
        ];
  const { text, bindings } = allOf(where, ...behind);
  const order = [RANKS[sort], ...KEY.split(", ")].map((column) => `${column} ${direction}`).join(", ");
  return inquiry.rows<StoredRow>({
    table: table.split(" ")[0] ?? table,
    sql:
      `SELECT ${KEY}, toString(version) AS row_version, toString(${RANKS[sort]}) AS row_rank FROM ${table} WHERE ${text} ` +
      `ORDER BY ${order} LIMIT {limit:UInt32}`,
    bindings: { ...bindings, limit },
  });
}

/** In order of rank, then newest first, or all the other way round. */
function inRankOrder(rows: readonly FlowRow[], ascending: boolean): FlowRow[] {
  const sign = ascending ? -1 : 1;
  const byRank = (a: FlowRow, b: FlowRow) => {
    const difference = BigInt(b.rank ?? 0) - BigInt(a.rank ?? 0);
    return difference === 0n ? compareKeys(a.key, b.key) : difference > 0n ? 1 : -1;
  };
  return rows.toSorted((a, b) => sign * byRank(a, b));
}
