/** The largest of something in a range, and what these had in the time before: totals alone, so that the widest sums will do. */
import type { Filter } from "@flowtrail/model";
import type { Inquiry } from "./inquiry.ts";
import type { Ranges } from "./overview-tiles.ts";
import { type Amount, valueTold } from "./traffic/amounts.ts";
import { type GroupField, groupValue } from "./traffic/fields.ts";
import { type Metric, measureOf } from "./traffic/question.ts";
import type { Stored, Traffic } from "./traffic/traffic.ts";
import { groupName, measureName } from "./traffic/traffic-sql.ts";

export interface ListQuery extends Ranges {
  readonly filter: Filter;
  readonly by: readonly GroupField[];
  readonly metric: Metric;
  readonly limit: number;
}

export interface OverviewList {
  /** The largest first. */
  readonly rows: {
    readonly by: (string | null)[];
    readonly value: Amount;
    /** Of the total. */
    readonly share: number;
    readonly previous: Amount;
  }[];
  readonly other: { readonly value: Amount; readonly share: number; readonly groups: number };
  readonly total: Amount;
  readonly estimated: boolean;
}

interface Row {
  readonly v: string;
  readonly p: string;
  readonly found: string;
  readonly total: string;
  readonly [group: string]: unknown;
}

/** What stands for the time before. */
const BEFORE = -1;

/** @throws StoreError, QuestionError */
export async function largest(traffic: Traffic, query: ListQuery, inquiry: Inquiry): Promise<OverviewList> {
  const { range, filter, by, metric, limit } = query;
  const measure = measureOf(metric);
  // High ports are clients' own: one after the other, they would say nothing.
  const question = { filter, groups: by, measures: [measure], stepMs: null, fold: true };
  const names = by.map((_, i) => groupName(i)).join(", ");
  const value = measureName(measure);
  const plan = traffic.plan({ ...question, range });
  const beside = [{ plan: traffic.plan({ ...question, range: query.before }), step: BEFORE }];
  const rows = await traffic.rows<Row>(
    plan,
    inquiry,
    (subquery) =>
      `SELECT ${names}, sumIf(${value}, step >= 0) AS v, sumIf(${value}, step = ${BEFORE}) AS p, count() OVER () AS found, ` +
      `sum(v) OVER () AS total FROM (${subquery}) GROUP BY ${names} HAVING v > 0 ` +
      `ORDER BY v DESC, toString(tuple(${names})) LIMIT {limit:UInt32}`,
    { limit },
    { kind: "values" },
    beside,
  );
  const found = {
    rows: rows.map((row) => ({
      by: by.map((field, i) => groupValue(field, row[groupName(i)] as Stored, plan.folded)),
      value: row.v,
      previous: row.p,
    })),
    groups: Number(rows[0]?.found ?? 0),
    total: rows[0]?.total ?? "0",
    estimated: plan.estimated,
  };
  return overviewList(found, query);
}

interface FoundList {
  /** The largest first, with sums of the range and of the time before. */
  readonly rows: readonly { readonly by: (string | null)[]; readonly value: string; readonly previous: string }[];
  /** How many there are in all, and what they have together. */
  readonly groups: number;
  readonly total: string;
  readonly estimated: boolean;
}

/** What an answer tells of them. */
export function overviewList({ rows, groups, estimated, ...found }: FoundList, query: Ranges & { metric: Metric }): OverviewList {
  const total = BigInt(found.total);
  const rest = rows.reduce((left, { value }) => left - BigInt(value), total);
  const told = (value: bigint) => ({ value: valueTold(value, query), share: shareOf(value, total) });
  return {
    rows: rows.map(({ by, value, previous }) => ({
      by,
      ...told(BigInt(value)),
      previous: valueTold(BigInt(previous), { ...query, range: query.before }),
    })),
    other: { ...told(rest), groups: groups - rows.length },
    total: valueTold(total, query),
    estimated,
  };
}

function shareOf(value: bigint, total: bigint): number {
  return total === 0n ? 0 : Math.round((Number(value) / Number(total)) * 1e6) / 1e6;
}
