import { useElementSize } from "@mantine/hooks";
import { type KeyboardEvent, type MouseEvent, useState } from "react";
import type { Clock } from "../../lib/clock.ts";
import { TimeLine } from "./axes.tsx";
import { cutText } from "./cut-text.ts";
import { msAt, type Plot, stepAt, xOf } from "./geometry.ts";
import type { ChartSeries, Steps } from "./series.ts";
import { spanWords } from "./step-words.ts";
import { type ChartUnit, formatExact, formatShort } from "./units.ts";
import "./stacked-chart.css";
import "./heatmap.css";

export interface HeatmapProps {
  readonly label: string;
  /** A row for each. */
  readonly series: readonly ChartSeries[];
  readonly steps: Steps;
  readonly unit: ChartUnit;
  readonly clock: Clock;
  /** A cell: the key of its series, and its time. */
  onPick(key: string, fromMs: number, toMs: number): void;
}

const ROW_PX = 24;
const NAMES_PX = 190;
const BELOW_PX = 26;

interface Cell {
  readonly row: number;
  readonly step: number;
}

/** How much of what there was when: a row for each value, a column for each step. Arrows move, Enter picks. */
export function Heatmap({ label, series, steps, unit, clock, onPick }: HeatmapProps) {
  const { ref, width } = useElementSize<HTMLDivElement>();
  const [at, setAt] = useState<Cell | null>(null);
  const names = width < 620 ? 120 : NAMES_PX;
  const plot: Plot = { left: names, top: 2, width: Math.max(1, width - names - 10), height: series.length * ROW_PX };
  const most = Math.max(Number.MIN_VALUE, ...series.flatMap(({ values }) => values.map(Number)));
  const cell = plot.width / Math.max(1, steps.count);
  const focused = at ?? { row: 0, step: steps.count - 1 };
  const wordsOf = ({ row, step }: Cell) => {
    const one = series[row];
    const [fromMs, toMs] = spanOf(step, steps);
    return `${one?.label ?? ""}, ${spanWords(fromMs, toMs, clock)}: ${formatExact(one?.values[step] ?? 0, unit)}`;
  };
  const pick = ({ row, step }: Cell) => {
    const one = series[row];
    if (one !== undefined) onPick(one.key, ...spanOf(step, steps));
  };
  const cellAt = (event: MouseEvent): Cell | null => {
    const box = event.currentTarget.getBoundingClientRect();
    const [x, row] = [event.clientX - box.left, Math.floor((event.clientY - box.top - plot.top) / ROW_PX)];
    if (x < plot.left || row < 0 || row >= series.length) return null;
    return { row, step: stepAt(msAt(x, plot, steps), steps) };
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const { row, step } = focused;
    const many = Math.max(1, Math.round(steps.count / 10));
    const targets: Readonly<Record<string, Cell>> = {
      ArrowLeft: { row, step: step - 1 },
      ArrowRight: { row, step: step + 1 },
      ArrowUp: { row: row - 1, step },
      ArrowDown: { row: row + 1, step },
      PageUp: { row, step: step - many },
      PageDown: { row, step: step + many },
      Home: { row, step: 0 },
      End: { row, step: steps.count - 1 },
    };
    const target = targets[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || (target === undefined && event.key !== "Enter")) return;
    event.preventDefault();
    event.stopPropagation();
    if (target === undefined) pick(focused);
    else setAt({ row: within(target.row, series.length), step: within(target.step, steps.count) });
  };
  return (
    <div className="chart" ref={ref} style={{ height: plot.height + BELOW_PX }}>
      <div
        className="chart-hand heatmap"
        role="slider"
        tabIndex={0}
        aria-label={label}
        aria-description="Arrow keys move from cell to cell. Enter shows the rows behind it."
        aria-valuemin={0}
        aria-valuemax={Math.max(0, series.length * steps.count - 1)}
        aria-valuenow={focused.row * steps.count + focused.step}
        aria-valuetext={wordsOf(focused)}
        onKeyDown={onKeyDown}
        onFocus={(event) => event.currentTarget.matches(":focus-visible") && setAt(focused)}
        onBlur={() => setAt(null)}
        onPointerMove={(event) => setAt(cellAt(event))}
        onPointerLeave={() => setAt(null)}
        onClick={(event) => {
          const picked = cellAt(event);
          if (picked !== null) pick(picked);
        }}
      >
        <svg width={width} height={plot.height + BELOW_PX} aria-hidden>
          {series.map(({ key, label: name, values }, row) => (
            <g key={key} transform={`translate(0 ${plot.top + row * ROW_PX})`}>
              <text className="heatmap-name" x={names - 8} y={ROW_PX / 2} dy="0.32em" textAnchor="end">
                {cutText(name, names - 12)}
              </text>
              <rect className="heatmap-row" x={plot.left} width={plot.width} height={ROW_PX - 2} />
              {values.map((value, step) =>
                Number(value) <= 0 ? null : (
                  <rect
                    // biome-ignore lint/suspicious/noArrayIndexKey: a step's number is what it is
                    key={step}
                    className="heatmap-cell"
                    x={plot.left + step * cell}
                    width={Math.max(0.5, cell - (cell > 5 ? 1 : 0))}
                    height={ROW_PX - 2}
                    // Most values are far below the largest one: their roots can be told apart.
                    fillOpacity={0.1 + 0.9 * Math.sqrt(Number(value) / most)}
                  />
                ),
              )}
            </g>
          ))}
          {at !== null && (
            <rect
              className="heatmap-looked"
              x={plot.left + at.step * cell}
              y={plot.top + at.row * ROW_PX}
              width={cell}
              height={ROW_PX - 2}
            />
          )}
          <TimeLine plot={plot} steps={steps} clock={clock} />
        </svg>
      </div>
      {at !== null && (
        <div className="chart-tip" style={tipPlace(at, plot, steps, width)}>
          <p className="chart-tip-when">{series[at.row]?.label}</p>
          <p>{spanWords(...spanOf(at.step, steps), clock)}</p>
          <p>
            {formatShort(series[at.row]?.values[at.step] ?? 0, unit)}{" "}
            <span className="heatmap-exact">{formatExact(series[at.row]?.values[at.step] ?? 0, unit)}</span>
          </p>
        </div>
      )}
    </div>
  );
}

function spanOf(step: number, { fromMs, stepMs }: Steps): [fromMs: number, toMs: number] {
  return [fromMs + step * stepMs, fromMs + (step + 1) * stepMs];
}

function within(place: number, count: number): number {
  return Math.min(count - 1, Math.max(0, place));
}

function tipPlace({ row, step }: Cell, plot: Plot, steps: Steps, width: number) {
  const x = xOf(steps.fromMs + (step + 0.5) * steps.stepMs, plot, steps);
  const top = plot.top + (row + 1) * ROW_PX + 6;
  return x < width / 2 ? { left: x, top } : { right: width - x, top };
}
