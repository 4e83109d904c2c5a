/** `GET /api/flows/seen`: since when something is known, and when it was active last. */
import type { Filter, TimeRange } from "@flowtrail/model";
import type { Bindings } from "../store/clickhouse.ts";
import { FLOWS, FLOWS_LONG, FLOWS_OPEN, LONG_MS } from "../store/schema/flow-tables.ts";
import { filterSql } from "./filter-sql.ts";
import { type Heard, OPEN_STATE } from "./flow-set.ts";
import { ENDED_STILL, SET_SETTINGS } from "./flow-set-sql.ts";
import type { Inquiry } from "./inquiry.ts";
import type { Narrowed } from "./narrowed.ts";
import { type Buckets, bucketsOf } from "./seen-buckets.ts";
import { moment } from "./sql.ts";
import type { TrafficSources } from "./traffic/plan.ts";

export interface Seen {
  /** Ms since 1970; null: nothing passes. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  readonly exact: boolean;
  /** Why it is not exact, for people. */
  readonly note: string | null;
}

export interface SeenDeps {
  readonly heard: Heard;
  readonly sources: TrafficSources;
  readonly now: () => number;
}

/** Start of the first and end of the last one that passes. */
interface Life {
  readonly firstMs: number;
  readonly lastMs: number;
}

const HOUR_MS = 3_600_000;
/** Looked at in turn, from either end of what is stored. */
const WINDOWS_MS = [HOUR_MS, 24 * HOUR_MS, Number.POSITIVE_INFINITY];

export class FlowSeen {
  readonly #deps: SeenDeps;

  constructor(deps: SeenDeps) {
    this.#deps = deps;
  }

