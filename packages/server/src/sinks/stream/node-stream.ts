/** One source of one node, read on from a place. Reads are bounded in rows, and by the filter's own columns until the rows are known. */
import { compareKeys, flowKey, type StoredRow } from "../../query/rows.ts";
import { allOf, KEY, moment, type Sql } from "../../query/sql.ts";
import type { Bindings, ClickHouse, QueryOptions } from "../../store/clickhouse.ts";
import { eventOf, newestOnly } from "../event.ts";
import type { SinkEvent } from "../ports.ts";
import { afterClock, type NodePlace } from "./place.ts";
import { IS_FINAL, SELECTED_STORED, type Source } from "./source.ts";
import { CLOCK_SLACK_MS, watermark } from "./watermark.ts";

export type Asked = Pick<ClickHouse, "rows">;

export interface NodeRead {
  readonly events: readonly SinkEvent[];
  /** Where to go on when all of them were handed over. */
  readonly place: NodePlace;
  /** There may be more right now. */
  readonly more: boolean;
}

/** Stamps of one plan. One insert has one stamp, mostly. */
const MAX_STAMPS = 2000;
/** A plan looks so far ahead; further where there is little. */
const SPAN_MS = 900_000;
const LONGEST_SPAN_MS = 32 * 86_400_000;
const LIMITS: QueryOptions = {
  limits: { maxExecutionMs: 60_000, maxRowsToRead: 20_000_000_000 },
  settings: { max_threads: 1 },
};
const PAGE_OPTIONS: QueryOptions = {
  ...LIMITS,
  settings: { ...LIMITS.settings, optimize_read_in_order: 1, max_block_size: "4096" },
};

interface Stamp {
  readonly ms: number;
  readonly rows: number;
}

interface Plan {
  /** The place that it was made for, or that was read up to since. */
  at: number;
  readonly stamps: Stamp[];
  /** Everything before this is in the plan. */
  readonly untilMs: number;
}

export class NodeStream {
  readonly #node: Asked;
  readonly #source: Source;
  readonly #local: (table: string) => string;
  readonly #slackMs: number;
  #plan: Plan | null = null;
  #spanMs = SPAN_MS;

  /** @param local what the node calls its own rows of a table */
  constructor(node: Asked, source: Source, local: (table: string) => string, slackMs = CLOCK_SLACK_MS) {
    this.#slackMs = slackMs;
    this.#node = node;
    this.#source = source;
    this.#local = local;
  }

