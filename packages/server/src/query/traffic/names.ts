/** What groups are called that were found by their keys: texts are read only where each of them was last. */
import type { TimeRange } from "@flowtrail/model";
import type { Inquiry } from "../inquiry.ts";
import type { TrafficQuestion } from "./question.ts";
import { alignDown } from "./steps.ts";
import type { Stored, Traffic } from "./traffic.ts";
import { groupName, hashSql, keysSql, wholeKey } from "./traffic-sql.ts";

export interface Sought {
  /** Both keys as one number. */
  readonly key: bigint;
  /** A step that has it, the last one if possible; null: anywhere in the range. */
  readonly step: number | null;
}

/** In so many steps: each is a part of the statement. */
const MOST_STEPS = 5;
/** Steps mean nothing here. */
const ANY = -1;

/**
 * By key, as a text. A group of which there is nothing any more is left out.
 * @throws StoreError, QuestionError
 */
export async function namesOf(
  traffic: Traffic,
  question: TrafficQuestion,
  sought: readonly Sought[],
  inquiry: Inquiry,
): Promise<ReadonlyMap<string, readonly Stored[]>> {
  const [first, ...others] = stretchesOf(question, sought).map((range) => traffic.plan({ ...question, range, stepMs: null }));
  if (first === undefined) return new Map();
  const { groups } = question;
  const names = groups.map((_, i) => groupName(i));
  const key = wholeKey(...keysSql(names.map((name) => hashSql(name))));
  const rows = await traffic.rows<Readonly<Record<string, Stored>>>(
    first,
    inquiry,
    (subquery) => `SELECT DISTINCT toString(${key}) AS key, ${names.join(", ")} FROM (${subquery})`,
    {},
    {
      kind: "among",
      chosen: [...new Set(sought.map((one) => one.key))],
      of: (values, known) => keysSql(values.map((value, i) => hashSql(value, groups[i], known))),
    },
    others.map((plan) => ({ plan, step: ANY })),
  );
  return new Map(rows.map((row) => [String(row.key), names.map((name) => row[name] ?? null)]));
}

function stretchesOf({ range, stepMs }: TrafficQuestion, sought: readonly Sought[]): TimeRange[] {
  if (sought.length === 0) return [];
  const steps = new Set(sought.map(({ step }) => step));
  if (stepMs === null || steps.has(null) || steps.size > MOST_STEPS) return [range];
  const beginMs = alignDown(range.fromMs, stepMs);
  return [...steps].map((step) => ({
    fromMs: Math.max(range.fromMs, beginMs + Number(step) * stepMs),
    toMs: Math.min(range.toMs, beginMs + (Number(step) + 1) * stepMs),
  }));
}
