/** An answer → what graphs draw and what stands in the table. */
import { groupLabel } from "../../lib/group-value.ts";
import type { AnalyzeAnswer, GroupFigures, GroupRow } from "../../lib/types-analyze.ts";
import { OTHER_COLOR, seriesColors } from "../../ui/charts/colors.ts";
import { type Amount, type ChartSeries, type Steps, totals } from "../../ui/charts/series.ts";

export interface GroupSeries extends ChartSeries {
  /** Null: all that are not told. */
  readonly by: GroupRow["by"] | null;
  readonly figures: GroupFigures;
  /** One for each step of the time before. */
  readonly before: readonly Amount[] | undefined;
}

export interface GroupChart {
  /** The largest first, at the end the others together, if there are any. */
  readonly series: readonly GroupSeries[];
  readonly steps: Steps;
}

const labelOf = (fields: readonly string[], by: GroupRow["by"]) =>
  fields.map((field, i) => groupLabel(field, by[i] ?? null)).join(" · ");

/** @param fields that it is divided by */
export function groupChart(answer: AnalyzeAnswer, fields: readonly string[]): GroupChart {
  const { rows, other } = answer;
  const [field = "", ...more] = fields;
  const colors = seriesColors(
    more.length === 0 ? field : "",
    rows.map(({ by }) => (more.length === 0 ? (by[0] ?? null) : JSON.stringify(by))),
  );
  const drawn = (figures: GroupFigures) => ({ figures, values: figures.series ?? [], before: figures.previous_series });
  const named = rows.map((row, i): GroupSeries => {
    const key = `group:${JSON.stringify(row.by)}`;
    return { ...drawn(row), by: row.by, key, label: labelOf(fields, row.by), color: colors[i] ?? OTHER_COLOR };
  });
  const rest: GroupSeries = { ...drawn(other), by: null, key: "other", label: "Other", color: OTHER_COLOR };
  const series = other.groups > 0 ? [...named, rest] : named;
  const count = Math.max(0, ...series.map(({ values }) => values.length));
  return { series, steps: { fromMs: Date.parse(answer.from), stepMs: answer.step_ms, count } };
}

/** All of them in the time before, step by step; undefined: it was not asked for. */
export function beforeOf(series: readonly GroupSeries[], count: number): readonly Amount[] | undefined {
  const before = series.flatMap((one) => (one.before === undefined ? [] : [{ values: one.before }]));
  return before.length === 0 ? undefined : totals(before, count);
}

/** The same in parts of a hundred of all that are shown, step by step. */
export function sharesOf<S extends ChartSeries>(series: readonly S[], count: number): S[] {
  const all = totals(series, count).map(Number);
  return series.map((one) => ({
    ...one,
    values: all.map((total, i) => (total === 0 ? 0 : (Number(one.values[i] ?? 0) / total) * 100)),
  }));
}
