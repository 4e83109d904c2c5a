/** `GET /api/flows`: newest start first, page by page, out of what has ended and what is open. */
import type { Filter, JsonRow, TimeRange } from "@flowtrail/model";
import type { ClickHouse } from "../store/clickhouse.ts";
import { filterSql } from "./filter-sql.ts";
import { mayBeOutdated } from "./filters.ts";
import { compareKeys, type FlowRow, flowRow, type StoredRow, toJson } from "./rows.ts";
import { allOf, behind, type FlowKey, moment, NEWEST_FIRST, SELECTED, type Sql } from "./sql.ts";

export interface FlowListQuery {
  readonly range: TimeRange;
  readonly filter: Filter;
  readonly limit: number;
  /** Rows up to this one were told already. */
  readonly after: FlowKey | null;
}

/** Who reports right now: an open flow of anybody else reads as lost. */
export interface Heard {
  ids(): readonly string[];
  has(reporterId: string): boolean;
}

export interface QueryDeps {
  readonly clickhouse: Pick<ClickHouse, "rows">;
  readonly heard: Heard;
  readonly now: () => number;
}

export interface FlowPage {
  readonly flows: JsonRow[];
  /** Key of the last row, if there are more. */
  readonly last: FlowKey | null;
}

const HOUR_MS = 3_600_000;
/** How far each question looks back in turn: whoever asks for 100 rows of a month mostly finds them in an hour. */
const WINDOWS_MS = [HOUR_MS, 12 * HOUR_MS, 7 * 24 * HOUR_MS, Number.POSITIVE_INFINITY];
/** Rows of older revisions that a question may meet before it needs a second one. */
const SPARE_ROWS = 10;

export class FlowList {
  readonly #deps: QueryDeps;

  constructor(deps: QueryDeps) {
    this.#deps = deps;
  }

