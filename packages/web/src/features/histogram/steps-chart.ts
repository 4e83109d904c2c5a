/** An answer of steps → what a chart draws. */

import type { Value } from "@flowtrail/model";
import { groupLabel, groupValue } from "../../lib/group-value.ts";
import type { StepsAnswer } from "../../lib/types-charts.ts";
import { OTHER_COLOR, seriesColors } from "../../ui/charts/colors.ts";
import { type Amount, type ChartGap, type ChartSeries, type Steps, totals } from "../../ui/charts/series.ts";

export interface GroupSeries extends ChartSeries {
  /** What is asked for by a click on it; undefined: it is no single value. */
  readonly value: Value | undefined;
}

export interface StepsChart {
  readonly series: readonly GroupSeries[];
  readonly steps: Steps;
  readonly gaps: readonly ChartGap[];
  /** All together in the time before. */
  readonly previous: readonly Amount[] | undefined;
}

const TOTAL_COLOR = "var(--series-1)";

/** @param group the field it is divided by; null: it is not */
export function stepsChart(answer: StepsAnswer, group: string | null): StepsChart {
  const count = answer.series[0]?.length ?? 0;
  const values = answer.other ? answer.groups.slice(0, -1) : answer.groups;
  const colors = group === null ? [TOTAL_COLOR] : seriesColors(group, values);
  const series = answer.groups.map((text, i): GroupSeries => {
    const drawn = { values: answer.series[i] ?? [], color: colors[i] ?? OTHER_COLOR };
    if (group === null) return { ...drawn, key: "total", label: "All", value: undefined };
    // A value may be called "Other", too.
    if (i >= values.length) return { ...drawn, key: "other", label: "Other", value: undefined };
    return { ...drawn, key: `value:${JSON.stringify(text)}`, label: groupLabel(group, text), value: groupValue(group, text) };
  });
  return {
    series,
    steps: { fromMs: Date.parse(answer.from), stepMs: answer.step_ms, count },
    gaps: answer.gaps.map(({ reporter, from, to }) => ({ reporter, fromMs: Date.parse(from), toMs: Date.parse(to) })),
    previous:
      answer.previous &&
      totals(
        answer.previous.series.map((one) => ({ values: one })),
        count,
      ),
  };
}
