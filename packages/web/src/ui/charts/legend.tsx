import type { ReactNode } from "react";
import type { ChartSeries } from "./series.ts";
import "./legend.css";

export type LegendSeries = Pick<ChartSeries, "key" | "label" | "color">;

export interface LegendProps<S extends LegendSeries> {
  readonly series: readonly S[];
  /** Keys of those that are not shown. */
  readonly hidden: ReadonlySet<string>;
  onToggle(key: string): void;
  /** What stands for a series instead of its name: a menu, say. */
  readonly name?: (series: S) => ReactNode;
}

/** Which colour is what; the box before a name shows or hides its series. */
export function Legend<S extends LegendSeries>({ series, hidden, onToggle, name }: LegendProps<S>) {
  return (
    <ul className="legend">
      {series.map((one) => (
        <li key={one.key} className={hidden.has(one.key) ? "legend-off" : undefined}>
          <button
            type="button"
            className="legend-box"
            aria-pressed={!hidden.has(one.key)}
            aria-label={`Show ${one.label}`}
            title={hidden.has(one.key) ? `Show ${one.label}` : `Hide ${one.label} in the chart`}
            onClick={() => onToggle(one.key)}
          >
            <span style={{ background: hidden.has(one.key) ? "transparent" : one.color, borderColor: one.color }} />
          </button>
          {name?.(one) ?? one.label}
        </li>
      ))}
    </ul>
  );
}
