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
  readonly key: string;
  readonly v: string;
  readonly found: string;
  readonly total: string;
  readonly [group: string]: unknown;
}

/** @throws StoreError, QuestionError */
export async function largest(traffic: Traffic, query: ListQuery, inquiry: Inquiry): Promise<OverviewList> {
  const { range, filter, by, metric, limit } = query;
  const measure = measureOf(metric);
  // High ports are clients' own: one after the other, they would say nothing.
  const question = { filter, groups: by, measures: [measure], stepMs: null, fold: true };
  const names = by.map((_, i) => groupName(i));
  const key = `toString(tuple(${names.join(", ")}))`;
  const sum = `sum(${measureName(measure)}) AS v`;
  const plan = traffic.plan({ ...question, range });
  const found = await traffic.rows<Row>(
    plan,
    inquiry,
    (subquery) =>
      `SELECT ${names.join(", ")}, ${key} AS key, ${sum}, count() OVER () AS found, sum(v) OVER () AS total FROM (${subquery}) ` +
      `GROUP BY ${names.join(", ")} HAVING v > 0 ORDER BY v DESC, key LIMIT {limit:UInt32}`,
    { limit },
  );
  const before = await traffic.rows<Pick<Row, "key" | "v">>(
    traffic.plan({ ...question, range: query.before }),
    inquiry,
    (subquery) => `SELECT ${key} AS key, ${sum} FROM (${subquery}) WHERE has({keys:Array(String)}, key) GROUP BY key`,
    { keys: found.map((row) => row.key) },
  );
  const earlier = new Map(before.map((row) => [row.key, BigInt(row.v)]));
  const total = BigInt(found[0]?.total ?? 0);
  const rest = found.reduce((left, { v }) => left - BigInt(v), total);
  const told = (value: bigint) => ({ value: valueTold(value, query), share: shareOf(value, total) });
  return {
    rows: found.map((row) => ({
      by: by.map((field, i) => groupValue(field, row[groupName(i)] as Stored, plan.folded)),
      ...told(BigInt(row.v)),
      previous: valueTold(earlier.get(row.key) ?? 0n, { ...query, range: query.before }),
    })),
    other: { ...told(rest), groups: Number(found[0]?.found ?? 0) - found.length },
    total: valueTold(total, query),
    estimated: plan.estimated,
  };
}

function shareOf(value: bigint, total: bigint): number {
  return total === 0n ? 0 : Math.round((Number(value) / Number(total)) * 1e6) / 1e6;
}