  /**
   * Of all flows that pass, in their newest revisions.
   * @throws StoreError, QuestionError
   */
  async seen(filter: Narrowed, inquiry: Inquiry): Promise<Seen> {
    const question = new SeenQuestion(filter, this.#deps.heard, inquiry);
    const buckets = await bucketsOf(filter, this.#deps.sources, inquiry);
    const life = buckets === null ? await this.#byWindows(question) : await question.near(buckets);
    if (life === null && buckets?.first == null) return { firstMs: null, lastMs: null, exact: true, note: null };
    const gone = goneBucket(life, buckets);
    const isExact = gone === null && life !== null;
    return {
      firstMs: gone?.fromMs ?? life?.firstMs ?? null,
      lastMs: life?.lastMs ?? buckets?.last?.toMs ?? null,
      exact: isExact,
      note: isExact ? null : "known to its hour or day only: flows of then are not kept any more",
    };
  }

  async #byWindows(question: SeenQuestion): Promise<Life | null> {
    const { oldestMs, newestMs } = await question.extent();
    const toMs = Math.max(this.#deps.now(), newestMs) + 1;
    const fromMs = Math.min(oldestMs, toMs);
    const open = await question.open();
    const first = await question.firstOf(windowsFrom(fromMs, toMs));
    if (first === null) return open;
    const last = await question.lastOf(windowsTo(fromMs, toMs));
    return {
      firstMs: Math.min(first.firstMs, open?.firstMs ?? first.firstMs),
      lastMs: Math.max(last?.lastMs ?? 0, first.lastMs, open?.lastMs ?? 0),
    };
  }
}

/** The first bucket, if its flows are not kept any more. */
function goneBucket(first: Life | null, buckets: Buckets | null): TimeRange | null {
  const bucket = buckets?.first ?? null;
  return bucket !== null && (first === null || first.firstMs >= bucket.toMs) ? bucket : null;
}

function windowsFrom(fromMs: number, toMs: number): TimeRange[] {
  return WINDOWS_MS.map((ms, i) => ({ fromMs: fromMs + (WINDOWS_MS[i - 1] ?? 0), toMs: Math.min(toMs, fromMs + ms) }));
}

function windowsTo(fromMs: number, toMs: number): TimeRange[] {
  return WINDOWS_MS.map((ms, i) => ({ fromMs: Math.max(fromMs, toMs - ms), toMs: toMs - (WINDOWS_MS[i - 1] ?? 0) }));
}

interface Part {
  readonly table: string;
  readonly where: string;
}

class SeenQuestion {
  readonly #filter: Filter;
  readonly #heard: Heard;
  readonly #inquiry: Inquiry;

  constructor(filter: Filter, heard: Heard, inquiry: Inquiry) {
    this.#filter = filter;
    this.#heard = heard;
    this.#inquiry = inquiry;
  }

  /** When the first and the last of all ended flows began; ClickHouse knows it without reading. */
  async extent(): Promise<{ oldestMs: number; newestMs: number }> {
    const ms = (which: string) => `toUnixTimestamp64Milli(${which}(start))`;
    const sql = `SELECT ${ms("min")} AS oldest, ${ms("max")} AS newest FROM ${FLOWS.name}`;
    const [row] = await this.#inquiry.rows<{ oldest: string; newest: string }>({ table: FLOWS.name, sql, bindings: {} });
    return { oldestMs: Number(row?.oldest ?? 0), newestMs: Number(row?.newest ?? 0) };
  }

  /** The first that began and the last that was active, which are in the first and the last bucket, or where no bucket is known. */
  async near({ fromMs, throughMs, first, last }: Buckets): Promise<Life | null> {
    const { text, bindings: own } = filterSql(this.#filter);
    const within = (from: string, to: string) => `(start >= ${moment(from)} AND start < ${moment(to)})`;
    const bindings: Record<string, unknown> = { ...own, from: fromMs, through: throughMs };
    const began = [`start >= ${moment("through")}`, ...(fromMs > 0 ? [`start < ${moment("from")}`] : [])];
    for (const [name, bucket] of [["first", first] as const, ["last", last] as const]) {
      if (bucket === null) continue;
      began.push(within(`${name}_from`, `${name}_to`));
      Object.assign(bindings, { [`${name}_from`]: bucket.fromMs, [`${name}_to`]: bucket.toMs });
    }
    const long: Part[] = [];
    if (last !== null) {
      // Those that began before the last one, and ended after it.
      bindings.short = Math.max(0, last.fromMs - LONG_MS);
      const lived = `last_seen >= ${moment("last_from")}`;
      began.push(`(${within("short", "last_from")} AND ${lived})`);
      long.push({ table: FLOWS_LONG.name, where: `start < ${moment("short")} AND ${lived} AND ${ENDED_STILL} AND (${text})` });
    }
    const flows = { table: FLOWS.name, where: `(${began.join(" OR ")}) AND ${ENDED_STILL} AND (${text})` };
    const open = this.#openPart();
    return this.#life([flows, ...long, open], { ...bindings, ...open.bindings });
  }

  async firstOf(stretches: readonly TimeRange[]): Promise<Life | null> {
    for (const stretch of stretches) {
      const first = stretch.fromMs < stretch.toMs ? await this.#ended(stretch) : null;
      if (first !== null) return first;
    }
    return null;
  }

  async lastOf(stretches: readonly TimeRange[]): Promise<Life | null> {
    for (const stretch of stretches) {
      const life = stretch.fromMs < stretch.toMs ? await this.#ended(stretch) : null;
      if (life !== null) return { ...life, lastMs: Math.max(life.lastMs, await this.livedUntil(stretch.fromMs)) };
    }
    return null;
  }

  /** When the last one ended of those that began before and were active then; 0: there is none. */
  async livedUntil(beganMs: number): Promise<number> {
    const shortMs = Math.max(0, beganMs - LONG_MS);
    const parts = [
      { table: FLOWS.name, fromMs: shortMs, toMs: beganMs },
      { table: FLOWS_LONG.name, fromMs: 0, toMs: shortMs },
    ];
    const lives = await Promise.all(
      parts.map(({ table, fromMs, toMs }) => this.#ended({ fromMs, toMs }, table, `last_seen >= ${moment("began")}`, beganMs)),
    );
    return Math.max(0, ...lives.map((life) => life?.lastMs ?? 0));
  }

  async #ended({ fromMs, toMs }: TimeRange, table = FLOWS.name, lived = "true", beganMs = 0): Promise<Life | null> {
    const { text, bindings } = filterSql(this.#filter);
    const where = `start >= ${moment("from")} AND start < ${moment("to")} AND ${lived} AND ${ENDED_STILL} AND (${text})`;
    return this.#life([{ table, where }], { ...bindings, from: fromMs, to: toMs, began: beganMs });
  }

  async open(): Promise<Life | null> {
    const part = this.#openPart();
    return this.#life([part], part.bindings);
  }

  #openPart(): Part & { readonly bindings: Bindings } {
    const { text, bindings } = filterSql(this.#filter, { state: OPEN_STATE });
    return { table: FLOWS_OPEN.name, where: text, bindings: { ...bindings, heard: this.#heard.ids() } };
  }

  async #life(parts: readonly Part[], bindings: Bindings): Promise<Life | null> {
    const each = parts.map(
      ({ table, where }) =>
        `SELECT count() AS n, min(start) AS first, max(greatest(start, coalesce(end, last_seen))) AS last FROM ${table} FINAL WHERE ${where}`,
    );
    const ms = (expression: string) => `toUnixTimestamp64Milli(${expression})`;
    const [row] = await this.#inquiry.rows<{ flows: string; began: string; ended: string }>({
      table: parts.map(({ table }) => table).join(", "),
      sql: `SELECT toString(sum(n)) AS flows, ${ms("minIf(first, n > 0)")} AS began, ${ms("maxIf(last, n > 0)")} AS ended FROM (${each.join(" UNION ALL ")})`,
      bindings,
      options: { settings: SET_SETTINGS },
    });
    return row === undefined || row.flows === "0" ? null : { firstMs: Number(row.began), lastMs: Number(row.ended) };
  }
}
