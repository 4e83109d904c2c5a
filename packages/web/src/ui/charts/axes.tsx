import type { Clock } from "../../lib/clock.ts";
import { type Plot, xOf, yOf } from "./geometry.ts";
import { endOf, type Steps } from "./series.ts";
import { timeTicks } from "./time-axis.ts";
import type { ValueAxis } from "./units.ts";

export function ValueLines({ axis, plot }: { axis: ValueAxis; plot: Plot }) {
  return axis.ticks.map(({ value, label }) => {
    const y = yOf(value, plot, axis.top);
    return (
      <g key={value}>
        <line className="chart-grid" x1={plot.left} x2={plot.left + plot.width} y1={y} y2={y} />
        <text className="chart-tick" x={plot.left - 8} y={y} dy="0.32em" textAnchor="end">
          {label}
        </text>
      </g>
    );
  });
}

export interface TimeLineProps {
  readonly plot: Plot;
  readonly steps: Steps;
  readonly clock: Clock;
}

export function TimeLine({ plot, steps, clock }: TimeLineProps) {
  const bottom = plot.top + plot.height;
  return (
    <g>
      <line className="chart-base" x1={plot.left} x2={plot.left + plot.width} y1={bottom + 0.5} y2={bottom + 0.5} />
      {timeTicks(steps.fromMs, endOf(steps), plot.width, clock).map(({ ms, label }) => {
        const x = xOf(ms, plot, steps);
        // A label at the very edge would be cut.
        const anchor = x < plot.left + 24 ? "start" : x > plot.left + plot.width - 24 ? "end" : "middle";
        return (
          <g key={ms}>
            <line className="chart-base" x1={x} x2={x} y1={bottom} y2={bottom + 4} />
            <text className="chart-tick" x={x} y={bottom + 16} textAnchor={anchor}>
              {label}
            </text>
          </g>
        );
      })}
    </g>
  );
}
