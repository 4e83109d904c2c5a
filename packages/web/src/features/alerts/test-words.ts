/** What a test on history found, in words and in steps of time. */
import { formatCount } from "@flowtrail/model";
import type { Steps } from "../../ui/charts/series.ts";
import type { Fired, RuleTest } from "./use-rule-test.ts";

const HOUR_MS = 3_600_000;

/** `Would have fired 3 times in the last 7 days.` */
export function foundText({ fired, done, days, isRunning }: Pick<RuleTest, "fired" | "done" | "days" | "isRunning">): string {
  const count = done?.fired ?? fired.length;
  const all = days === 1 ? "the last 24 hours" : `the last ${days} days`;
  const when = done?.partial == null ? all : `what was looked at of ${all}`;
  const begins = isRunning ? "So far it would" : "It would";
  if (count === 0) return isRunning ? "Nothing found so far." : `It would not have fired in ${when}.`;
  const perDay = count / days;
  const often = perDay > 5 ? ` That is ${formatCount(Math.round(perDay))} a day: most people would stop reading them.` : "";
  return `${begins} have fired ${count === 1 ? "once" : `${formatCount(count)} times`} in ${when}.${isRunning ? "" : often}`;
}

/** How many began in each step: of an hour for a day, of more for more. */
export function firedSteps({ fired, fromMs, toMs, days }: Pick<RuleTest, "fired" | "fromMs" | "toMs" | "days">): {
  readonly steps: Steps;
  readonly values: readonly number[];
} {
  const stepMs = days <= 2 ? HOUR_MS : days <= 10 ? 4 * HOUR_MS : 24 * HOUR_MS;
  const begin = Math.floor(fromMs / stepMs) * stepMs;
  const count = Math.ceil((toMs - begin) / stepMs);
  const values = new Array<number>(count).fill(0);
  for (const { since } of fired) {
    const at = Math.floor((Date.parse(since) - begin) / stepMs);
    if (at >= 0 && at < count) values[at] = (values[at] ?? 0) + 1;
  }
  return { steps: { fromMs: begin, stepMs, count }, values };
}

/** The newest first. */
export function newestFirst(fired: readonly Fired[]): readonly Fired[] {
  return [...fired].sort((a, b) => Date.parse(b.since) - Date.parse(a.since));
}
