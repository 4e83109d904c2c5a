/** What was measured, beside what it may be. */
import { formatBytes, formatCount } from "@flowtrail/model";
import type { BundleResult } from "./bundle.ts";
import type { ScrollResult } from "./scroll.ts";
import type { TailResult } from "./tail.ts";
import type { Step } from "./walk.ts";

export interface Report {
  readonly when: string;
  readonly machine: string;
  readonly rows: number;
  readonly cold: readonly number[];
  readonly warm: readonly number[];
  readonly filter: readonly number[];
  readonly scroll: ScrollResult;
  readonly tail: TailResult;
  readonly bundle: BundleResult;
}

const BUDGETS = { coldMs: 1000, warmMs: 300, taskMs: 50, firstBytes: 300 * 1024 } as const;

/** Times say which steps are slow beside others; rows read are the same on any machine. */
export function walkMarkdown(steps: readonly Step[]): string {
  return [
    "## Through the screens",
    "",
    "| time | step | ms | questions | rows read | slowest question |",
    "|---|---|--:|--:|--:|---|",
    ...steps.map(({ window, name, ms, questions, rowsRead, slowest }) => {
      const slow = slowest === null ? "" : `${slowest.ms.toFixed(0)} ms \`${slowest.path.replaceAll("|", "\\|")}\``;
      return `| ${window} | ${name} | ${ms.toFixed(0)} | ${questions} | ${formatCount(rowsRead)} | ${slow} |`;
    }),
    "",
    ...steps.flatMap(({ window, name, problems }) => problems.map((problem) => `- **${window}, ${name}**: ${problem}`)),
    "",
  ].join("\n");
}

interface Line {
  readonly name: string;
  readonly value: string;
  readonly budget: string;
  readonly isMet: boolean | null;
}

export function markdown(report: Report): string {
  const { when, machine, rows, bundle } = report;
  return [
    `## The page over ${formatCount(rows)} reports`,
    "",
    `${when} · ${machine}. The browser, the server and its store share this machine.`,
    "",
    "| measure | value | budget | met |",
    "|---|---|---|---|",
    ...linesOf(report).map(
      ({ name, value, budget, isMet }) =>
        `| ${name} | ${value} | ${budget} | ${isMet === null ? "" : isMet ? "yes" : "**no**"} |`,
    ),
    "",
    "| file | compressed | when |",
    "|---|--:|---|",
    ...bundle.files.map(
      ({ file, bytes, isFirst }) => `| ${file} | ${formatBytes(bytes)} | ${isFirst ? "first load" : "later"} |`,
    ),
    "",
  ].join("\n");
}

function linesOf({ cold, warm, filter, scroll, tail, bundle }: Report): Line[] {
  const worst = Math.max(0, ...tail.longTasks);
  return [
    { ...times("first rows, cold", cold), ...budgetOf(median(cold), BUDGETS.coldMs) },
    { ...times("first rows, warm", warm), ...budgetOf(median(warm), BUDGETS.warmMs) },
    { ...times("another filter to its rows", filter), budget: "", isMet: null },
    {
      name: "scroll",
      value: `${formatCount(scroll.rows)} rows in ${scroll.seconds.toFixed(0)} s; frames ${frames(scroll.frames)}; ${tasks(scroll.longTasks)}`,
      budget: "",
      isMet: null,
    },
    {
      name: "memory of the scroll",
      value: heap(scroll),
      budget: "does not grow",
      isMet: scroll.heapAfter < scroll.heapBefore + 2 ** 24,
    },
    {
      name: `live tail, ${formatCount(Math.round(tail.delivered / tail.seconds))} rows/s`,
      value: `${tail.seconds} s; frames ${frames(tail.frames)}; ${tasks(tail.longTasks)}; it says: ${tail.said}`,
      budget: `no task > ${BUDGETS.taskMs} ms`,
      isMet: worst <= BUDGETS.taskMs,
    },
    {
      name: "the tail's longest tasks, processor time",
      value: `${tail.tasks.longest.map((ms) => ms.toFixed(0)).join(", ")} ms; ${tail.tasks.seconds.toFixed(1)} s in all`,
      budget: `no task > ${BUDGETS.taskMs} ms`,
      isMet: (tail.tasks.longest[0] ?? 0) <= BUDGETS.taskMs,
    },
    { name: "memory of the tail", value: heap(tail), budget: "does not grow", isMet: tail.heapAfter < tail.heapBefore + 2 ** 24 },
    {
      name: "first load",
      value: formatBytes(bundle.firstBytes),
      budget: `≤ ${formatBytes(BUDGETS.firstBytes)}`,
      isMet: bundle.firstBytes <= BUDGETS.firstBytes,
    },
  ];
}

function times(name: string, all: readonly number[]) {
  const sorted = all.toSorted((a, b) => a - b).map((ms) => ms.toFixed(0));
  return { name, value: `median ${median(all).toFixed(0)} ms (${sorted.join(", ")})` };
}

const budgetOf = (value: number, most: number) => ({ budget: `< ${formatCount(most)} ms`, isMet: value < most });

const heap = ({ heapBefore, heapAfter }: { heapBefore: number; heapAfter: number }) =>
  `${formatBytes(heapBefore)} before, ${formatBytes(heapAfter)} after`;

function tasks(all: readonly number[]): string {
  return all.length === 0 ? "no task > 50 ms" : `${all.length} tasks > 50 ms, the longest ${Math.max(...all).toFixed(0)} ms`;
}

function frames(all: readonly number[]): string {
  return [0.5, 0.95, 0.99]
    .map((part) => `p${part * 100} ${quantile(all, part).toFixed(0)}`)
    .join(", ")
    .concat(" ms");
}

function quantile(all: readonly number[], part: number): number {
  const sorted = all.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

const median = (all: readonly number[]) => quantile(all, 0.5);
