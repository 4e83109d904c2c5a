import { useElementSize } from "@mantine/hooks";
import { line } from "d3-shape";
import { useMemo, useState } from "react";
import type { Clock } from "../../lib/clock.ts";
import { TimeLine, ValueLines } from "./axes.tsx";
import { type Plot, xOf, yOf } from "./geometry.ts";
import { type Amount, type ChartSeries, type Steps, totals } from "./series.ts";
import { StepTip } from "./step-tip.tsx";
import { stepText, tellStep } from "./step-words.ts";
import { type ChartUnit, valueAxis } from "./units.ts";
import { useChartKeys } from "./use-chart-keys.ts";
import { type ChartActions, type Span, useChartPointer } from "./use-chart-pointer.ts";
import "./stacked-chart.css";
import "./lines-chart.css";

export interface LineSeries extends ChartSeries {
  /** Of the time before, as a dashed line. */
  readonly before?: readonly Amount[] | undefined;
}

export interface LinesChartProps extends ChartActions {
  readonly label: string;
  readonly series: readonly LineSeries[];
  readonly steps: Steps;
  readonly unit: ChartUnit;
  readonly clock: Clock;
  readonly nowMs: number;
  readonly height?: number;
  /** The largest value of charts that stand beside each other. */
  readonly max?: number;
  /** The area below the line is filled: for a chart of one series. */
  readonly filled?: boolean;
}

const AXIS_PX = 68;

/** The largest value that is drawn. */
export function largestOf(series: readonly LineSeries[]): number {
  return Math.max(0, ...series.flatMap(({ values, before = [] }) => [...values, ...before].map(Number)));
}

/** Each series as a line, not on top of each other. Hand and keys do what they do with `StackedChart`. */
export function LinesChart(props: LinesChartProps) {
  const { label, series, steps, unit, clock, nowMs, height = 260, max, filled = false } = props;
  const { ref, width } = useElementSize<HTMLDivElement>();
  const [looked, setLooked] = useState<number | null>(null);
  const at = looked === null ? null : Math.min(looked, steps.count - 1);
  const plot: Plot = { left: AXIS_PX, top: 8, width: Math.max(1, width - AXIS_PX - 10), height: Math.max(1, height - 32) };
  const axis = useMemo(() => valueAxis(max ?? largestOf(series), unit, height < 160 ? 2 : 4), [series, max, unit, height]);
  const pointer = useChartPointer(plot, steps, props, setLooked);
  const keys = useChartKeys(at, steps, { ...props, onLook: setLooked });
  const before = series.filter((one) => one.before !== undefined);
  const previous =
    before.length === 0
      ? undefined
      : totals(
          before.map((one) => ({ values: one.before ?? [] })),
          steps.count,
        );
  const told = (step: number) => tellStep(step, { series, steps, previous, gaps: [], nowMs, clock });
  const drawOne = line<Amount>()
    .x((_, i) => xOf(steps.fromMs + (i + 0.5) * steps.stepMs, plot, steps))
    .y((value) => yOf(Number(value), plot, axis.top));
  const bottom = plot.top + plot.height;
  const chosen = pointer.span ?? keys.span;
  return (
    <div className="chart" ref={ref} style={{ height }}>
      <div
        className="chart-hand"
        role="slider"
        tabIndex={0}
        aria-label={label}
        aria-description="Arrow keys move from step to step."
        aria-valuemin={0}
        aria-valuemax={Math.max(0, steps.count - 1)}
        aria-valuenow={at ?? steps.count - 1}
        aria-valuetext={stepText(told(at ?? steps.count - 1), unit)}
        onKeyDown={keys.onKeyDown}
        onFocus={(event) => event.currentTarget.matches(":focus-visible") && setLooked(at ?? steps.count - 1)}
        onBlur={() => {
          keys.endChoice();
          setLooked(null);
        }}
        {...pointer.handlers}
      >
        <svg width={width} height={height} aria-hidden>
          <ValueLines axis={axis} plot={plot} />
          {series.map(({ key, color, values, before: earlier }) => {
            const path = drawOne([...values]) ?? "";
            const [first, last] = [xOf(steps.fromMs + steps.stepMs / 2, plot, steps), xOf(endMiddle(steps), plot, steps)];
            return (
              <g key={key} style={{ stroke: color, fill: color }}>
                {filled && path !== "" && <path className="chart-below" d={`${path}L${last},${bottom}L${first},${bottom}Z`} />}
                {earlier !== undefined && <path className="chart-line chart-line-before" d={drawOne([...earlier]) ?? ""} />}
                <path className="chart-line" d={path} />
                {at !== null && (
                  <circle
                    className="chart-dot"
                    r={3}
                    cx={xOf(steps.fromMs + (at + 0.5) * steps.stepMs, plot, steps)}
                    cy={yOf(Number(values[at] ?? 0), plot, axis.top)}
                  />
                )}
              </g>
            );
          })}
          <TimeLine plot={plot} steps={steps} clock={clock} />
          {chosen !== null && <Chosen span={chosen} plot={plot} steps={steps} />}
        </svg>
      </div>
      {at !== null && (
        <StepTip told={told(at)} unit={unit} x={xOf(steps.fromMs + (at + 0.5) * steps.stepMs, plot, steps)} width={width} />
      )}
    </div>
  );
}

function endMiddle({ fromMs, stepMs, count }: Steps): number {
  return fromMs + (count - 0.5) * stepMs;
}

function Chosen({ span, plot, steps }: { span: Span; plot: Plot; steps: Steps }) {
  const x = xOf(span.fromMs, plot, steps);
  return <rect className="chart-choice" x={x} y={plot.top} width={xOf(span.toMs, plot, steps) - x} height={plot.height} />;
}
