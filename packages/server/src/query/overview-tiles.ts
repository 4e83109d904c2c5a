/** The figures at the head of an overview: a total, how it went, and what it was in the time before. */
import { allFilters, type Filter, type TimeRange } from "@flowtrail/model";
import { columnIs } from "./filters.ts";
import type { Heard } from "./flow-set.ts";
import { flowSetSql, SET_SETTINGS, wholeSet } from "./flow-set-sql.ts";
import type { Inquiry } from "./inquiry.ts";
import { type Amount, amount, valueTold } from "./traffic/amounts.ts";
import { type GroupField, groupField } from "./traffic/fields.ts";
import { leastStepMs } from "./traffic/plan.ts";
import { alignUp, stepFor, stepsIn } from "./traffic/steps.ts";
import type { Traffic } from "./traffic/traffic.ts";
import { groupName, measureName } from "./traffic/traffic-sql.ts";

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const DAYS_MS = 72 * HOUR_MS;

export interface Tile {
  readonly value: Amount;
  /** In the time before. */
  readonly previous: Amount;
  /** Of steps of the range. */
  readonly series: Amount[];
}

/**
 * As long as what is over of the range, and over when it begins: what is still to come would be compared with nothing. Of several days
 * to the hour: sums by the hour know it, where single flows may not be kept any more. Nothing is told before 1970.
 */
export function rangeBefore({ fromMs, toMs }: TimeRange, nowMs: number): TimeRange {
  const overMs = alignUp(nowMs, nowMs - fromMs < DAYS_MS ? SECOND_MS : HOUR_MS);
  const untilMs = nowMs > fromMs ? Math.min(toMs, overMs) : toMs;
  return { fromMs: Math.max(0, 2 * fromMs - untilMs), toMs: Math.max(1, fromMs) };
}

export interface Ranges {
  readonly range: TimeRange;
  /** What it is compared with. */
  readonly before: TimeRange;
  readonly nowMs: number;
}

export interface Tiles {
  /** Bytes per second; its series are bytes. */
  readonly throughput: Tile;
  /** That began, per second; its series are connections. */
  readonly connections: Tile;
  /** Reports: a packet is dropped at one place, and what another node tells of it is the attempt, which is counted elsewhere. */
  readonly denied: Tile;
  readonly unanswered: Tile;
  readonly estimated: boolean;
}

interface Row {
  /** Below 0: the time before. */
  readonly step: string;
  readonly verdict: string | null;
  readonly bytes: string;
  readonly connections: string;
  readonly reports: string;
}

type Sum = "bytes" | "connections" | "reports";

const VERDICT = [groupField("verdict")].filter((field): field is GroupField => typeof field !== "string");
const STEPS = 40;
const BEFORE = -1;

/** Bytes and connections by verdict, of the range and of the time before: in one pass. @throws StoreError, QuestionError */
export async function tilesOf(traffic: Traffic, asked: Filter, ranges: Ranges, inquiry: Inquiry): Promise<Tiles> {
  const { range, before } = ranges;
  const filter = await traffic.withKnown(asked, { fromMs: before.fromMs, toMs: range.toMs }, inquiry);
  const question = { filter, groups: VERDICT, measures: ["bytes", "connections", "reports"] as const };
  const stepMs = stepFor(range, STEPS, leastStepMs(question, range, STEPS));
  const plan = traffic.plan({ ...question, range, stepMs });
  const name = groupName(0);
  const sum = (measure: Sum) => `toString(sum(${measureName(measure)})) AS ${measure}`;
  const rows = await traffic.rows<Row>(
    plan,
    inquiry,
    (subquery) =>
      `SELECT step, ${name} AS verdict, ${sum("bytes")}, ${sum("connections")}, ${sum("reports")} FROM (${subquery}) GROUP BY step, verdict`,
    {},
    { kind: "values" },
    [{ plan: traffic.plan({ ...question, range: before, stepMs: null }), step: BEFORE }],
  );
  const count = stepsIn(range, stepMs);
  const tile = (measure: Sum, passes: (row: Row) => boolean) => {
    const sums = Array.from({ length: count }, () => 0n);
    let previous = 0n;
    for (const row of rows.filter(passes)) {
      const step = Number(row.step);
      if (step < 0) previous += BigInt(row[measure]);
      else sums[step] = (sums[step] ?? 0n) + BigInt(row[measure]);
    }
    const total = sums.reduce((all, one) => all + one, 0n);
    return { total, previous, series: sums.map(amount) };
  };
  const rate = (measure: "bytes" | "connections"): Tile => {
    const { total, previous, series } = tile(measure, () => true);
    const told = (sum: bigint, of: TimeRange) => valueTold(sum, { metric: "rate", range: of, nowMs: ranges.nowMs });
    return { value: told(total, range), previous: told(previous, before), series };
  };
  const counted = (verdict: string, measure: Sum): Tile => {
    const { total, previous, series } = tile(measure, (row) => row.verdict === verdict);
    return { value: amount(total), previous: amount(previous), series };
  };
  return {
    throughput: rate("bytes"),
    connections: rate("connections"),
    denied: counted("denied", "reports"),
    unanswered: counted("unanswered", "connections"),
    estimated: plan.estimated,
  };
}

/** Connections that are open right now, whatever the range is. Each counts once, as everywhere: its primary report. */
export async function openNow(filter: Filter, heard: Heard, nowMs: number, inquiry: Inquiry): Promise<number> {
  const range = { fromMs: nowMs, toMs: nowMs + 1 };
  const set = wholeSet(range, allFilters([filter, columnIs("state", ["open"]), columnIs("primary", [true])]));
  const { text, bindings } = flowSetSql(set, heard, () => "1 AS one");
  const [row] = await inquiry.rows<{ n: string }>({
    table: "flows_open",
    sql: `SELECT toString(count()) AS n FROM (${text})`,
    bindings,
    options: { settings: SET_SETTINGS },
  });
  return Number(row?.n ?? 0);
}
