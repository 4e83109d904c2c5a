import { area, line } from "d3-shape";
import { type Plot, xOf, yOf } from "./geometry.ts";
import type { Amount, Band, ChartSeries, Steps } from "./series.ts";

export interface MarksProps {
  readonly kind: "bars" | "area";
  readonly series: readonly ChartSeries[];
  readonly bands: readonly (readonly Band[])[];
  readonly plot: Plot;
  readonly steps: Steps;
  readonly top: number;
  /** Steps from this one on are not over. */
  readonly openFrom: number;
}

/** The series themselves: bars, or areas through the middles of the steps. */
export function Marks({ kind, series, bands, plot, steps, top, openFrom }: MarksProps) {
  if (kind === "area") {
    const path = area<Band>()
      .x((_, i) => xOf(steps.fromMs + (i + 0.5) * steps.stepMs, plot, steps))
      .y0(({ low }) => yOf(low, plot, top))
      .y1(({ high }) => yOf(high, plot, top));
    return series.map((one, i) => (
      <path key={one.key} className="chart-area" d={path([...(bands[i] ?? [])]) ?? ""} style={{ fill: one.color }} />
    ));
  }
  const width = plot.width / steps.count;
  const gap = width > 4 ? 1 : 0;
  return series.map((one, i) => (
    <g key={one.key} style={{ fill: one.color }}>
      {(bands[i] ?? []).map(({ low, high }, step) => {
        const [y, bottom] = [yOf(high, plot, top), yOf(low, plot, top)];
        if (bottom - y <= 0) return null;
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a step's number is what it is
            key={step}
            className={step >= openFrom ? "chart-open" : undefined}
            x={plot.left + step * width}
            y={y}
            width={Math.max(0.5, width - gap)}
            height={bottom - y}
          />
        );
      })}
    </g>
  ));
}

/** All of the time before, as a thin line. */
export function PreviousLine({
  values,
  plot,
  steps,
  top,
}: { values: readonly Amount[] } & Pick<MarksProps, "plot" | "steps" | "top">) {
  const path = line<Amount>()
    .x((_, i) => xOf(steps.fromMs + (i + 0.5) * steps.stepMs, plot, steps))
    .y((value) => yOf(Number(value), plot, top));
  return <path className="chart-previous" d={path([...values]) ?? ""} />;
}
