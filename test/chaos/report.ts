/** The table: one line a fault. */
import type { RunResult } from "./run.ts";

const HEAD = ["fault", "runs", "flows", "acknowledged", "lost", "doubled", "excused", "recovery (median, longest)"] as const;

function lineOf(fault: string, results: readonly RunResult[]): string[] {
  const sum = (of: (result: RunResult) => number) => String(results.reduce((total, result) => total + of(result), 0));
  const times = results.map(({ recoveryMs }) => recoveryMs).sort((a, b) => a - b);
  const seconds = (ms = 0) => `${(ms / 1000).toFixed(1)} s`;
  return [
    fault,
    String(results.length),
    sum(({ flows }) => flows),
    sum(({ acknowledged }) => acknowledged),
    sum(({ lost, broken }) => lost + broken),
    sum(({ doubled }) => doubled),
    excusedOf(results),
    `${seconds(times[times.length >> 1])}, ${seconds(times.at(-1))}`,
  ];
}

function excusedOf(results: readonly RunResult[]): string {
  const total = new Map<string, number>();
  for (const { excused } of results)
    for (const [reason, count] of Object.entries(excused)) total.set(reason, (total.get(reason) ?? 0) + count);
  return total.size === 0 ? "0" : [...total].map(([reason, count]) => `${count} (${reason})`).join(", ");
}

function linesOf(results: readonly RunResult[]): string[][] {
  const names = [...new Set(results.map(({ fault }) => fault))].sort();
  const lines = names.map((name) =>
    lineOf(
      name,
      results.filter(({ fault }) => fault === name),
    ),
  );
  return names.length > 1 ? [...lines, lineOf("all", results)] : lines;
}

export function textTable(results: readonly RunResult[]): string {
  const lines = [[...HEAD], ...linesOf(results)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const isNumber = (column: number) => column > 0 && column < 6;
  const pad = (cell: string, column: number) =>
    isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
  return lines.map((line) => line.map(pad).join("  ").trimEnd()).join("\n");
}

export function markdownTable(results: readonly RunResult[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [row(HEAD), row(HEAD.map((_, i) => (i > 0 && i < 6 ? "--:" : "---"))), ...linesOf(results).map(row), ""].join("\n");
}

/** Nothing lost, nothing doubled, nothing else wrong. */
export const isGood = ({ lost, broken, doubled, mistakes }: RunResult): boolean =>
  lost + broken + doubled === 0 && mistakes.length === 0;
