import type { Clock } from "../../lib/clock.ts";
import { silentIn } from "./gaps.ts";
import { add, type ChartGap, type ChartSeries, type Steps } from "./series.ts";
import { spanWords } from "./step-words.ts";
import { type ChartUnit, formatExact } from "./units.ts";
import "./chart-table.css";

export interface ChartTableProps {
  readonly label: string;
  readonly series: readonly ChartSeries[];
  readonly steps: Steps;
  readonly unit: ChartUnit;
  readonly gaps: readonly ChartGap[];
  readonly clock: Clock;
}

/** What a chart draws, in numbers. The newest step first, as lists are. */
export function ChartTable({ label, series, steps, unit, gaps, clock }: ChartTableProps) {
  const rows = Array.from({ length: steps.count }, (_, i) => steps.count - 1 - i);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="chart-table" tabIndex={0} aria-label={`${label}, as a table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {series.map((one) => (
              <th key={one.key} scope="col">
                {one.label}
              </th>
            ))}
            {series.length > 1 && <th scope="col">Together</th>}
            {gaps.length > 0 && <th scope="col">Silent nodes</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map((step) => {
            const [fromMs, toMs] = [steps.fromMs + step * steps.stepMs, steps.fromMs + (step + 1) * steps.stepMs];
            return (
              <tr key={step}>
                <th scope="row">{spanWords(fromMs, toMs, clock)}</th>
                {series.map((one) => (
                  <td key={one.key}>{formatExact(one.values[step] ?? 0, unit)}</td>
                ))}
                {series.length > 1 && <td>{formatExact(add(series.map(({ values }) => values[step] ?? 0)), unit)}</td>}
                {gaps.length > 0 && <td>{silentIn(gaps, fromMs, toMs).join(", ") || "–"}</td>}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
