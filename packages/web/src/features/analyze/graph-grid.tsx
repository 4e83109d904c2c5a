import { LinesChart, type LinesChartProps, largestOf } from "../../ui/charts/lines-chart.tsx";
import { formatExact, formatShort } from "../../ui/charts/units.ts";
import { GroupName } from "./group-name.tsx";
import type { GroupSeries } from "./group-series.ts";
import "./graph-grid.css";

export interface GraphGridProps extends Omit<LinesChartProps, "series" | "onPick"> {
  readonly series: readonly (GroupSeries & { readonly before: GroupSeries["before"] })[];
  readonly fields: readonly string[];
  onPick(series: GroupSeries, fromMs: number, toMs: number): void;
}

/** A small chart for each, all to the same scale. */
export function GraphGrid({ series, fields, onPick, label, ...rest }: GraphGridProps) {
  const max = largestOf(series);
  return (
    <ul className="graph-grid" aria-label={label}>
      {series.map((one) => (
        <li key={one.key}>
          <p>
            <span className="graph-grid-name cut">{one.by === null ? one.label : <GroupName fields={fields} by={one.by} />}</span>
            <span title={formatExact(one.figures.value, rest.unit)}>{formatShort(one.figures.value, rest.unit)}</span>
          </p>
          <LinesChart
            {...rest}
            label={`${label}: ${one.label}`}
            series={[one]}
            max={max}
            height={112}
            filled
            onPick={(fromMs, toMs) => onPick(one, fromMs, toMs)}
          />
        </li>
      ))}
    </ul>
  );
}
