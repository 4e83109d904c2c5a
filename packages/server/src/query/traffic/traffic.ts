/** Asks how much traffic there was, by step and group: the largest groups, and all together. */
import type { Inquiry } from "../inquiry.ts";
import { planTraffic, type TrafficPlan, type TrafficSources } from "./plan.ts";
import type { TrafficMeasure, TrafficQuestion } from "./question.ts";
import { groupName, KEYS, measureName, TRAFFIC_SETTINGS, trafficSql } from "./traffic-sql.ts";

export interface TrafficDeps {
  readonly sources: TrafficSources;
  /** Reporters that something was heard of lately: an open flow of any other one reads as lost. */
  readonly heard: { ids(): readonly string[] };
}

/** A value of a group, as the store tells it. */
export type Stored = string | number | boolean | null;

export interface Series {
  readonly values: readonly Stored[];
  readonly sum: bigint;
  /** By the number of the step, from 0; steps without any are left out. */
  readonly steps: ReadonlyMap<number, bigint>;
}

export interface Ranked {
  readonly plan: TrafficPlan;
  /** The largest first. */
  readonly groups: readonly Series[];
  /** Of all groups, told or not. */
  readonly total: Series;
  /** How many there are. */
  readonly found: number;
}

export type RankedQuestion = Omit<TrafficQuestion, "measures"> & { readonly measure: TrafficMeasure };

interface Row {
  readonly total: number;
  readonly sum: string;
  readonly at: readonly string[];
  readonly added: readonly string[];
  readonly found: string;
  readonly [group: string]: unknown;
}

const NOTHING: Series = { values: [], sum: 0n, steps: new Map() };

export class Traffic {
  readonly #deps: TrafficDeps;

  constructor(deps: TrafficDeps) {
    this.#deps = deps;
  }

  plan(question: TrafficQuestion): TrafficPlan {
    return planTraffic(question, this.#deps.sources);
  }

  /**
   * Rows of a statement over what a plan yields.
   * @param statement made from the subquery: columns `step`, `g0` …, `m_bytes` …
   * @throws StoreError, QuestionError
   */
  async rows<T>(
    plan: TrafficPlan,
    inquiry: Inquiry,
    statement: (subquery: string) => string,
    bindings: Readonly<Record<string, unknown>>,
  ): Promise<T[]> {
    const { text, bindings: own } = trafficSql(plan, () => this.#deps.heard.ids());
    const table = plan.tables.join(", ");
    if (plan.partial) inquiry.markPartial();
    return inquiry.rows<T>({
      table,
      sql: statement(text),
      bindings: { ...own, ...bindings },
      options: { settings: TRAFFIC_SETTINGS },
    });
  }

  /**
   * The largest groups over the range.
   * @param only these groups, by their stored values, instead of the largest
   * @throws StoreError, QuestionError
   */
  async ranked(
    { measure, ...question }: RankedQuestion,
    limit: number,
    inquiry: Inquiry,
    only?: readonly (readonly Stored[])[],
  ): Promise<Ranked> {
    const plan = this.plan({ ...question, measures: [measure] });
    const groups = question.groups.map((_, i) => groupName(i));
    const bindings = { limit: limit + 1, ...(only === undefined ? {} : { only: only.map(keyOf) }) };
    const rows = await this.rows<Row>(
      plan,
      inquiry,
      (subquery) => rankSql(subquery, groups, measure, only !== undefined),
      bindings,
    );
    const series = (row: Row): Series => ({
      values: groups.map((name) => row[name] as Stored),
      sum: BigInt(row.sum),
      steps: new Map(row.at.map((step, i) => [Number(step), BigInt(row.added[i] ?? 0)])),
    });
    const [first] = rows;
    const total = first === undefined || first.total === 0 ? NOTHING : { ...series(first), values: [] };
    const told = groups.length === 0 ? [] : rows.filter((row) => row.total === 0).map(series);
    return { plan, groups: told, total, found: first === undefined ? 0 : Number(first.found) - 1 };
  }
}

/** One pass over the rows: each group with its steps, and all together as one more row, which stands first. */
function rankSql(subquery: string, groups: readonly string[], measure: TrafficMeasure, chosen: boolean): string {
  const isOne = groups.length === 0;
  const keys = isOne ? "" : `${KEYS.join(", ")}, `;
  const total = isOne ? "1" : `toUInt8(grouping(${KEYS[0]}))`;
  const sets = isOne ? "step" : `GROUPING SETS ((step, ${KEYS.join(", ")}), (step))`;
  const cell = (name: string) => `c_${name}`;
  const values = groups.map((name) => `any(${name}) AS ${cell(name)}, `).join("");
  const cells = `SELECT ${total} AS total, step, ${keys}${values}sum(${measureName(measure)}) AS v FROM (${subquery}) GROUP BY ${sets}`;
  const key = groups.map(cell).map((name) => `ifNull(concat(toString(length(toString(${name}))), ':', toString(${name})), '-')`);
  const only = chosen && !isOne ? ` WHERE total = 1 OR concat(${key.join(", ")}) IN {only:Array(String)}` : "";
  const told = groups.map((name) => `any(${cell(name)}) AS ${name}, `).join("");
  const order = groups.map((name) => `${name}, `).join("");
  return (
    `SELECT total, ${told}sum(v) AS sum, groupArray(step) AS at, groupArray(v) AS added, count() OVER () AS found ` +
    `FROM (${cells})${only} GROUP BY ${keys}total HAVING sum > 0 ORDER BY total DESC, sum DESC, ${order}total LIMIT {limit:UInt32}`
  );
}

/** As `rankSql` writes it: each value with its length in bytes before it. */
function keyOf(values: readonly Stored[]): string {
  return values.map((value) => (value === null ? "-" : `${Buffer.byteLength(String(value))}:${value}`)).join("");
}
