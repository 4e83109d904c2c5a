/**
 * The domains outside of the network that there was traffic with: the largest, how many, and which of them were not there before. All of
 * it in one pass over the range and the time before, by numbers that stand for domains; then the names of those that are told.
 */
import { allFilters, type Filter, type TimeRange } from "@flowtrail/model";
import { columnIs } from "./filters.ts";
import type { Inquiry } from "./inquiry.ts";
import { type OverviewList, overviewList } from "./overview-list.ts";
import type { Ranges, Tile } from "./overview-tiles.ts";
import { type Amount, amount } from "./traffic/amounts.ts";
import { type GroupField, groupField } from "./traffic/fields.ts";
import { namesOf, type Sought } from "./traffic/names.ts";
import { leastStepMs } from "./traffic/plan.ts";
import { type Metric, measureOf } from "./traffic/question.ts";
import { alignDown, stepFor, stepsIn } from "./traffic/steps.ts";
import type { Traffic } from "./traffic/traffic.ts";
import { type Beside, KEYS, measureName } from "./traffic/traffic-sql.ts";

export interface ExternalsQuery extends Ranges {
  readonly filter: Filter;
  /** Of the list. */
  readonly metric: Metric;
  readonly limit: number;
}

export interface Externals {
  readonly list: OverviewList;
  /** How many domains there were, in all and step by step. */
  readonly tile: Tile;
  readonly fresh: NewExternals;
}

export interface NewExternals {
  /** The largest first. */
  readonly rows: { readonly domain: string; readonly bytes: Amount }[];
  /** How many there are besides. */
  readonly more: number;
  /** Since when they were not seen, up to the range; null: nothing is known from before, all would be new. */
  readonly since: string | null;
  /** False: only the largest were looked up. */
  readonly complete: boolean;
}

const DOMAIN = [groupField("dst.domain")].filter((field): field is GroupField => typeof field !== "string");
/** At most: each is one bit of a number. */
const STEPS = 40;
const DAY_MS = 86_400_000;
/** Whoever was not seen for so long is new. */
const LOOK_BACK_MS = 30 * DAY_MS;
const MOST_NEW = 8;
/** Of times before the range: nearest to it both what is compared with and what is looked back at, further back one of these. */
const [BOTH, ONE] = [-1, -2];
/** The bit of the time that is looked back at. */
const EARLIER = 63;

/** Of flows that pass, those to the outside. */
export function toExternals(filter: Filter): Filter {
  return allFilters([filter, columnIs("dst_type", ["external"])]);
}

/** Key, sum, sum of the time before, one bit for each step that has any bytes. */
type Keyed = readonly [key: string, sum: string, previous: string, steps: string];

interface Found {
  /** Domains of the range, and of the time that it is compared with. */
  readonly found: string;
  readonly previous: string;
  /** Whatever there was in the time that is looked back at. */
  readonly earlier: string;
  /** Of the list: with what has no domain. */
  readonly groups: string;
  readonly total: string;
  /** The largest first. */
  readonly largest: readonly Keyed[];
  /** New ones, by their bytes. */
  readonly fresh: readonly Keyed[];
  readonly fresh_found: string;
  readonly steps: readonly string[];
}

const NOTHING: Found = {
  found: "0",
  previous: "0",
  earlier: "0",
  groups: "0",
  total: "0",
  largest: [],
  fresh: [],
  fresh_found: "0",
  steps: [],
};

