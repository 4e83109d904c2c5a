/** What each part of `npm run bench:names` says, in one form. */

export interface BenchRow {
  readonly what: string;
  /** A median. */
  readonly value: number;
  readonly unit: string;
  /** What it is compared with, in the same unit. */
  readonly base?: { readonly what: string; readonly value: number };
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** As JSON for names.ts with --json, else as a Markdown table. */
export function printPart(rows: readonly BenchRow[]): void {
  console.log(process.argv.includes("--json") ? JSON.stringify({ rows }) : markdown(rows));
}

export function markdown(rows: readonly BenchRow[]): string {
  const lines = rows.map(({ what, value, unit, base }) => {
    const compared = base ? [`${figure(base.value)} (${base.what})`, `${(value / base.value).toFixed(2)}`] : ["", ""];
    return `| ${[what, `${figure(value)} ${unit}`, ...compared].join(" | ")} |`;
  });
  return ["| what | median | compared with | ratio |", "|---|---|---|---|", ...lines].join("\n");
}

/** Three digits that count. */
const figure = (value: number): string =>
  Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)));
