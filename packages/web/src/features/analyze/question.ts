/** What is asked on this screen, as it stands in the address; network, time and filter stand beside it on every screen. */
import { isDimension } from "./fields.ts";

export const GRAPHS = [
  { value: "stacked", label: "Stacked" },
  { value: "share", label: "100 %" },
  { value: "lines", label: "Lines" },
  { value: "grid", label: "Grid" },
  { value: "sankey", label: "Sankey" },
  { value: "heatmap", label: "Heatmap" },
  { value: "table", label: "Table" },
] as const;
export type Graph = (typeof GRAPHS)[number]["value"];

export const METRICS = [
  { value: "bytes", label: "Bytes" },
  { value: "packets", label: "Packets" },
  { value: "connections", label: "Connections" },
  { value: "reports", label: "Reports" },
  { value: "rate", label: "Bytes per second" },
] as const;
export type Metric = (typeof METRICS)[number]["value"];

/** Averages have the order of totals. */
export const RANKS = [
  { value: "total", label: "Total and average" },
  { value: "max", label: "Largest step" },
  { value: "p95", label: "95th percentile of steps" },
  { value: "last", label: "Last whole step" },
] as const;
export type Rank = (typeof RANKS)[number]["value"];

export const LIMITS = [5, 10, 15, 20, 30, 50] as const;
const MOST = 50;
export const MOST_DIMENSIONS = 4;

export interface Question {
  readonly graph: Graph;
  /** Fields, the first one divides first. */
  readonly by: readonly string[];
  readonly metric: Metric;
  readonly rank: Rank;
  readonly limit: number;
  /** Also the time of the same length before. */
  readonly previous: boolean;
}

export const FIRST_QUESTION: Question = {
  graph: "stacked",
  by: ["src.name"],
  metric: "bytes",
  rank: "total",
  limit: 10,
  previous: false,
};

function oneOf<T extends string>(choices: readonly { readonly value: T }[], text: string | null, otherwise: T): T {
  return choices.find(({ value }) => value === text)?.value ?? otherwise;
}

/** What the address says; what it does not say, or says wrongly, is as in the first question. */
export function readQuestion(params: URLSearchParams): Question {
  const fields = [...new Set((params.get("by") ?? "").split(","))].filter(isDimension).slice(0, MOST_DIMENSIONS);
  const limit = Number(params.get("limit"));
  return {
    graph: oneOf(GRAPHS, params.get("graph"), FIRST_QUESTION.graph),
    by: fields.length === 0 ? FIRST_QUESTION.by : fields,
    metric: oneOf(METRICS, params.get("metric"), FIRST_QUESTION.metric),
    rank: oneOf(RANKS, params.get("rank"), FIRST_QUESTION.rank),
    limit: Number.isInteger(limit) && limit >= 1 && limit <= MOST ? limit : FIRST_QUESTION.limit,
    previous: params.get("previous") === "true",
  };
}

const OWN = ["graph", "by", "metric", "rank", "limit", "previous"] as const;

/** Is anything said at all? */
export function isAsked(params: URLSearchParams): boolean {
  return OWN.some((name) => params.has(name));
}

/** All of it: a link that says what it shows stays true when the first question changes. */
export function writeQuestion(question: Question, rest: URLSearchParams = new URLSearchParams()): URLSearchParams {
  const params = new URLSearchParams(rest);
  for (const name of OWN) params.delete(name);
  for (const name of OWN) params.set(name, String(question[name]));
  if (!question.previous) params.delete("previous");
  return params;
}

/** Most steps of graphs that have any: where each is a box, fewer. */
const STEPS: Readonly<Partial<Record<Graph, number>>> = { stacked: 120, share: 120, lines: 120, grid: 60, heatmap: 60 };

/** The question to `GET /api/flows/top`. @param asked network, time and filter as the API takes them */
export function questionParams(question: Question, asked: URLSearchParams): URLSearchParams {
  const { by, metric, rank, limit, previous } = question;
  const params = planParams(question, asked);
  params.set("by", by.join(","));
  params.set("metric", metric);
  if (rank !== "total") params.set("rank", rank);
  params.set("limit", String(limit));
  if (previous) params.set("previous", "true");
  return params;
}

/** The same to `GET /api/flows/plan`. */
export function planParams({ graph, by, metric }: Question, asked: URLSearchParams): URLSearchParams {
  const params = new URLSearchParams(asked);
  params.set("by", by.join(","));
  params.set("metric", metric);
  const steps = STEPS[graph];
  if (steps !== undefined) params.set("buckets", String(steps));
  return params;
}

/** A list with one of its elements elsewhere. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const rest = list.filter((_, i) => i !== from);
  const element = list[from];
  return element === undefined ? rest : [...rest.slice(0, to), element, ...rest.slice(to)];
}
