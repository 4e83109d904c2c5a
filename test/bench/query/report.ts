/** What was measured, as JSON and as Markdown. */
import { arch, cpus, platform, totalmem } from "node:os";
import type { Cost } from "./cost.ts";

export interface Side {
  readonly p50: number;
  readonly p95: number;
  /** The quickest: what is left when nothing else runs on the machine. */
  readonly best: number;
  readonly runs: number;
}

export interface QuestionResult {
  readonly name: string;
  readonly ours: Side | null;
  /** Why there is nothing. */
  readonly skipped: string | null;
  readonly theirs: Side | null;
  readonly theirError: string | null;
  /** As our answer says. */
  readonly table: string | null;
  readonly rowsRead: number | null;
  readonly cost: Cost | null;
}

export interface StoredTable {
  readonly table: string;
  readonly rows: number;
  readonly bytes: number;
}

export interface ReadersResult {
  readonly name: string;
  readonly one: Side;
  readonly many: Side;
}

export interface ExportResult {
  readonly format: string;
  readonly rows: number;
  readonly seconds: number;
  readonly mib: number;
}

export interface Report {
  readonly when: string;
  readonly machine: string;
  readonly rows: number;
  readonly days: number;
  readonly seedSeconds: number | null;
  readonly tables: readonly StoredTable[];
  readonly reports: number;
  readonly questions: readonly QuestionResult[];
  readonly readers: readonly ReadersResult[];
  readonly exports: readonly ExportResult[];
}

export const machine = () =>
  `${cpus().length} × ${cpus()[0]?.model ?? arch()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()}, Node ${process.versions.node}`;

const ms = (value: number | undefined) => (value === undefined ? "–" : value < 10 ? value.toFixed(1) : value.toFixed(0));
const count = (value: number) => Math.round(value).toLocaleString("en");

export function markdown(report: Report): string {
  const { rows, days, tables, reports } = report;
  const size = (of: (name: string) => boolean) =>
    tables.filter(({ table }) => of(table)).reduce((sum, { bytes }) => sum + bytes, 0);
  const theirs = (name: string) => name.startsWith("bench_");
  return [
    `## Questions over ${count(rows)} reports of ${days} days`,
    "",
    `${report.when} · ${report.machine}. Milliseconds from the request to the last byte; ours over HTTP through the API, the other schema by its statement, over HTTP at the same engine (no server of its own in between). Medians of alternating runs. Ratio: theirs / ours.`,
    "",
    "| question | ours best | p50 | p95 | Netmaker best | p50 | p95 | ratio of p50 | answered from | rows read | engine's CPU ms | MiB read |",
    "|---|--:|--:|--:|--:|--:|--:|--:|---|--:|--:|--:|",
    ...report.questions.map(({ name, ours, skipped, theirs: other, theirError, table, rowsRead, cost }) => {
      const ratio = ours && other ? `${(other.p50 / ours.p50).toFixed(1)}×` : "";
      const first = ours ? `${ms(ours.best)} | ${ms(ours.p50)} | ${ms(ours.p95)}` : `${skipped} | | `;
      const second = other ? `${ms(other.best)} | ${ms(other.p50)} | ${ms(other.p95)}` : `${theirError ?? "no answer"} | | `;
      return `| ${name} | ${first} | ${second} | ${ratio} | ${table ?? ""} | ${rowsRead === null ? "" : count(rowsRead)} | ${ms(cost?.cpuMs)} | ${ms(cost?.mib)} |`;
    }),
    "",
    "### On disk",
    "",
    "| table | rows | MiB | bytes a row | bytes a report |",
    "|---|--:|--:|--:|--:|",
    ...tables.map(
      ({ table, rows: n, bytes }) =>
        `| ${table} | ${count(n)} | ${(bytes / 2 ** 20).toFixed(1)} | ${(bytes / Math.max(1, n)).toFixed(1)} | ${(bytes / Math.max(1, reports)).toFixed(1)} |`,
    ),
    `| **all of ours** | | ${(size((name) => !theirs(name)) / 2 ** 20).toFixed(1)} | | ${(size((name) => !theirs(name)) / reports).toFixed(1)} |`,
    `| **Netmaker's** | | ${(size(theirs) / 2 ** 20).toFixed(1)} | | ${(size(theirs) / reports).toFixed(1)} |`,
    "",
    "### Readers",
    "",
    "| | one reader p50 | p95 | 20 readers p50 | p95 | p95 ratio |",
    "|---|--:|--:|--:|--:|--:|",
    ...report.readers.map(
      ({ name, one, many }) =>
        `| ${name} | ${ms(one.p50)} | ${ms(one.p95)} | ${ms(many.p50)} | ${ms(many.p95)} | ${(many.p95 / one.p95).toFixed(1)}× |`,
    ),
    "",
    "### Export",
    "",
    "| format | rows | seconds | rows/s | MiB/s |",
    "|---|--:|--:|--:|--:|",
    ...report.exports.map(
      ({ format, rows: n, seconds, mib }) =>
        `| ${format} | ${count(n)} | ${seconds.toFixed(1)} | ${count(n / seconds)} | ${(mib / seconds).toFixed(1)} |`,
    ),
    "",
  ].join("\n");
}
