/** `GET /api/flows/seen`: since when something is known, and when it was active last. */
import type { Filter, TimeRange } from "@flowtrail/model";
import { FLOWS, FLOWS_LONG, FLOWS_OPEN, LONG_MS } from "../store/schema/flow-tables.ts";
import { ROLLUP_QUESTION, type Rollup } from "../store/schema/rollup-tables.ts";
import { filterSql } from "./filter-sql.ts";
import { type Heard, OPEN_STATE } from "./flow-set.ts";
import { ENDED_STILL, SET_SETTINGS } from "./flow-set-sql.ts";
import type { Inquiry } from "./inquiry.ts";
import { moment } from "./sql.ts";
import { rollupsFor, type TrafficSources } from "./traffic/plan.ts";

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

/** Where flows that pass began, as a rollup knows it: the first and the last bucket. */
interface Buckets {
  readonly rollup: Rollup;
  /** Flows that began in between are known. */
  readonly fromMs: number;
  readonly throughMs: number;
  readonly first: TimeRange | null;
  readonly last: TimeRange | null;
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
  async seen(filter: Filter, inquiry: Inquiry): Promise<Seen> {
    const question = new SeenQuestion(filter, this.#deps.heard, inquiry);
    const all = { fromMs: 0, toMs: Math.max(this.#deps.now(), await question.newestMs()) + 1 };
    const buckets = await this.#buckets(filter, inquiry);
    const first = await this.#first(question, all, buckets);
    if (first === null && buckets?.first == null) return { firstMs: null, lastMs: null, exact: true, note: null };
    const last = await this.#last(question, all, buckets);
    const gone = goneBucket(first, buckets);
    return {
      firstMs: gone?.fromMs ?? first?.firstMs ?? null,
      lastMs: last?.lastMs ?? buckets?.last?.toMs ?? null,
      exact: gone === null && last !== null,
      note: gone === null && last !== null ? null : "known to its hour or day only: flows of then are not kept any more",
    };
  }

  async #first(question: SeenQuestion, all: TimeRange, buckets: Buckets | null): Promise<Life | null> {
    if (buckets === null) return question.firstOf(windowsFrom(Math.min(await question.oldestMs(), all.toMs), all.toMs));
    const stretches = [
      { fromMs: 0, toMs: buckets.fromMs },
      ...(buckets.first === null ? [] : [buckets.first]),
      { fromMs: buckets.throughMs, toMs: all.toMs },
    ];
    return question.firstOf(stretches);
  }

  async #last(question: SeenQuestion, all: TimeRange, buckets: Buckets | null): Promise<Life | null> {
    const stretches =
      buckets === null
        ? windowsTo(Math.min(await question.oldestMs(), all.toMs), all.toMs)
        : [
            { fromMs: buckets.throughMs, toMs: all.toMs },
            ...(buckets.last === null ? [] : [buckets.last]),
            { fromMs: 0, toMs: buckets.fromMs },
          ];
    const found = await question.lastOf(stretches);
    return found && { ...found.life, lastMs: Math.max(found.life.lastMs, await question.livedUntil(found.beganMs)) };
  }

  async #buckets(filter: Filter, inquiry: Inquiry): Promise<Buckets | null> {
    const { sources } = this.#deps;
    const rollup = rollupsFor({ filter, groups: [] }, null).find(({ table }) => sources.throughMs(table.name) > 0);
    if (rollup === undefined) return null;
    const { name } = rollup.table;
    const where = filterSql(filter);
    const [row] = await inquiry.rows<{ n: string; first: number; last: number }>({
      table: name,
      sql:
        "SELECT count() AS n, toUnixTimestamp(min(bucket)) AS first, toUnixTimestamp(max(bucket)) AS last " +
        `FROM ${name} FINAL WHERE reports > 0 AND (${where.text})`,
      bindings: where.bindings,
      // `reports` is no part of the key: it may be looked at only when the rows have replaced each other.
      options: { settings: { ...ROLLUP_QUESTION, optimize_move_to_prewhere_if_final: 0 } },
    });
    const bucket = (second: number) => ({ fromMs: second * 1000, toMs: second * 1000 + rollup.stepMs });
    const none = row === undefined || row.n === "0";
    return {
      rollup,
      fromMs: sources.rollupFromMs(name),
      throughMs: sources.throughMs(name),
      first: none ? null : bucket(row.first),
      last: none ? null : bucket(row.last),
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

class SeenQuestion {
  readonly #filter: Filter;
  readonly #heard: Heard;
  readonly #inquiry: Inquiry;

  constructor(filter: Filter, heard: Heard, inquiry: Inquiry) {
    this.#filter = filter;
    this.#heard = heard;
    this.#inquiry = inquiry;
  }

  /** Of ended flows; ClickHouse knows it without reading. */
  async oldestMs(): Promise<number> {
    return this.#edge("min");
  }

  async newestMs(): Promise<number> {
    return this.#edge("max");
  }

  async #edge(which: "min" | "max"): Promise<number> {
    const sql = `SELECT toUnixTimestamp64Milli(${which}(start)) AS ms FROM ${FLOWS.name}`;
    const [row] = await this.#inquiry.rows<{ ms: string }>({ table: FLOWS.name, sql, bindings: {} });
    return Number(row?.ms ?? 0);
  }

  async firstOf(stretches: readonly TimeRange[]): Promise<Life | null> {
    let first: Life | null = null;
    for (const stretch of stretches) {
      first = stretch.fromMs < stretch.toMs ? await this.#ended(stretch) : null;
      if (first !== null) break;
    }
    const open = await this.#open();
    return first === null || (open !== null && open.firstMs < first.firstMs) ? open : first;
  }

  /** @returns also from when on flows began that were looked at */
  async lastOf(stretches: readonly TimeRange[]): Promise<{ life: Life; beganMs: number } | null> {
    const open = await this.#open();
    for (const stretch of stretches) {
      const life = stretch.fromMs < stretch.toMs ? await this.#ended(stretch) : null;
      if (life === null) continue;
      return { life: { ...life, lastMs: Math.max(life.lastMs, open?.lastMs ?? 0) }, beganMs: stretch.fromMs };
    }
    return open && { life: open, beganMs: 0 };
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
    return this.#life(table, where, { ...bindings, from: fromMs, to: toMs, began: beganMs });
  }

  async #open(): Promise<Life | null> {
    const { text, bindings } = filterSql(this.#filter, { state: OPEN_STATE });
    return this.#life(FLOWS_OPEN.name, text, { ...bindings, heard: this.#heard.ids() });
  }

  async #life(table: string, where: string, bindings: Readonly<Record<string, unknown>>): Promise<Life | null> {
    const ms = (expression: string) => `toUnixTimestamp64Milli(${expression})`;
    const [row] = await this.#inquiry.rows<{ n: string; first: string; last: string }>({
      table,
      sql:
        `SELECT count() AS n, ${ms("min(start)")} AS first, ${ms("max(greatest(start, coalesce(end, last_seen)))")} AS last ` +
        `FROM ${table} FINAL WHERE ${where}`,
      bindings,
      options: { settings: SET_SETTINGS },
    });
    return row === undefined || row.n === "0" ? null : { firstMs: Number(row.first), lastMs: Number(row.last) };
  }
}
