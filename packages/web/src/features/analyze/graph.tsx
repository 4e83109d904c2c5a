import { lazy, Suspense, useMemo } from "react";
import { fieldLabel } from "../../lib/filter-text.ts";
import type { AnalyzeAnswer } from "../../lib/types-analyze.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { useClock } from "../../lib/use-clock.ts";
import { ChartTable } from "../../ui/charts/chart-table.tsx";
import { Heatmap } from "../../ui/charts/heatmap.tsx";
import { LinesChart } from "../../ui/charts/lines-chart.tsx";
import { StackedChart } from "../../ui/charts/stacked-chart.tsx";
import { ScreenSkeleton } from "../../ui/screen-skeleton.tsx";
import { useZoom } from "../histogram/use-zoom.ts";
import { GraphGrid } from "./graph-grid.tsx";
import { beforeOf, type GroupSeries, groupChart, sharesOf } from "./group-series.ts";
import { openRows, rowsParams } from "./open-rows.ts";
import { METRICS, type Question } from "./question.ts";
import { queryOfGroup, queryOfOther } from "./rows-behind.ts";
import { unitOf } from "./units.ts";

const SankeyGraph = lazy(async () => ({ default: (await import("./sankey-graph.tsx")).SankeyGraph }));

export interface GraphProps {
  readonly answer: AnalyzeAnswer;
  readonly question: Question;
  readonly hidden: ReadonlySet<string>;
  readonly asTable: boolean;
  readonly nowMs: number;
}

const NO_GAPS: readonly never[] = [];

const listed = new Intl.ListFormat("en-US");

/** `Bytes by source and destination` */
export function graphTitle({ metric, by }: Question): string {
  const what = METRICS.find(({ value }) => value === metric)?.label;
  return `${what} by ${listed.format(by.map(fieldLabel)).toLowerCase()}`;
}

/** The answer as it is to be drawn. What is clicked leads to the rows behind it. */
export function Graph({ answer, question, hidden, asTable, nowMs }: GraphProps) {
  const clock = useClock();
  const zoom = useZoom();
  const { asked } = useAsked();
  const { graph, by, metric } = question;
  const chart = useMemo(() => groupChart(answer, by), [answer, by]);
  const series = useMemo(() => chart.series.filter(({ key }) => !hidden.has(key)), [chart, hidden]);
  const { steps } = chart;
  const unit = unitOf(metric);
  const label = graphTitle(question);
  const ofSeries = (one: GroupSeries) =>
    one.by === null
      ? queryOfOther(
          asked.q,
          by,
          answer.rows.map((row) => row.by),
        )
      : queryOfGroup(asked.q, by, one.by);
  const open = (q: string | null, fromMs: number, toMs: number) =>
    openRows(rowsParams(asked, question, q ?? asked.q, { fromMs, toMs }));
  const onPick = (fromMs: number, toMs: number) => open(null, fromMs, toMs);
  const drawn = { label, series, steps, unit, clock, nowMs, ...zoom };
  if (graph === "table") return null;
  if (graph === "sankey") {
    return (
      <Suspense fallback={<ScreenSkeleton />}>
        <SankeyGraph answer={answer} question={question} label={label} asTable={asTable} />
      </Suspense>
    );
  }
  if (asTable) return <ChartTable label={label} series={series} steps={steps} unit={unit} gaps={NO_GAPS} clock={clock} />;
  switch (graph) {
    case "stacked": {
      // Beside a part of the series, all of the time before would mean nothing.
      const previous = hidden.size === 0 ? beforeOf(series, steps.count) : undefined;
      return <StackedChart {...drawn} onPick={onPick} kind="area" height={300} previous={previous} />;
    }
    case "share":
      return (
        <StackedChart
          {...drawn}
          series={sharesOf(series, steps.count)}
          unit="%"
          told={{ series, unit }}
          onPick={onPick}
          kind="area"
          height={300}
        />
      );
    case "lines":
      return <LinesChart {...drawn} onPick={onPick} height={300} />;
    case "grid":
      return <GraphGrid {...drawn} fields={by} onPick={(one, fromMs, toMs) => open(ofSeries(one), fromMs, toMs)} />;
    case "heatmap": {
      // Beside all others together no value could be told from another.
      const named = series.filter((one) => one.by !== null);
      const onCell = (key: string, fromMs: number, toMs: number) => {
        const one = named.find((other) => other.key === key);
        if (one !== undefined) open(ofSeries(one), fromMs, toMs);
      };
      return <Heatmap {...{ label, steps, unit, clock }} series={named} onPick={onCell} />;
    }
  }
}
