/** Asks how much traffic there was, by step and group: the largest groups, and all together. */
import type { ColumnName, Filter, TimeRange } from "@flowtrail/model";
import type { KnownDeps } from "../flow-list-known.ts";
import { passesNothing } from "../flow-set.ts";
import type { Inquiry } from "../inquiry.ts";
import { withKnownTexts } from "../known-texts.ts";
import { namesOf as groupNames } from "./names.ts";
import { planTraffic, type TrafficPlan, type TrafficSources } from "./plan.ts";
import type { RankedBy, TrafficMeasure, TrafficQuestion } from "./question.ts";
import { atOnceSql, chosenSql, largestSql, rankBindings } from "./ranked-sql.ts";
import { type Beside, type By, groupName, TRAFFIC_SETTINGS, trafficSql } from "./traffic-sql.ts";

export interface TrafficDeps {
  readonly sources: TrafficSources;
  /** Reporters that something was heard of lately: an open flow of any other one reads as lost. */
  readonly heard: { ids(): readonly string[] };
  /** Left out: no values are counted. */
  readonly known?: KnownDeps;
}

/** A value of a group, as the store tells it. */
export type Stored = string | number | boolean | null;

export interface Series {
  readonly values: readonly Stored[];
  readonly sum: bigint;
  /** By the number of the step, from 0; steps without any are left out. */
  readonly steps: ReadonlyMap<number, bigint>;
}

interface RankedGroup extends Series {
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

export type RankedQuestion = Omit<TrafficQuestion, "measures"> & {
  readonly measure: TrafficMeasure;
  /** Left out: by their sum. */
  readonly rank?: RankedBy | undefined;
};

interface Steps {
  readonly at: readonly string[];
  readonly added: readonly string[];
}

interface Found {
  readonly key: string;
  readonly found: string;
}

interface Values {
  readonly [group: string]: unknown;
}

type AtOnce = Found & Values & Steps & { readonly total: number };
type Chosen = Values & Steps & { readonly place: number };

/** Rows of so much time are read a second time: the hours at both ends of a range, and what is not computed yet. */
const TWICE_MS = 3 * 3_600_000;
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

  /**
   * The same filter over this time, with what is known of its texts: rollups may know more of it, or nothing passes it.
   * @throws StoreError, QuestionError
   */
  withKnown(filter: Filter, range: TimeRange, inquiry: Inquiry): Promise<Filter> {
    return withKnownTexts(filter, range, this.#deps.known, inquiry);
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
    by?: By,
    beside: readonly Beside[] = [],
  ): Promise<T[]> {
    const { text, bindings: own } = trafficSql(plan, () => this.#deps.heard.ids(), by, beside);
    const plans = [plan, ...beside.map((other) => other.plan)];
    const table = [...new Set(plans.flatMap(({ tables }) => tables))].join(", ");
    if (plans.some(({ partial }) => partial)) inquiry.markPartial();
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
    { measure, rank, ...asked }: RankedQuestion,
    limit: number,
    inquiry: Inquiry,
    only: readonly RankedGroup[] | null = null,
  ): Promise<Ranked> {
    const question = { ...asked, measures: [measure] };
    const plan = this.plan(question);
    const { groups } = question;
    if (passesNothing(question.filter)) return { plan, groups: [], total: NOTHING, found: 0 };
    if (only !== null && groups.length > 0) {
      const keys = only.map(({ key }) => key);
      const { groups: found, ...answer } = await this.#chosen(plan, keys, keys.length, inquiry, false);
      return { ...answer, groups: only.map(({ values }, i) => ({ ...(found[i] as RankedGroup), values })) };
    }
    const isFew = groups.every(({ needs }) => needs.every((name) => FEW.has(name)));
    // What rows are read for is dear to read twice. Another rank than the sum needs the steps of all groups.
    if (isFew || rank !== undefined || rowsMs(plan) > TWICE_MS) return this.#atOnce(plan, limit, inquiry, rank);
    // Of many groups with all their steps nearly all would be made for nothing.
    const largest = await this.#largest(plan, limit, inquiry);
    return this.#chosen(plan, largest.keys, largest.found, inquiry);
  }

  async #atOnce(plan: TrafficPlan, limit: number, inquiry: Inquiry, rank?: RankedBy): Promise<Ranked> {
    const names = namesOf(plan);
    const sql = (subquery: string) => atOnceSql(subquery, plan.question, rank);
    const rows = await this.rows<AtOnce>(plan, inquiry, sql, { limit: limit + 1, ...rankBindings(rank) });
    const [first] = rows;
    const total = first === undefined || first.total === 0 ? NOTHING : withSteps(NOTHING, first);
    const groups = rows
      .filter((row) => names.length > 0 && row.total === 0)
      .map((row) => withSteps({ ...NOTHING, values: valuesOf(row, names), key: BigInt(row.key) }, row));
    return { plan, groups, total, found: first === undefined ? 0 : Number(first.found) - 1 };
  }

  /** Without steps, so that the widest buckets will do, and by their keys alone. */
  async #largest(stepped: TrafficPlan, limit: number, inquiry: Inquiry): Promise<{ keys: bigint[]; found: number }> {
    const question = { ...stepped.question, stepMs: null };
    const wide = this.plan(question);
    // Only if it tells the same groups with the same sums.
    const isSame = wide.folded === stepped.folded && wide.estimated === stepped.estimated;
    const plan = isSame ? wide : { ...stepped, question };
    const sql = (subquery: string) => largestSql(subquery, question);
    const rows = await this.rows<Found>(plan, inquiry, sql, { limit }, { kind: "keys" });
    return { keys: rows.map(({ key }) => BigInt(key)), found: Number(rows[0]?.found ?? 0) };
  }

