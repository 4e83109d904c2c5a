/** The table as a file. */
import { csvText } from "../../lib/csv.ts";
import type { AnalyzeAnswer, GroupFigures } from "../../lib/types-analyze.ts";

const FIGURES = ["value", "share", "avg", "min", "p95", "max", "last"] as const satisfies readonly (keyof GroupFigures)[];

/** Values as the API tells them. */
export function csvOf({ rows, other }: AnalyzeAnswer, fields: readonly string[], metric: string): string {
  const withPrevious = rows.some(({ previous }) => previous !== undefined);
  const figures = [...FIGURES, ...(withPrevious ? (["previous"] as const) : [])];
  const names = { value: metric, share: "share", avg: "avg_per_s", min: "min_per_s", p95: "p95_per_s", max: "max_per_s" };
  const others = { last: "last_per_s", previous: `previous_${metric}` };
  const told = (one: GroupFigures) => figures.map((figure) => String(one[figure] ?? ""));
  return csvText([
    [...fields, ...figures.map((figure) => ({ ...names, ...others })[figure])],
    ...rows.map((row) => [...row.by.map((value) => value ?? ""), ...told(row)]),
    ...(other.groups > 0 ? [[`Other (${other.groups})`, ...fields.slice(1).map(() => ""), ...told(other)]] : []),
  ]);
}
