import { Legend } from "../../ui/charts/legend.tsx";
import { FieldValue } from "../../ui/value-menu.tsx";
import type { GroupSeries } from "./steps-chart.ts";

export interface SeriesLegendProps {
  /** What the chart is divided by; null: it is one series, which needs no legend. */
  readonly field: string | null;
  readonly series: readonly GroupSeries[];
  readonly hidden: ReadonlySet<string>;
  onToggle(key: string): void;
}

/** Names of series are values: a click asks for them, or for all but them. */
export function SeriesLegend({ field, series, hidden, onToggle }: SeriesLegendProps) {
  if (field === null) return <span />;
  return (
    <Legend
      series={series}
      hidden={hidden}
      onToggle={onToggle}
      name={({ label, value }) =>
        value === undefined ? (
          label
        ) : (
          <FieldValue field={field} value={value}>
            {label}
          </FieldValue>
        )
      }
    />
  );
}
