/**
 * Who with whom: each end is met all the time, both together seldom, so indexes on single columns leave nearly all rows. Rollups of
 * pairs and visits know on which days such flows began: only these are read.
 */
import type { ColumnName, TimeRange } from "@flowtrail/model";
import { FLOWS } from "../store/schema/flow-tables.ts";
import { countedBy } from "./counted-by.ts";
import { filterSql } from "./filter-sql.ts";
import { enoughFrom, type KnownDeps } from "./flow-list-known.ts";
import type { FlowListQuery } from "./flow-list-order.ts";
import type { Segment } from "./flow-list-segments.ts";
import { endedActive } from "./flow-set.ts";
import type { Inquiry } from "./inquiry.ts";
import { moment, type Sql } from "./sql.ts";
import { filterColumns } from "./traffic/fields.ts";
import { rollupsFor } from "./traffic/plan.ts";
import { alignDown, alignUp } from "./traffic/steps.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Each is two parameters of a question, of which the store takes 1,000. */
const MOST_STRETCHES = 200;
/** More of the time is as quickly read as a whole. */
const MOST_SHARE = 0.7;
const NAMES = new Set<ColumnName>(["src_name", "dst_name", "src_id", "dst_id", "domain"]);

interface Begun {
  readonly at: string;
  readonly n: string;
}

/**
 * The same rows of a segment in other segments. Null: nothing is known.
 * @throws StoreError, QuestionError
 */
export async function byKnownDays(
  { table, began }: Segment,
  { range, filter }: FlowListQuery,
  { sources, leastMs }: KnownDeps,
  inquiry: Inquiry,
  wanted: number,
): Promise<Segment[] | null> {
  const counts = countedBy(filter);
  if (table !== FLOWS.name || began.toMs - began.fromMs < leastMs || counts === null) return null;
  // Rows of one name alone are found by an index.
  if ([...filterColumns(counts.filter)].filter((name) => NAMES.has(name)).length < 2) return null;
  // Hours of pairs are nearly as many rows as flows.
  const rollup = rollupsFor({ filter: counts.filter, groups: [] }, null).find(({ stepMs }) => stepMs === DAY_MS);
  if (rollup === undefined) return null;
  const { name } = rollup.table;
  const { storedBeforeMs, fromMs: countedFromMs } = sources.counted();
  const oldestMs = Math.max(began.fromMs, sources.flowsFromMs(), countedFromMs, sources.rollupFromMs(name));
  const known = {
    fromMs: alignUp(oldestMs, rollup.stepMs),
    toMs: alignDown(Math.min(began.toMs, sources.throughMs(name)), rollup.stepMs),
  };
  if (known.toMs - known.fromMs < leastMs) return null;
  const passes = filterSql(counts.filter);
  const active = endedActive({ began: known }, range, filter);
  const [counted, late] = await Promise.all([
    // What was replaced since is one bucket more to look at: no FINAL.
    inquiry.rows<Begun>({
      table: name,
      sql:
        `SELECT toString(toUnixTimestamp(bucket)) AS at, toString(sum(reports)) AS n FROM ${name} ` +
        `WHERE bucket >= toDateTime({b_from:UInt32}, 'UTC') AND bucket < toDateTime({b_to:UInt32}, 'UTC') AND (${passes.text}) ` +
        "AND reports > 0 GROUP BY bucket",
      bindings: { ...passes.bindings, b_from: known.fromMs / 1000, b_to: known.toMs / 1000 },
    }),
    // What may not be counted yet.
    inquiry.rows<Begun>({
      table,
      sql:
        `SELECT toString(toUnixTimestamp(toStartOfHour(start))) AS at, toString(count()) AS n FROM ${table} ` +
        `WHERE ${active.text} AND stored >= ${moment("stored")} GROUP BY at`,
      bindings: { ...active.bindings, stored: Math.max(0, storedBeforeMs) },
    }),
  ]);
  const within = (rows: readonly Begun[], widthMs: number): TimeRange[] =>
    rows.map(({ at }) => ({ fromMs: Number(at) * 1000, toMs: Number(at) * 1000 + widthMs }));
  const stretches = joined([
    { fromMs: began.fromMs, toMs: known.fromMs },
    ...within(counted, rollup.stepMs),
    ...within(late, HOUR_MS),
    { fromMs: known.toMs, toMs: began.toMs },
  ]);
  const readMs = stretches.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  const days = new Map([...counted, ...late].map(({ at, n }) => [Number(at) * 1000, Number(n)]));
  const splitMs = Math.min(began.toMs, Math.max(began.fromMs, enoughFrom(days, wanted)));
  const isMuch = readMs > MOST_SHARE * (began.toMs - began.fromMs) && splitMs === began.fromMs;
  if (isMuch || stretches.length > MOST_STRETCHES) return null;
  return [
    { fromMs: splitMs, toMs: began.toMs },
    { fromMs: began.fromMs, toMs: splitMs },
  ].flatMap((part) => {
    const own = stretches.filter(({ fromMs, toMs }) => fromMs < part.toMs && toMs > part.fromMs);
    return own.length === 0 ? [] : [{ table, began: part, only: inAny(own) }];
  });
}

/** In order, those that touch as one. */
function joined(stretches: readonly TimeRange[]): TimeRange[] {
  const told: TimeRange[] = [];
  for (const one of stretches.filter(({ fromMs, toMs }) => fromMs < toMs).sort((a, b) => a.fromMs - b.fromMs)) {
    const last = told.at(-1);
    if (last === undefined || last.toMs < one.fromMs) told.push(one);
    else told[told.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, one.toMs) };
  }
  return told;
}

function inAny(stretches: readonly TimeRange[]): Sql {
  const bindings = stretches.flatMap(({ fromMs, toMs }, i) => [[`h_from${i}`, fromMs] as const, [`h_to${i}`, toMs] as const]);
  const each = stretches.map((_, i) => `(start >= ${moment(`h_from${i}`)} AND start < ${moment(`h_to${i}`)})`);
  return { text: each.join(" OR "), bindings: Object.fromEntries(bindings) };
}
