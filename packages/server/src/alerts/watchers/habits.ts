/**
 * How many days each was outside, and how many new ones it met lately: asked once a day of all (it depends on the day alone), so that a look
 * costs nothing for those who meet somebody new all the time.
 */
import { ROLLUP_QUESTION } from "../../store/schema/rollup-tables.ts";
import type { WatchTools } from "../watcher.ts";
import type { SrcRow } from "./begun.ts";

export interface Habit {
  /** On which it talked to somebody outside. */
  readonly days: number;
  /** First met within the last week of them. */
  readonly fresh: number;
  /** On how many days it talked to each of them, on average. */
  readonly repeats: number;
}

interface HabitRow extends SrcRow {
  readonly days: string;
  readonly fresh: string;
  readonly repeats: number;
}

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** Of one day each. */
const MOST_KEPT = 40;
const MOST_HABITS = 100_000;
const kept = new WeakMap<object, Map<string, Promise<ReadonlyMap<string, Habit>>>>();

const keyOf = (network: string, type: string, name: string | null) => JSON.stringify([network, type, name]);

/** Those of the days before the one of `atMs`. @throws StoreError, QuestionError */
export function habitsBefore(
  atMs: number,
  historyDays: number,
  tools: Pick<WatchTools, "ask" | "inventory">,
): Promise<ReadonlyMap<string, Habit>> {
  const toMs = Math.floor(atMs / DAY_MS) * DAY_MS;
  // One server's tools come and go; its inventory stays.
  const own = kept.get(tools.inventory) ?? new Map<string, Promise<ReadonlyMap<string, Habit>>>();
  kept.set(tools.inventory, own);
  const key = `${toMs} ${historyDays}`;
  const known = own.get(key);
  if (known !== undefined) return known;
  const asked = ask(toMs, historyDays, tools);
  own.set(key, asked);
  // Whoever asked is told; the next one asks again.
  asked.catch(() => own.delete(key));
  const [oldest] = own.keys();
  if (own.size > MOST_KEPT && oldest !== undefined) own.delete(oldest);
  return asked;
}

async function ask(toMs: number, historyDays: number, tools: Pick<WatchTools, "ask">): Promise<ReadonlyMap<string, Habit>> {
  const rows = await tools.ask<HabitRow>({
    table: "rollup_visit_days",
    sql:
      "SELECT network, src_kind, src_name, '' AS src_at, toString(length(arrayDistinct(arrayFlatten(groupArray(seen))))) AS days, " +
      "countIf(first >= toDateTime({week_s:UInt32}, 'UTC')) AS fresh, avg(length(seen)) AS repeats FROM (" +
      "SELECT network, toString(src_type) AS src_kind, src_name, domain, min(bucket) AS first, groupUniqArray(bucket) AS seen FROM rollup_visit_days " +
      "WHERE bucket >= toDateTime({from_s:UInt32}, 'UTC') AND bucket < toDateTime({to_s:UInt32}, 'UTC') AND dst_type = 'external' AND connections > 0 " +
      "GROUP BY network, src_kind, src_name, domain) GROUP BY network, src_kind, src_name LIMIT {most:UInt32}",
    bindings: {
      from_s: (toMs - historyDays * DAY_MS) / 1000,
      to_s: toMs / 1000,
      week_s: (toMs - WEEK_MS) / 1000,
      most: MOST_HABITS,
    },
    options: { settings: ROLLUP_QUESTION },
  });
  return new Map(
    rows.map(({ network, src_kind, src_name, days, fresh, repeats }) => [
      keyOf(network, src_kind, src_name),
      { days: Number(days), fresh: Number(fresh), repeats: Number(repeats) },
    ]),
  );
}

export interface Settled {
  readonly least_days: number;
  readonly most_new: number;
  readonly least_repeats: number;
}

/**
 * Does it talk to the same ones, for long enough to say so? Who is seldom there meets few new ones in a week, too, but hardly anybody twice.
 * Nobody without a name: addresses change hands.
 */
export function isSettled(
  habits: ReadonlyMap<string, Habit>,
  { network, src_kind, src_name }: SrcRow,
  { least_days, most_new, least_repeats }: Settled,
): boolean {
  if (least_days === 0) return true;
  const habit = src_name === null ? undefined : habits.get(keyOf(network, src_kind, src_name));
  return habit !== undefined && habit.days >= least_days && habit.fresh <= most_new && habit.repeats >= least_repeats;
}
