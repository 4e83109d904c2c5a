/** `GET /api/flows/count`: how many rows a list has. */
import { allFilters, conditionsOf, type Filter, type TimeRange } from "@flowtrail/model";
import type { Rollup } from "../store/schema/rollup-tables.ts";
import { filterSql } from "./filter-sql.ts";
import type { Heard } from "./flow-set.ts";
import { countedFlows } from "./flow-set-sample.ts";
import { type FlowSet, flowSetSql, SET_SETTINGS, wholeSet } from "./flow-set-sql.ts";
import type { Inquiry, Question } from "./inquiry.ts";
import { rollupsFor } from "./traffic/plan.ts";
import { alignDown, alignUp } from "./traffic/steps.ts";

/** Rows that are counted one by one: half a second. */
export const MOST_COUNTED = 20_000_000;
const DAY_MS = 24 * 3_600_000;
/** From here on whole hours are better than whole minutes: what is left at the edges is little beside the rest. */
const LONG_RANGE_MS = 2 * DAY_MS;

export interface CountDeps {
  readonly heard: Heard;
  /** Buckets of this rollup that begin before then are computed, ms since 1970; 0: none is. */
  throughMs(rollup: string): number;
  /** Flows that began since then are kept, ms since 1970. */
  keptFromMs(): number;
}

export interface FlowCount {
  readonly count: number;
  readonly exact: boolean;
  /** How it was estimated, for people. */
  readonly note: string | null;
}

export class FlowCounts {
  readonly #deps: CountDeps;
  readonly #mostRows: number;

  constructor(deps: CountDeps, mostRows = MOST_COUNTED) {
    this.#deps = deps;
    this.#mostRows = mostRows;
  }

  /**
   * Rows of a list of this range and filter.
   * @throws StoreError, QuestionError
   */
  async count(range: TimeRange, filter: Filter, inquiry: Inquiry): Promise<FlowCount> {
    const computed = this.#computed(range, filter);
    const set = computed === null ? wholeSet(range, filter) : withoutBegun(range, filter, computed.range);
    const [known, counted] = await Promise.all([
      computed === null ? 0 : begunSince(computed, inquiry),
      countedFlows<{ n: string }>(set, (part, weight) => this.#question(part, weight), this.#mostRows, inquiry),
    ]);
    const rest = Math.round(Number(counted.rows[0]?.n ?? 0));
    return { count: known + rest, exact: counted.sample === null, note: counted.sample?.note ?? null };
  }

  #question(set: FlowSet, weight: number): Question {
    const { text, bindings } = flowSetSql(set, this.#deps.heard, (_, isBegan) => `${isBegan ? weight : 1} AS weight`);
    return {
      table: "flows",
      sql: `SELECT toString(${weight === 1 ? "count()" : "sum(weight)"}) AS n FROM (${text})`,
      bindings,
      options: { settings: SET_SETTINGS },
    };
  }

  /** The longest stretch of the range of which a rollup knows how many flows began, if there is one. */
  #computed(range: TimeRange, filter: Filter): Computed | null {
    const counts = countedBy(filter);
    if (counts === null) return null;
    const rollups = rollupsFor({ filter: counts.filter, groups: [] }, null);
    const isLong = range.toMs - range.fromMs >= LONG_RANGE_MS;
    const [rollup] = isLong ? rollups.toSorted((a, b) => b.stepMs - a.stepMs) : rollups;
    if (rollup === undefined) return null;
    const fromMs = alignUp(Math.max(range.fromMs, this.#deps.keptFromMs()), rollup.stepMs);
    const toMs = alignDown(Math.min(range.toMs, this.#deps.throughMs(rollup.table.name)), rollup.stepMs);
    return fromMs < toMs ? { ...counts, rollup, range: { fromMs, toMs } } : null;
  }
}

interface Computed {
  readonly rollup: Rollup;
  readonly range: TimeRange;
  readonly filter: Filter;
  readonly measure: "connections" | "reports";
}

/** Rollups count primary reports, and all of them: a filter must say no more about it. */
function countedBy(filter: Filter): Pick<Computed, "filter" | "measure"> | null {
  const parts = filter.kind === "and" ? filter.parts : [filter];
  const isPrimary = (part: Filter) =>
    part.kind === "is" && part.field === "primary" && !part.not && part.values.every((value) => value === true);
  const rest = allFilters(parts.filter((part) => !isPrimary(part)));
  const saysMore = [...conditionsOf(rest)].some((condition) => condition.kind !== "text" && condition.field === "primary");
  return saysMore ? null : { filter: rest, measure: parts.some(isPrimary) ? "connections" : "reports" };
}

/** What a rollup does not tell: those that began elsewhere. */
function withoutBegun(range: TimeRange, filter: Filter, { fromMs, toMs }: TimeRange): FlowSet {
  const edges = [
    { fromMs: range.fromMs, toMs: fromMs },
    { fromMs: toMs, toMs: range.toMs },
  ];
  return { range, filter, began: edges.filter((edge) => edge.fromMs < edge.toMs), openBegan: true };
}

async function begunSince({ rollup, range, filter, measure }: Computed, inquiry: Inquiry): Promise<number> {
  const passes = filterSql(filter);
  const second = (name: string) => `toDateTime({${name}:UInt32}, 'UTC')`;
  const { name } = rollup.table;
  const [row] = await inquiry.rows<{ n: string }>({
    table: name,
    sql: `SELECT toString(sum(${measure})) AS n FROM ${name} FINAL WHERE bucket >= ${second("from")} AND bucket < ${second("to")} AND (${passes.text})`,
    bindings: { ...passes.bindings, from: range.fromMs / 1000, to: range.toMs / 1000 },
    options: { settings: SET_SETTINGS },
  });
  return Number(row?.n ?? 0);
}
