import type { ReactNode } from "react";
import { useClock } from "../../lib/use-clock.ts";
import { ChartTable } from "../../ui/charts/chart-table.tsx";
import { seriesColors } from "../../ui/charts/colors.ts";
import { Legend } from "../../ui/charts/legend.tsx";
import type { ChartSeries } from "../../ui/charts/series.ts";
import { StackedChart } from "../../ui/charts/stacked-chart.tsx";
import { METRICS, unitOf } from "../histogram/choices.ts";
import { useHidden } from "../histogram/use-hidden.ts";
import { useZoom } from "../histogram/use-zoom.ts";
import { LogLink } from "../overview/log-link.tsx";
import { Pinned } from "../overview/pinned.ts";
import type { EntityEnds } from "./ends.ts";
import type { Peers } from "./use-entity.ts";

/** As outbound and inbound are elsewhere. */
const COLORS = seriesColors("direction", ["egress", "ingress"]) as [string, string];

export interface PeersChartProps {
  readonly peers: Peers;
  readonly ends: EntityEnds;
  readonly asTable: boolean;
  readonly nowMs: number;
}

/** Traffic over time, by which end opened the connection. */
export function PeersChart({ peers: { opened, taken, metric }, ends, asTable, nowMs }: PeersChartProps) {
  const clock = useClock();
  const zoom = useZoom();
  const { hidden, toggle, shownOf } = useHidden();
  const { from, step_ms, gaps, series } = opened.steps;
  const all: readonly ChartSeries[] = [
    { key: "opened", label: "Connections from it", color: COLORS[0], values: series[0] ?? [] },
    { key: "taken", label: "Connections to it", color: COLORS[1], values: taken.steps.series[0] ?? [] },
  ];
  const what = METRICS.find(({ value }) => value === metric)?.label;
  const drawn = {
    label: `${what} over time, by who opened the connection`,
    series: shownOf(all),
    steps: { fromMs: Date.parse(from), stepMs: step_ms, count: series[0]?.length ?? 0 },
    gaps: gaps.map((gap) => ({ reporter: gap.reporter, fromMs: Date.parse(gap.from), toMs: Date.parse(gap.to) })),
    unit: unitOf(metric),
    clock,
  };
  const name = ({ key, label }: { key: string; label: string }): ReactNode => (
    <Pinned value={key === "opened" ? ends.source : ends.destination}>
      <LogLink chart={{ metric }} className="peers-link" label={`View in Traffic Logs: ${label}`}>
        {label}
      </LogLink>
    </Pinned>
  );
  return (
    <>
      {asTable ? <ChartTable {...drawn} /> : <StackedChart {...drawn} {...zoom} nowMs={nowMs} kind="area" height={200} />}
      <div className="steps-foot">
        <Legend series={all} hidden={hidden} onToggle={toggle} name={name} />
      </div>
    </>
  );
}