  /** Here begins who wants what is stored from now on. @throws StoreError */
  async now(): Promise<NodePlace> {
    const { clockMs } = await watermark(this.#node, []);
    return { ms: clockMs - this.#source.delayMs, key: null, clockMs };
  }

  /**
   * @param least waits for so many events unless the oldest one waits for `lingerMs` already
   * @throws StoreError
   */
  async read(from: NodePlace, max: number, wait = { least: 1, lingerMs: 0 }, signal?: AbortSignal): Promise<NodeRead> {
    const options = signal === undefined ? {} : { signal };
    if (from.key !== null) return this.#page(from, max, options);
    const { plan, place } = await this.#planFrom(from, options);
    if (plan === null) return { events: [], place, more: false };
    const [first] = plan.stamps;
    if (first === undefined) {
      this.#plan = null;
      const next = { ...place, ms: plan.untilMs - 1 };
      return { events: [], place: next, more: plan.untilMs < place.clockMs - this.#source.delayMs - 2 * this.#slackMs };
    }
    const waiting = plan.stamps.reduce((sum, { rows }) => sum + rows, 0);
    const isYoung = place.clockMs - first.ms - this.#source.delayMs < wait.lingerMs;
    if (waiting < Math.min(wait.least, max) && isYoung) {
      this.#plan = null;
      return { events: [], place, more: false };
    }
    if (first.rows > max) return this.#page({ ...place, ms: first.ms }, max, options);
    let rows = 0;
    let count = 0;
    while (count < plan.stamps.length && rows + (plan.stamps[count]?.rows ?? 0) <= max) rows += plan.stamps[count++]?.rows ?? 0;
    const toMs = plan.stamps[count - 1]?.ms ?? first.ms;
    const events = await this.#rows(first.ms, toMs, options);
    plan.stamps.splice(0, count);
    plan.at = toMs;
    return { events, place: { ...place, ms: toMs }, more: true };
  }

  /** Rows that wait behind a place, at most: some of them may be gone when it is their turn. @throws StoreError */
  async waiting(place: NodePlace, signal?: AbortSignal): Promise<number> {
    const [row] = await this.#node.rows<{ n: string }>(
      `SELECT count() AS n FROM ${this.#table} WHERE stored > ${moment("s_from")} AND (${this.#source.where.text})`,
      { s_from: place.ms, ...this.#source.where.bindings },
      { ...LIMITS, ...(signal === undefined ? {} : { signal }) },
    );
    return Number(row?.n ?? 0);
  }

  get #table(): string {
    return this.#local(this.#source.table);
  }

  async #planFrom(from: NodePlace, options: QueryOptions): Promise<{ plan: Plan | null; place: NodePlace }> {
    if (this.#plan !== null && this.#plan.at === from.ms && this.#plan.stamps.length > 0)
      return { plan: this.#plan, place: from };
    const { where, delayMs, writtenBy } = this.#source;
    const mark = await watermark(
      this.#node,
      writtenBy.flatMap((table) => [table, this.#local(table)]),
      this.#slackMs,
    );
    const place = afterClock(from, mark.clockMs, this.#slackMs);
    const untilMs = Math.min(mark.untilMs - delayMs, place.ms + this.#spanMs);
    if (untilMs <= place.ms + 1) return { plan: null, place };
    const found = await this.#node.rows<{ ms: string; n: string }>(
      `SELECT toUnixTimestamp64Milli(stored) AS ms, count() AS n FROM ${this.#table}
       WHERE stored > ${moment("s_from")} AND stored < ${moment("s_until")} AND (${where.text})
       GROUP BY ms ORDER BY ms LIMIT ${MAX_STAMPS}`,
      { s_from: place.ms, s_until: untilMs, ...where.bindings },
      { ...LIMITS, ...options },
    );
    const stamps = found.map(({ ms, n }) => ({ ms: Number(ms), rows: Number(n) }));
    this.#spanMs = stamps.length === 0 ? Math.min(this.#spanMs * 4, LONGEST_SPAN_MS) : SPAN_MS;
    const until = stamps.length < MAX_STAMPS ? untilMs : (stamps.at(-1)?.ms ?? untilMs) + 1;
    this.#plan = { at: place.ms, stamps, untilMs: until };
    return { plan: this.#plan, place };
  }

  /** All of some stamps. */
  async #rows(fromMs: number, toMs: number, options: QueryOptions): Promise<SinkEvent[]> {
    const { where, rowsIn } = this.#source;
    const between: Sql = {
      text: `stored >= ${moment("s_from")} AND stored <= ${moment("s_to")}`,
      bindings: { s_from: fromMs, s_to: toMs },
    };
    const { text, bindings } = allOf(between, where);
    const found = await this.#node.rows<StoredRow>(
      `SELECT ${rowsIn === null ? SELECTED_STORED : OPENED} FROM ${this.#table} WHERE ${text}`,
      bindings,
      { ...LIMITS, ...options },
    );
    return this.#events(found, options);
  }

  /** A stamp with more rows than are taken at once, in the order of their keys. */
  async #page(place: NodePlace, max: number, options: QueryOptions): Promise<NodeRead> {
    const { where, rowsIn } = this.#source;
    const { ms, key } = place;
    const behind: Sql[] =
      key === null
        ? []
        : [
            {
              text: `start >= ${moment("k_start")} AND (${KEY}) > (${moment("k_start")}, {k_id:UInt64}, {k_reporter:String})`,
              bindings: { k_start: key.startMs, k_id: key.flowId, k_reporter: key.reporterId },
            },
          ];
    const { text, bindings } = allOf({ text: `stored = ${moment("s_at")}`, bindings: { s_at: ms } }, where, ...behind);
    const found = await this.#node.rows<StoredRow>(
      `SELECT ${rowsIn === null ? SELECTED_STORED : OPENED} FROM ${this.#table} WHERE ${text} ORDER BY ${KEY} LIMIT {max:UInt32}`,
      { ...bindings, max },
      { ...PAGE_OPTIONS, ...options },
    );
    if (found.length < max) {
      const plan = this.#plan;
      while (plan?.stamps[0] !== undefined && plan.stamps[0].ms <= ms) plan.stamps.shift();
      if (plan !== null) plan.at = ms;
      return { events: await this.#events(found, options), place: { ...place, key: null }, more: true };
    }
    // Of the last record there may be more editions behind the end of the page.
    const end = flowKey(found.at(-1) as StoredRow);
    const sure = found.filter((row) => compareKeys(flowKey(row), end) !== 0);
    const told = sure.length === 0 ? found : sure;
    const next = flowKey(told.at(-1) as StoredRow);
    return { events: await this.#events(told, options), place: { ...place, key: next }, more: true };
  }

  async #events(found: readonly StoredRow[], options: QueryOptions): Promise<SinkEvent[]> {
    const { kind, rowsIn, name } = this.#source;
    if (found.length === 0) return [];
    if (rowsIn !== null) {
      const rows: StoredRow[] = [];
      for (const table of rowsIn.tables) rows.push(...(await this.#byKey(table, found, rowsIn.where, options)));
      return newestOnly(rows.map((row) => eventOf(row, kind)));
    }
    const events = newestOnly(found.map((row) => eventOf(row, kind)));
    if (name !== "unfinished") return events;
    // Those that were finished after all are told as such.
    const final = await this.#byKey(this.#source.table, found, { text: IS_FINAL, bindings: {} }, options);
    const known = new Set(final.map((row) => eventOf(row, kind).id));
    return events.filter(({ id }) => !known.has(id));
  }

  #byKey(table: string, keys: readonly StoredRow[], where: Sql, options: QueryOptions): Promise<StoredRow[]> {
    const given = keyedIn(
      keys.map(({ start, flow_id, reporter_id }) => [Date.parse(String(start)), String(flow_id), String(reporter_id)]),
    );
    const { text, bindings } = allOf(
      given,
      where,
      ...(table.startsWith("flows_open") ? [{ text: "is_deleted = 0", bindings: {} }] : []),
    );
    return this.#node.rows<StoredRow>(`SELECT ${SELECTED_STORED} FROM ${this.#local(table)} WHERE ${text}`, bindings, {
      ...LIMITS,
      ...options,
    });
  }
}

const OPENED = `${KEY}, toUnixTimestamp64Milli(stored) AS stored_ms`;

/** Rows with one of these keys. The first condition is what the index can use. */
export function keyedIn(keys: readonly (readonly [startMs: number, flowId: string, reporterId: string])[]): Sql {
  const starts = keys.map(([startMs]) => startMs);
  const bindings: Bindings = {
    k_lo: Math.min(...starts),
    k_hi: Math.max(...starts),
    k_starts: starts,
    k_ids: keys.map(([, flowId]) => BigInt(flowId)),
    k_reporters: keys.map(([, , reporterId]) => reporterId),
  };
  const tuples = "arrayZip({k_starts:Array(Int64)}, {k_ids:Array(UInt64)}, {k_reporters:Array(String)})";
  const given = `SELECT fromUnixTimestamp64Milli(k.1, 'UTC'), k.2, k.3 FROM (SELECT arrayJoin(${tuples}) AS k)`;
  return { text: `start >= ${moment("k_lo")} AND start <= ${moment("k_hi")} AND (${KEY}) IN (${given})`, bindings };
}
