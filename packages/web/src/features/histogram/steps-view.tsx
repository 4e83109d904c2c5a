import { type ReactNode, useMemo } from "react";
import type { StepsAnswer } from "../../lib/types-charts.ts";
import { useClock } from "../../lib/use-clock.ts";
import { ChartTable } from "../../ui/charts/chart-table.tsx";
import { StackedChart, type StackedChartProps } from "../../ui/charts/stacked-chart.tsx";
import { chartTitle, type Group, type Metric, unitOf } from "./choices.ts";
import { SeriesLegend } from "./series-legend.tsx";
import { stepsChart } from "./steps-chart.ts";
import { useHidden } from "./use-hidden.ts";
import { useZoom } from "./use-zoom.ts";
import "./steps-view.css";

export interface StepsViewProps extends Pick<StackedChartProps, "nowMs" | "kind" | "height" | "onPick"> {
  readonly answer: StepsAnswer;
  /** What was asked for. */
  readonly metric: Metric;
  readonly group: Group;
  readonly asTable: boolean;
  /** Beside the legend. */
  readonly children?: ReactNode;
}

/** An answer of steps as a chart or in numbers, with its legend. A brush zooms the screen's window. */
export function StepsView({ answer, metric, group, asTable, children, ...rest }: StepsViewProps) {
  const clock = useClock();
  const zoom = useZoom();
  const field = group === "none" ? null : group;
  const chart = useMemo(() => stepsChart(answer, field), [answer, field]);
  const { hidden, toggle, shownOf } = useHidden();
  const series = useMemo(() => shownOf(chart.series), [shownOf, chart.series]);
  const drawn = { label: chartTitle(metric, group), series, steps: chart.steps, gaps: chart.gaps, unit: unitOf(metric), clock };
  return (
    <>
      {asTable ? (
        <ChartTable {...drawn} />
      ) : (
        // Beside a part of the series, all of the time before would mean nothing.
        <StackedChart {...drawn} {...zoom} {...rest} previous={hidden.size === 0 ? chart.previous : undefined} />
      )}
      <div className="steps-foot">
        <SeriesLegend field={field} series={chart.series} hidden={hidden} onToggle={toggle} />
        {children}
      </div>
    </>
  );
}
