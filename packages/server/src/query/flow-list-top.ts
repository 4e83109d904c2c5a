/** Rows in the order of a counter or of their duration. There is no index on these: so many flows are looked at, and it is said. */
import type { TimeRange } from "@flowtrail/model";
import { FLOWS, FLOWS_OPEN } from "../store/schema/flow-tables.ts";
import { withoutOutdated } from "./flow-list-newest.ts";
import { type FlowListQuery, isAscending, type Sort } from "./flow-list-order.ts";
import { before } from "./flow-list-segments.ts";
import { endedActive, type Heard, mayPass, openActive } from "./flow-set.ts";
import type { Inquiry } from "./inquiry.ts";
import { compareKeys, type FlowRow, flowRow, type StoredRow } from "./rows.ts";
import { allOf, moment, SELECTED, type Sql } from "./sql.ts";

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
  const open = mayPass(filter, "open") ? rankedOpen(query, wanted, heard, inquiry) : [];
  const ended = asksEnded ? rankedEnded(query, fromMs, wanted, inquiry) : [];
  const rows = (await Promise.all([open, ended])).flat();
  yield firstByRank(rows, isAscending(query)).slice(0, wanted);
  if (fromMs === null) return null;
  inquiry.markPartial();
  const since = new Date(fromMs).toISOString();
  return { fromMs, note: `sorted are flows that began at ${since} or later: with older ones they are more than ${mostSorted}` };
}

/** The oldest start such that not more than so many rows began in the range since; null: all of the range. */
async function looksFrom(range: TimeRange, most: number, inquiry: Inquiry): Promise<number | null> {
  const where = `start >= ${moment("from")} AND start < ${moment("to")}`;
  const bindings = { from: range.fromMs, to: range.toMs, most };
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

async function rankedOpen(query: FlowListQuery, wanted: number, heard: Heard, inquiry: Inquiry): Promise<FlowRow[]> {
  const where = openActive(query.range, query.filter, heard);
  const rows = await ranked(`${FLOWS_OPEN.name} FINAL`, where, query, wanted, inquiry);
  return rows.map((row) => flowRow(row, false));
}

async function rankedEnded(query: FlowListQuery, fromMs: number | null, wanted: number, inquiry: Inquiry): Promise<FlowRow[]> {
  const { range } = query;
  const within = { table: FLOWS.name, began: { fromMs: fromMs ?? range.fromMs, toMs: range.toMs } };
  const parts = fromMs === null ? [within, ...before(range)] : [within];
  const found: FlowRow[] = [];
  for (const part of parts) {
    const where = endedActive(part, range, query.filter);
    // Older revisions stand anywhere in this order: all are checked, and more are asked for where many fall out.
    for (let limit = wanted + SPARE_ROWS, ends = false; !ends; limit *= 4) {
      const rows = (await ranked(part.table, where, query, limit, inquiry)).map((row) => flowRow(row, true));
      const newest = await withoutOutdated(rows, inquiry);
      ends = rows.length < limit || newest.length >= wanted;
      if (ends) found.push(...newest);
    }
  }
  return found;
}

async function ranked(table: string, where: Sql, query: FlowListQuery, limit: number, inquiry: Inquiry): Promise<StoredRow[]> {
  const { sort, place } = query;
  if (sort === "time") throw new RangeError("a list by time has no rank");
  const ascending = isAscending(query);
  const [direction, is] = ascending ? ["ASC", ">"] : ["DESC", "<"];
  const key = "start, flow_id, reporter_id";
  const behind: Sql[] =
    place === null
      ? []
      : [
          {
            text: `(${RANKS[sort]}, ${key}) ${is} ({k_rank:UInt64}, ${moment("k_start")}, {k_id:UInt64}, {k_reporter:String})`,
            bindings: {
              k_rank: place.rank ?? "0",
              k_start: place.key.startMs,
              k_id: place.key.flowId,
              k_reporter: place.key.reporterId,
            },
          },
        ];
  const { text, bindings } = allOf(where, ...behind);
  return inquiry.rows<StoredRow>({
    table: table.split(" ")[0] ?? table,
    sql:
      `SELECT ${SELECTED}, toString(${RANKS[sort]}) AS row_rank FROM ${table} WHERE ${text} ` +
      `ORDER BY ${RANKS[sort]} ${direction}, ${key
        .split(", ")
        .map((column) => `${column} ${direction}`)
        .join(", ")} LIMIT {limit:UInt32}`,
    bindings: { ...bindings, limit },
  });
}

/** In order of rank, then newest first (or all the other way round); of each flow the newest revision only. */
function firstByRank(rows: readonly FlowRow[], ascending: boolean): FlowRow[] {
  const newest = new Map<string, FlowRow>();
  for (const row of rows) {
    const { startMs, flowId, reporterId } = row.key;
    const text = `${startMs} ${flowId} ${reporterId}`;
    const other = newest.get(text);
    const isNewer = other === undefined || row.version > other.version || (row.version === other.version && row.ended);
    if (isNewer) newest.set(text, row);
  }
  const sign = ascending ? -1 : 1;
  const byRank = (a: FlowRow, b: FlowRow) => {
    const difference = BigInt(b.rank ?? 0) - BigInt(a.rank ?? 0);
    return difference === 0n ? compareKeys(a.key, b.key) : difference > 0n ? 1 : -1;
  };
  return [...newest.values()].sort((a, b) => sign * byRank(a, b));
}
