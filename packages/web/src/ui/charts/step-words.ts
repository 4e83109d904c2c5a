/** One step of a chart in words. */
import type { Clock } from "../../lib/clock.ts";
import { silentIn } from "./gaps.ts";
import { type Amount, add, type ChartGap, type ChartSeries, type Steps } from "./series.ts";
import { type ChartUnit, formatExact, formatShort } from "./units.ts";

export interface StepTold {
  /** `Nov 22, 9:51 AM – 9:52 AM` */
  readonly when: string;
  /** It is not over. */
  readonly soFar: boolean;
  /** Series that have something then, as they stand in the chart from the top down. */
  readonly rows: readonly { readonly key: string; readonly label: string; readonly color: string; readonly value: Amount }[];
  readonly total: Amount;
  readonly previous: Amount | null;
  /** Reporters that were silent for some of it. */
  readonly silent: readonly string[];
}

export interface ToldOf {
  readonly series: readonly ChartSeries[];
  readonly steps: Steps;
  readonly previous?: readonly Amount[] | undefined;
  readonly gaps: readonly ChartGap[];
  readonly nowMs: number;
  readonly clock: Clock;
}

export function tellStep(step: number, { series, steps, previous, gaps, nowMs, clock }: ToldOf): StepTold {
  const [fromMs, toMs] = [steps.fromMs + step * steps.stepMs, steps.fromMs + (step + 1) * steps.stepMs];
  const rows = series.map(({ key, label, color, values }) => ({ key, label, color, value: values[step] ?? 0 }));
  return {
    when: spanWords(fromMs, toMs, clock),
    soFar: fromMs <= nowMs && nowMs < toMs,
    rows: rows.filter(({ value }) => Number(value) !== 0).reverse(),
    total: add(rows.map(({ value }) => value)),
    previous: previous?.[step] ?? null,
    silent: silentIn(gaps, fromMs, toMs),
  };
}

/** In a tip there is room for so many. */
const MOST_ROWS = 16;

/** As they stand in the chart; if they are too many, the smaller ones are told together. */
export function largestRows(all: StepTold["rows"]): { readonly rows: StepTold["rows"]; readonly more: StepTold["rows"] } {
  if (all.length <= MOST_ROWS) return { rows: all, more: [] };
  const kept = new Set(all.toSorted((a, b) => Number(b.value) - Number(a.value)).slice(0, MOST_ROWS - 1));
  return { rows: all.filter((row) => kept.has(row)), more: all.filter((row) => !kept.has(row)) };
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** `Nov 22, 9:51 AM – 9:52 AM` */
export function spanWords(fromMs: number, toMs: number, clock: Clock): string {
  if (toMs - fromMs < MINUTE_MS)
    return `${clock.dayAndTime(fromMs).replace(/,.*/, "")}, ${seconds(fromMs, clock)} – ${seconds(toMs, clock)}`;
  const [from, to] = [clock.dayAndTime(fromMs), clock.dayAndTime(toMs)];
  const sameDay = toMs - fromMs < DAY_MS && from.replace(/,.*/, "") === to.replace(/,.*/, "");
  return `${from} – ${sameDay ? clock.time(toMs) : to}`;
}

/** `9:51:07 AM` */
function seconds(ms: number, clock: Clock): string {
  return clock.timeWithMillis(ms).replace(/\.\d+/, "");
}

/** For a screen reader, in one go. */
export function stepText({ when, soFar, rows, total, silent }: StepTold, unit: ChartUnit): string {
  const parts = rows.map(({ label, value }) => `${label} ${formatShort(value, unit)}`);
  const all = rows.length === 0 ? "nothing" : rows.length === 1 ? "" : `together ${formatExact(total, unit)}`;
  const quiet = silent.length === 0 ? "" : `no reports from ${silent.join(", ")}`;
  return `${when}${soFar ? ", so far" : ""}: ${[...parts, all, quiet].filter((part) => part !== "").join(", ")}`;
}