/** @throws StoreError, QuestionError */
export async function externalsOf(traffic: Traffic, query: ExternalsQuery, inquiry: Inquiry): Promise<Externals> {
  const { range, before, metric } = query;
  const measure = measureOf(metric);
  const filter = toExternals(query.filter);
  const measures = measure === "bytes" ? (["bytes"] as const) : (["bytes", measure] as const);
  const question = { filter, groups: DOMAIN, measures };
  const stepMs = stepFor(range, STEPS, leastStepMs(question, range, STEPS / 2));
  const plan = traffic.plan({ ...question, range, stepMs });
  // Whole days: sums by day know them.
  const earlier = { fromMs: Math.max(0, alignDown(range.fromMs - LOOK_BACK_MS, DAY_MS)), toMs: range.fromMs };
  const planned = (part: TimeRange, step: number): Beside[] =>
    part.fromMs < part.toMs ? [{ step, plan: traffic.plan({ ...question, range: part, stepMs: null }) }] : [];
  const bothFromMs = Math.max(earlier.fromMs, before.fromMs);
  const beside = [
    ...planned({ fromMs: bothFromMs, toMs: range.fromMs }, BOTH),
    ...planned({ fromMs: Math.min(earlier.fromMs, before.fromMs), toMs: bothFromMs }, ONE),
  ];
  const count = stepsIn(range, stepMs);
  const isBeforeLonger = before.fromMs < earlier.fromMs;
  const sql = (subquery: string) => externalsSql(subquery, measureName(measure), isBeforeLonger, query.limit);
  const [row = NOTHING] = await traffic.rows<Found>(plan, inquiry, sql, { steps: count }, { kind: "rows" }, beside);
  const sought = [...row.largest, ...row.fresh].filter(([key]) => key !== "0").map(soughtOf);
  const found = await namesOf(traffic, { ...question, range, stepMs }, sought, inquiry);
  const nameOf = (key: string) => (found.get(key)?.[0] ?? null) as string | null;
  const isKnown = row.earlier !== "0";
  return {
    list: overviewList(
      {
        rows: row.largest.map(([key, value, previous]) => ({ by: [nameOf(key)], value, previous })),
        groups: Number(row.groups),
        total: row.total,
        estimated: plan.estimated,
      },
      query,
    ),
    tile: {
      value: Number(row.found),
      previous: Number(row.previous),
      series: Array.from({ length: count }, (_, i) => Number(row.steps[i] ?? 0)),
    },
    fresh: {
      rows: isKnown ? row.fresh.map(([key, bytes]) => ({ domain: nameOf(key) ?? "", bytes: amount(BigInt(bytes)) })) : [],
      more: isKnown ? Number(row.fresh_found) - row.fresh.length : 0,
      since: isKnown && row.found !== "0" ? new Date(earlier.fromMs).toISOString() : null,
      complete: true,
    },
  };
}

/** One row. Domains are told apart by their numbers; 0 stands for none. */
function externalsSql(subquery: string, value: string, isBeforeLonger: boolean, limit: number): string {
  const bytes = measureName("bytes");
  const before = isBeforeLonger ? "step < 0" : `step = ${BOTH}`;
  const isEarlier = isBeforeLonger ? `step = ${BOTH}` : "1";
  const bit = `if(step >= 0, bitShiftLeft(toUInt64(1), toUInt8(greatest(step, 0))), if(${isEarlier}, bitShiftLeft(toUInt64(1), ${EARLIER}), toUInt64(0)))`;
  const groups =
    `SELECT ${KEYS[0]} AS k, sumIf(${bytes}, step >= 0) AS b, sumIf(${bytes}, ${before}) AS pb, ` +
    `sumIf(${value}, step >= 0) AS v, sumIf(${value}, ${before}) AS p, groupBitOr(if(${bytes} > 0, ${bit}, toUInt64(0))) AS bits ` +
    `FROM (${subquery}) GROUP BY k`;
  const isNew = `k != 0 AND b > 0 AND NOT bitTest(bits, ${EARLIER})`;
  // The largest are those whose complements are the smallest.
  const largest = `groupArraySortedIf(${Math.trunc(limit)})((bitNot(v), k, p, bits), v > 0)`;
  const fresh = `groupArraySortedIf(${MOST_NEW})((bitNot(b), k, p, bits), ${isNew})`;
  const told = (groups: string) =>
    `arrayMap(x -> (toString(x.2), toString(bitNot(x.1)), toString(x.3), toString(x.4)), ${groups})`;
  return (
    "SELECT countIf(k != 0 AND b > 0) AS found, countIf(k != 0 AND pb > 0) AS previous, " +
    `countIf(bitTest(bits, ${EARLIER})) AS earlier, countIf(v > 0) AS groups, sum(v) AS total, ` +
    `${told(largest)} AS largest, ${told(fresh)} AS fresh, countIf(${isNew}) AS fresh_found, ` +
    `sumForEachIf(arrayMap(i -> bitTest(bits, i), range({steps:UInt8})), k != 0) AS steps FROM (${groups})`
  );
}

/** Where its name is found. What has no bytes, but connections, is in no step. */
function soughtOf([key, , , bits]: Keyed): Sought {
  const steps = BigInt.asUintN(EARLIER, BigInt(bits));
  return { key: BigInt(key), step: steps === 0n ? null : steps.toString(2).length - 1 };
}
