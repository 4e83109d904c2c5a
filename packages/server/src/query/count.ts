/** `GET /api/flows/count`: how many rows a list has. */
import type { Filter, TimeRange } from "@flowtrail/model";
import { ROLLUP_QUESTION } from "../store/schema/rollup-tables.ts";
import { type CountedBy, countedBy } from "./counted-by.ts";
import { filterSql } from "./filter-sql.ts";
import type { KnownDeps } from "./flow-list-known.ts";
import { type Heard, passesNothing } from "./flow-set.ts";
import { countedFlows } from "./flow-set-sample.ts";
import { type FlowSet, flowSetSql, SET_SETTINGS, wholeSet } from "./flow-set-sql.ts";
import type { Inquiry, Question } from "./inquiry.ts";
import { withKnownTexts } from "./known-texts.ts";
import type { Narrowed } from "./narrowed.ts";
import { planTraffic, type Segment, type TrafficSources } from "./traffic/plan.ts";

/** Rows that are counted one by one: half a second. */
export const MOST_COUNTED = 20_000_000;

export interface CountDeps {
  readonly heard: Heard;
  readonly sources: TrafficSources;
  /** Left out: no values are counted. */
  readonly known?: KnownDeps;
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
  async count(range: TimeRange, asked: Narrowed, inquiry: Inquiry): Promise<FlowCount> {
    const filter = await withKnownTexts(asked, range, this.#deps.known, inquiry);
    if (passesNothing(filter)) return { count: 0, exact: true, note: null };
    const computed = this.#computed(range, filter);
    const set = computed === null ? wholeSet(range, filter) : { range, filter, began: computed.rest, openBegan: computed.rest };
    const [known, counted] = await Promise.all([
      computed === null ? 0 : begunIn(computed, inquiry),
      countedFlows<{ n: string }>(set, (part, weight) => this.#question(part, weight), this.#mostRows, inquiry),
    ]);
    const rest = Math.round(Number(counted.rows[0]?.n ?? 0));
    return { count: known + rest, exact: counted.sample === null, note: counted.sample?.note ?? null };
  }

  #question(set: FlowSet, weight: number): Question {
    // Counted where the rows are: of a cluster's shards each tells a number.
    const { text, bindings } = flowSetSql(set, this.#deps.heard, (_, name) =>
      weight === 1 ? "count() AS n" : `toFloat64(count()) * ${name === "begun" ? weight : 1} AS n`,
    );
    return {
      table: "flows",
      sql: `SELECT toString(sum(n)) AS n FROM (${text})`,
      bindings,
      options: { settings: SET_SETTINGS },
    };
  }

  /** As much of the range as rollups know of how many flows began; null: nothing. */
  #computed(range: TimeRange, filter: Filter): Computed | null {
    const counts = countedBy(filter);
    // Rollups remember flows that are not kept any more: no list has these.
    const fromMs = Math.max(range.fromMs, this.#deps.sources.flowsFromMs());
    if (counts === null || fromMs >= range.toMs) return null;
    const question = { filter: counts.filter, groups: [], measures: [counts.measure], range: { ...range, fromMs }, stepMs: null };
    const { segments } = planTraffic(question, this.#deps.sources);
    const rollups = segments.filter((segment) => segment.kind === "rollup");
    if (rollups.length === 0) return null;
    const unknown = segments.filter(({ kind }) => kind !== "rollup").map((segment) => segment.range);
    const before = { fromMs: range.fromMs, toMs: fromMs };
    return { ...counts, rollups, rest: before.fromMs < before.toMs ? [before, ...unknown] : unknown };
  }
}

interface Computed extends CountedBy {
  readonly rollups: readonly Extract<Segment, { kind: "rollup" }>[];
  /** Stretches of the range that they do not know. */
  readonly rest: readonly TimeRange[];
}

async function begunIn({ rollups, filter, measure }: Computed, inquiry: Inquiry): Promise<number> {
  const passes = filterSql(filter);
  const bindings: Record<string, unknown> = { ...passes.bindings };
  const parts = rollups.map(({ rollup, range }, i) => {
    Object.assign(bindings, { [`from${i}`]: range.fromMs / 1000, [`to${i}`]: range.toMs / 1000 });
    const second = (name: string) => `toDateTime({${name}${i}:UInt32}, 'UTC')`;
    return (
      `SELECT sum(${measure}) AS n FROM ${rollup.table.name} FINAL ` +
      `WHERE bucket >= ${second("from")} AND bucket < ${second("to")} AND (${passes.text})`
    );
  });
  const [row] = await inquiry.rows<{ n: string }>({
    table: rollups[0]?.rollup.table.name ?? "",
    sql: `SELECT toString(sum(n)) AS n FROM (${parts.join(" UNION ALL ")})`,
    bindings,
    options: { settings: ROLLUP_QUESTION },
  });
  return Number(row?.n ?? 0);
}
