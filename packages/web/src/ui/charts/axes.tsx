import type { Clock } from "../../lib/clock.ts";
import { type Plot, xOf, yOf } from "./geometry.ts";
import { endOf, type Steps } from "./series.ts";
import { placeTicks, timeTicks } from "./time-axis.ts";
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
  const ticks = timeTicks(steps.fromMs, endOf(steps), plot.width, clock);
  return (
    <g>
      <line className="chart-base" x1={plot.left} x2={plot.left + plot.width} y1={bottom + 0.5} y2={bottom + 0.5} />
      {placeTicks(ticks, (ms) => xOf(ms, plot, steps), plot.left - 20, plot.left + plot.width + 8).map(
        ({ ms, label, x, anchor }) => (
          <g key={ms}>
            <line className="chart-base" x1={x} x2={x} y1={bottom} y2={bottom + 4} />
            <text className="chart-tick" x={x} y={bottom + 16} textAnchor={anchor}>
              {label}
            </text>
          </g>
        ),
      )}
    </g>
  );
}
