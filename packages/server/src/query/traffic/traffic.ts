/** Asks how much traffic there was, by step and group: the largest groups, and all together. */
import type { ColumnName } from "@flowtrail/model";
import type { Inquiry } from "../inquiry.ts";
import { planTraffic, type TrafficPlan, type TrafficSources } from "./plan.ts";
import type { TrafficMeasure, TrafficQuestion } from "./question.ts";
import { atOnceSql, chosenSql, largestSql } from "./ranked-sql.ts";
import { groupName, TRAFFIC_SETTINGS, trafficSql } from "./traffic-sql.ts";

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

export interface RankedGroup extends Series {
  /** Stands for the values, wherever the same group is asked for again. */
  readonly key: bigint;
}

export interface Ranked {
  readonly plan: TrafficPlan;
  /** The largest first. */
  readonly groups: readonly RankedGroup[];
  /** Of all groups, told or not. */
  readonly total: Series;
  /** How many there are. */
  readonly found: number;
}

export type RankedQuestion = Omit<TrafficQuestion, "measures"> & { readonly measure: TrafficMeasure };

interface Steps {
  readonly at: readonly string[];
  readonly added: readonly string[];
}

interface Group {
  readonly key: string;
  readonly found: string;
  readonly [value: string]: unknown;
}

type AtOnce = Group & Steps & { readonly total: number };
type Chosen = Steps & { readonly place: number };

const NOTHING: Series = { values: [], sum: 0n, steps: new Map() };
/** Columns that have few values: groups and their steps are found in one pass. */
const FEW: ReadonlySet<ColumnName> = new Set<ColumnName>([
  "network",
  "protocol",
  "direction",
  "role",
  "state",
  "verdict",
  "src_type",
  "dst_type",
]);

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
   * @param chosen see `trafficSql`
   * @throws StoreError, QuestionError
   */
  async rows<T>(
    plan: TrafficPlan,
    inquiry: Inquiry,
    statement: (subquery: string) => string,
    bindings: Readonly<Record<string, unknown>>,
    chosen: readonly bigint[] | null = null,
  ): Promise<T[]> {
    const { text, bindings: own } = trafficSql(plan, () => this.#deps.heard.ids(), chosen);
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
   * @param only these groups instead of the largest
   * @throws StoreError, QuestionError
   */
  async ranked(
    { measure, ...asked }: RankedQuestion,
    limit: number,
    inquiry: Inquiry,
    only: readonly RankedGroup[] | null = null,
  ): Promise<Ranked> {
    const question = { ...asked, measures: [measure] };
    const plan = this.plan(question);
    const { groups } = question;
    if (only !== null && groups.length > 0) return this.#chosen(plan, only, only.length, inquiry);
    if (groups.every(({ needs }) => needs.every((name) => FEW.has(name)))) return this.#atOnce(plan, limit, inquiry);
    // Of many groups with all their steps nearly all would be made for nothing.
    const { largest, found } = await this.#largest(plan, limit, inquiry);
    return this.#chosen(plan, largest, found, inquiry);
  }

  async #atOnce(plan: TrafficPlan, limit: number, inquiry: Inquiry): Promise<Ranked> {
    const names = namesOf(plan);
    const rows = await this.rows<AtOnce>(plan, inquiry, (subquery) => atOnceSql(subquery, plan.question), { limit: limit + 1 });
    const [first] = rows;
    const total = first === undefined || first.total === 0 ? NOTHING : withSteps(NOTHING, first);
    const told =
      names.length === 0 ? [] : rows.filter((row) => row.total === 0).map((row) => withSteps(groupOf(row, names), row));
    return { plan, groups: told, total, found: first === undefined ? 0 : Number(first.found) - 1 };
  }

  /** Without steps, so that the widest buckets will do. */
  async #largest(stepped: TrafficPlan, limit: number, inquiry: Inquiry): Promise<{ largest: RankedGroup[]; found: number }> {
    const question = { ...stepped.question, stepMs: null };
    const wide = this.plan(question);
    // Only if it tells the same groups with the same sums.
    const isSame = wide.folded === stepped.folded && wide.estimated === stepped.estimated;
    const plan = isSame ? wide : { ...stepped, question };
    const rows = await this.rows<Group>(plan, inquiry, (subquery) => largestSql(subquery, question), { limit });
    return { largest: rows.map((row) => groupOf(row, namesOf(plan))), found: Number(rows[0]?.found ?? 0) };
  }

  /** The steps of these groups, and of all together: in one pass, so that the one never is more than the other. */
  async #chosen(plan: TrafficPlan, groups: readonly RankedGroup[], found: number, inquiry: Inquiry): Promise<Ranked> {
    // An empty list can't be looked through.
    const keys = groups.length === 0 ? [0n] : groups.map(({ key }) => key);
    const rows = await this.rows<Chosen>(plan, inquiry, (subquery) => chosenSql(subquery, plan.question), {}, keys);
    const told = groups.map((group, i) => {
      const row = rows.find(({ place }) => place === i + 1);
      return row === undefined ? { ...group, sum: 0n, steps: new Map<number, bigint>() } : withSteps(group, row);
    });
    const steps = new Map<number, bigint>();
    for (const row of rows) {
      for (const [step, value] of withSteps(NOTHING, row).steps) steps.set(step, (steps.get(step) ?? 0n) + value);
    }
    return { plan, groups: told, total: { ...NOTHING, sum: sumOf(steps), steps }, found };
  }
}

function namesOf({ question }: TrafficPlan): string[] {
  return question.groups.map((_, i) => groupName(i));
}

function groupOf(row: Group, names: readonly string[]): RankedGroup {
  return { ...NOTHING, values: names.map((name) => row[name] as Stored), key: BigInt(row.key) };
}

function withSteps<T extends Series>(group: T, { at, added }: Steps): T {
  const steps = new Map(at.map((step, i) => [Number(step), BigInt(added[i] ?? 0)]));
  return { ...group, sum: sumOf(steps), steps };
}

function sumOf(steps: ReadonlyMap<number, bigint>): bigint {
  return [...steps.values()].reduce((sum, value) => sum + value, 0n);
}