  /** The steps of these groups, and of all together: in one pass, so that the one never is more than the other. */
  async #chosen(
    plan: TrafficPlan,
    keys: readonly bigint[],
    found: number,
    inquiry: Inquiry,
    areNamesWanted = true,
  ): Promise<Ranked> {
    // An empty list can't be looked through.
    const chosen = keys.length === 0 ? [0n] : keys;
    // Long texts of all groups would be read for a few of them.
    const isNamed = areNamesWanted && !plan.question.groups.some(({ keyed }) => keyed !== undefined);
    const sql = (subquery: string) => chosenSql(subquery, plan.question, isNamed);
    const rows = await this.rows<Chosen>(plan, inquiry, sql, {}, { kind: "place", chosen, isNamed });
    const names = isNamed ? namesOf(plan) : [];
    const groups = keys.map((key, i): RankedGroup => {
      const row = rows.find(({ place }) => place === i + 1);
      return row === undefined ? { ...NOTHING, key } : withSteps({ ...NOTHING, values: valuesOf(row, names), key }, row);
    });
    const steps = new Map<number, bigint>();
    for (const row of rows) {
      for (const [step, value] of withSteps(NOTHING, row).steps) steps.set(step, (steps.get(step) ?? 0n) + value);
    }
    const total = { ...NOTHING, sum: sumOf(steps), steps };
    return { plan, groups: isNamed || !areNamesWanted ? groups : await this.#named(plan, groups, inquiry), total, found };
  }

  async #named({ question }: TrafficPlan, groups: readonly RankedGroup[], inquiry: Inquiry): Promise<RankedGroup[]> {
    const sought = groups.map(({ key, steps }) => ({ key, step: steps.size === 0 ? null : Math.max(...steps.keys()) }));
    const names = await groupNames(this, question, sought, inquiry);
    return groups.map((group) => ({ ...group, values: names.get(String(group.key)) ?? group.values }));
  }
}

/** How much time no rollup has the answer for. */
export function rowsMs({ segments }: TrafficPlan): number {
  return segments.reduce((sum, { kind, range }) => (kind === "rollup" ? sum : sum + range.toMs - range.fromMs), 0);
}

function namesOf({ question }: TrafficPlan): string[] {
  return question.groups.map((_, i) => groupName(i));
}

function valuesOf(row: Values, names: readonly string[]): Stored[] {
  return names.map((name) => row[name] as Stored);
}

function withSteps<T extends Series>(group: T, { at, added }: Steps): T {
  const steps = new Map(at.map((step, i) => [Number(step), BigInt(added[i] ?? 0)]));
  return { ...group, sum: sumOf(steps), steps };
}

function sumOf(steps: ReadonlyMap<number, bigint>): bigint {
  return [...steps.values()].reduce((sum, value) => sum + value, 0n);
}
