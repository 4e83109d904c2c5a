import { useElementSize } from "@mantine/hooks";
import { useMemo, useState } from "react";
import type { Clock } from "../../lib/clock.ts";
import { TimeLine, ValueLines } from "./axes.tsx";
import { GapMarks } from "./gap-marks.tsx";
import { gapBands } from "./gaps.ts";
import { type Plot, xOf } from "./geometry.ts";
import { Marks, PreviousLine } from "./marks.tsx";
import { type Amount, type ChartGap, type ChartSeries, endOf, type Steps, stacked } from "./series.ts";
import { StepTip } from "./step-tip.tsx";
import { stepText, tellStep } from "./step-words.ts";
import { type ChartUnit, valueAxis } from "./units.ts";
import { useChartKeys } from "./use-chart-keys.ts";
import { type ChartActions, type Span, useChartPointer } from "./use-chart-pointer.ts";
import "./stacked-chart.css";

export interface StackedChartProps extends ChartActions {
  /** What it shows: `Bytes by protocol`. */
  readonly label: string;
  readonly series: readonly ChartSeries[];
  readonly steps: Steps;
  readonly unit: ChartUnit;
  readonly clock: Clock;
  /** Steps after it are still to come. */
  readonly nowMs: number;
  readonly kind?: "bars" | "area";
  readonly height?: number;
  readonly gaps?: readonly ChartGap[];
  /** All together in the time before. */
  readonly previous?: readonly Amount[] | undefined;
  /** What is told of a step, where something else is drawn: exact values instead of shares. */
  readonly told?: { readonly series: readonly ChartSeries[]; readonly unit: ChartUnit };
}

const AXIS_PX = 68;
const NO_GAPS: readonly ChartGap[] = [];

/**
 * Series on top of each other over steps of time. Drag chooses a time, Shift-drag moves along, a click picks a step, double-click or
 * Esc takes the last choice back; arrows and Enter do the same by keyboard. `ChartTable` is its twin in numbers.
 */
export function StackedChart(props: StackedChartProps) {
  const { label, series, steps, unit, clock, nowMs, kind = "bars", height = 150, gaps = NO_GAPS, previous } = props;
  const exact = props.told ?? { series, unit };
  const { ref, width } = useElementSize<HTMLDivElement>();
  const [looked, setLooked] = useState<number | null>(null);
  const at = looked === null ? null : Math.min(looked, steps.count - 1);
  const plot: Plot = { left: AXIS_PX, top: 8, width: Math.max(1, width - AXIS_PX - 10), height: Math.max(1, height - 32) };
  const bands = useMemo(() => stacked(series, steps.count), [series, steps.count]);
  const silence = useMemo(() => gapBands(gaps, steps.fromMs, endOf(steps)), [gaps, steps]);
  const axis = useMemo(() => {
    const heights = [...(bands.at(-1) ?? []).map(({ high }) => high), ...(previous ?? []).map(Number)];
    return valueAxis(Math.max(0, ...heights), unit, height < 120 ? 2 : 4);
  }, [bands, previous, unit, height]);
  const pointer = useChartPointer(plot, steps, props, setLooked);
  const keys = useChartKeys(at, steps, { ...props, onLook: setLooked });
  const told = at === null ? null : tellStep(at, { series: exact.series, steps, previous, gaps, nowMs, clock });
  const openFrom = Math.floor((nowMs - steps.fromMs) / steps.stepMs);
  const chosen = pointer.span ?? keys.span;

  return (
    <div className="chart" ref={ref} style={{ height }}>
      <div
        className="chart-hand"
        role="slider"
        tabIndex={0}
        aria-label={label}
        aria-description={descriptionOf(props)}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, steps.count - 1)}
        aria-valuenow={at ?? steps.count - 1}
        aria-valuetext={stepText(
          told ?? tellStep(steps.count - 1, { series: exact.series, steps, gaps, nowMs, clock }),
          exact.unit,
        )}
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
          <g transform={`translate(${pointer.panPx} 0)`}>
            <GapMarks bands={silence} plot={plot} steps={steps} />
            <Marks {...{ kind, series, bands, plot, steps, top: axis.top, openFrom }} />
            {previous !== undefined && <PreviousLine values={previous} plot={plot} steps={steps} top={axis.top} />}
          </g>
          <TimeLine plot={plot} steps={steps} clock={clock} />
          {at !== null && <StepMark at={at} plot={plot} steps={steps} />}
          {chosen !== null && <Choice span={chosen} plot={plot} steps={steps} />}
        </svg>
      </div>
      {told !== null && at !== null && (
        <StepTip told={told} unit={exact.unit} x={xOf(steps.fromMs + (at + 0.5) * steps.stepMs, plot, steps)} width={width} />
      )}
    </div>
  );
}

type Placed = { readonly plot: Plot; readonly steps: Steps };

function StepMark({ at, plot, steps }: { at: number } & Placed) {
  const step = plot.width / steps.count;
  return <rect className="chart-looked" x={plot.left + at * step} y={plot.top} width={step} height={plot.height} />;
}

function Choice({ span, plot, steps }: { span: Span } & Placed) {
  const x = xOf(span.fromMs, plot, steps);
  return <rect className="chart-choice" x={x} y={plot.top} width={xOf(span.toMs, plot, steps) - x} height={plot.height} />;
}

function descriptionOf({ onBrush, onPan, onPick, onUndo }: StackedChartProps): string {
  const parts = [
    "Arrow keys move from step to step.",
    onPick && "Enter goes to the step.",
    onBrush && "Shift with arrow keys chooses a time, Enter zooms to it.",
    onUndo && "Escape takes the last zoom back.",
    onPan && "Alt with arrow keys moves along.",
  ];
  return parts.filter(Boolean).join(" ");
}