  /** @throws StoreError */
  async page(query: FlowListQuery, signal: AbortSignal): Promise<FlowPage> {
    const wanted = query.limit + 1;
    const [open, ended] = await Promise.all([this.#open(query, wanted, signal), this.#ended(query, wanted, signal)]);
    const rows = merge(open, ended).slice(0, wanted);
    const told = rows.slice(0, query.limit);
    const { heard } = this.#deps;
    return {
      flows: told.map((row) => toJson(row, (id) => heard.has(id))),
      last: rows.length > told.length ? (told.at(-1)?.key ?? null) : null,
    };
  }

  /** Open flows. The table is small, so it is read at once and as it is now. */
  async #open({ range, filter, after }: FlowListQuery, wanted: number, signal: AbortSignal): Promise<FlowRow[]> {
    const state = "if(reporter_id IN {heard:Array(String)}, 'open', 'lost')";
    const active: Sql = {
      text: `start < ${moment("to")} AND (reporter_id IN {heard:Array(String)} OR last_seen >= ${moment("from")})`,
      bindings: { to: range.toMs, from: range.fromMs, heard: this.#deps.heard.ids() },
    };
    const where = allOf(active, filterSql(filter, { state }), ...(after ? [behind(after)] : []));
    const sql = `SELECT ${SELECTED} FROM flows_open FINAL WHERE ${where.text} ${NEWEST_FIRST} LIMIT {limit:UInt32}`;
    const rows = await this.#ask(sql, { ...where.bindings, limit: wanted }, signal);
    return rows.map((row) => flowRow(row, false));
  }

  /** Ended flows, without FINAL: it would read the whole range. */
  async #ended(query: FlowListQuery, wanted: number, signal: AbortSignal): Promise<FlowRow[]> {
    const outdated = mayBeOutdated(query.filter);
    const found: FlowRow[] = [];
    let unchecked: FlowRow[] = [];
    const check = async () => {
      found.push(...(outdated ? await this.#withoutOutdated(unchecked, signal) : unchecked));
      unchecked = [];
    };
    for await (const rows of this.#candidates(query, wanted, signal)) {
      unchecked.push(...rows);
      if (found.length + unchecked.length < wanted) continue;
      await check();
      if (found.length >= wanted) return found;
    }
    await check();
    return found;
  }

  /** Rows in order, window by window. Older revisions of one flow are neighbours and are dropped here. */
  async *#candidates(query: FlowListQuery, wanted: number, signal: AbortSignal): AsyncGenerator<FlowRow[]> {
    const limit = wanted + SPARE_ROWS;
    for (const window of windows(query)) {
      let { after } = query;
      for (;;) {
        const rows = await this.#endedIn(window, query, after, limit, signal);
        yield rows.filter((row, i) => i === 0 || compareKeys(row.key, (rows[i - 1] as FlowRow).key) !== 0);
        if (rows.length < limit) break;
        after = rows.at(-1)?.key ?? after;
      }
    }
  }

  async #endedIn(
    window: TimeRange,
    query: FlowListQuery,
    after: FlowKey | null,
    limit: number,
    signal: AbortSignal,
  ): Promise<FlowRow[]> {
    const active: Sql = {
      // The second condition follows from the third (nothing ends after it was last seen): it is what the index knows.
      text:
        `start >= ${moment("lo")} AND start < ${moment("hi")} AND last_seen >= ${moment("from")} ` +
        `AND coalesce(end, last_seen) >= ${moment("from")}`,
      bindings: { lo: window.fromMs, hi: window.toMs, from: query.range.fromMs },
    };
    const where = allOf(active, filterSql(query.filter), ...(after ? [behind(after)] : []));
    const sql = `SELECT ${SELECTED} FROM flows WHERE ${where.text} ${NEWEST_FIRST} LIMIT {limit:UInt32}`;
    const rows = await this.#ask(sql, { ...where.bindings, limit }, signal);
    return rows.map((row) => flowRow(row, true));
  }

  /** Drops rows of which a newer revision is stored that does not pass the filters (or it would be here). */
  async #withoutOutdated(rows: readonly FlowRow[], signal: AbortSignal): Promise<FlowRow[]> {
    if (rows.length === 0) return [];
    // As a subquery, a list of keys is found by the primary index; as an array it is compared with every row.
    const where =
      "(start, flow_id, reporter_id) IN (SELECT fromUnixTimestamp64Milli(k.1, 'UTC'), k.2, k.3 FROM " +
      "(SELECT arrayJoin(arrayZip({starts:Array(Int64)}, {ids:Array(UInt64)}, {reporters:Array(String)})) AS k))";
    const sql =
      "SELECT toString(flow_id) AS id, reporter_id, toUnixTimestamp64Milli(start) AS start_ms, toString(max(version)) AS newest " +
      `FROM (SELECT start, flow_id, reporter_id, version FROM flows WHERE ${where} ` +
      `UNION ALL SELECT start, flow_id, reporter_id, version FROM flows_open FINAL WHERE ${where}) GROUP BY start, flow_id, reporter_id`;
    const bindings = {
      starts: rows.map(({ key }) => key.startMs),
      ids: rows.map(({ key }) => BigInt(key.flowId)),
      reporters: rows.map(({ key }) => key.reporterId),
    };
    const answer = await this.#ask(sql, bindings, signal);
    const newest = new Map(answer.map((row) => [`${row.start_ms} ${row.id} ${row.reporter_id}`, BigInt(row.newest ?? 0)]));
    return rows.filter(
      ({ key, version }) => (newest.get(`${key.startMs} ${key.flowId} ${key.reporterId}`) ?? version) <= version,
    );
  }

  #ask(sql: string, bindings: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<StoredRow[]> {
    return this.#deps.clickhouse.rows<StoredRow>(sql, bindings, { signal });
  }
}

/**
 * Disjoint windows over `start`, newest first: within the range step by step, and then all before it at once, for what began earlier
 * and was still active (the index on `last_seen` leaves little of it).
 */
export function* windows({ range, after }: Pick<FlowListQuery, "range" | "after">): Generator<TimeRange> {
  let toMs = Math.min(range.toMs, (after?.startMs ?? range.toMs) + 1);
  for (const widthMs of WINDOWS_MS) {
    if (toMs <= range.fromMs) break;
    const fromMs = Math.max(range.fromMs, toMs - widthMs);
    yield { fromMs, toMs };
    toMs = fromMs;
  }
  if (toMs > 0) yield { fromMs: 0, toMs };
}

/** Both lists in order; of one flow in both, the newer revision, or what has ended among equals. */
function merge(open: readonly FlowRow[], ended: readonly FlowRow[]): FlowRow[] {
  const rows = [...ended, ...open].sort(
    (a, b) => compareKeys(a.key, b.key) || Number(b.version - a.version) || Number(b.ended) - Number(a.ended),
  );
  return rows.filter((row, i) => i === 0 || compareKeys(row.key, (rows[i - 1] as FlowRow).key) !== 0);
}
