/** A graph of who talks to whom → lines, a table, or Graphviz's language. */
import { formatBytes, formatCount } from "@flowtrail/model";
import { typeWord } from "../ask/type-word.ts";
import { clean } from "../terminal/clean.ts";
import type { Output } from "../terminal/output.ts";
import { bar } from "../terminal/style.ts";
import { tableLines } from "../terminal/table.ts";
import { displayWidth, pad, truncate } from "../terminal/width.ts";

interface GraphEnd {
  readonly id: string;
  readonly name: string;
  readonly type: string;
}

export interface GraphEdge {
  readonly from: GraphEnd;
  readonly to: GraphEnd;
  /** Null: not asked for. */
  readonly bytes: bigint | null;
  readonly connections: bigint | null;
}

export interface Graph {
  /** The largest first. */
  readonly edges: readonly GraphEdge[];
  /** Pairs that are not told, and what they have together. */
  readonly cut: number;
  readonly rest: string;
}

type Metric = "bytes" | "connections";
const BAR_WIDTH = 16;

const sizeOf = (edge: GraphEdge, metric: Metric) => edge[metric] ?? 0n;
const sum = (edges: readonly GraphEdge[], metric: Metric) => edges.reduce((total, edge) => total + sizeOf(edge, metric), 0n);

function amounts({ bytes, connections }: GraphEdge): string {
  const told = [
    ...(bytes === null ? [] : [formatBytes(bytes)]),
    ...(connections === null || (connections === 0n && bytes !== null) ? [] : [`${formatCount(connections)} new`]),
  ];
  return told.join(", ");
}

/** Sources, the largest first, each with its destinations below it. */
export function adjacencyLines({ edges }: Graph, metric: Metric, { style, width }: Pick<Output, "style" | "width">): string[] {
  const sources = new Map<string, GraphEdge[]>();
  for (const edge of edges) sources.set(edge.from.id, [...(sources.get(edge.from.id) ?? []), edge]);
  const ordered = [...sources.values()].sort((a, b) =>
    sum(b, metric) > sum(a, metric) ? 1 : sum(b, metric) < sum(a, metric) ? -1 : 0,
  );
  const largest = Number(edges.reduce((most, edge) => (sizeOf(edge, metric) > most ? sizeOf(edge, metric) : most), 0n));
  const widest = edges.reduce((most, edge) => Math.max(most, displayWidth(endText(edge.to))), 0);
  const amountWidth = edges.reduce((most, edge) => Math.max(most, amounts(edge).length), 0);
  const nameWidth = width === null ? widest : Math.max(12, Math.min(widest, width - BAR_WIDTH - amountWidth - 8));
  return ordered.flatMap((list) => {
    const [first] = list;
    const head = `${style(clean(first?.from.name ?? ""), "bold")}${style(typeText(first?.from.type ?? ""), "dim")}`;
    const lines = list.map((edge) => {
      const name = pad(truncate(endText(edge.to), nameWidth), nameWidth);
      const length = pad(bar(largest === 0 ? 0 : Number(sizeOf(edge, metric)) / largest, BAR_WIDTH), BAR_WIDTH);
      return `  ${style("→", "dim")} ${name}  ${style(length, "cyan")}  ${amounts(edge)}`;
    });
    return [head, ...lines];
  });
}

const endText = ({ name, type }: GraphEnd) => `${clean(name)}${typeText(type)}`;
const typeText = (type: string) => (type === "" ? "" : ` (${typeWord(type)})`);

export function edgeTable({ edges }: Graph, output: Pick<Output, "style" | "width">): string[] {
  const isTyped = edges.some(({ from, to }) => from.type !== "" || to.type !== "");
  const has = (metric: Metric) => edges.some((edge) => edge[metric] !== null);
  return tableLines<GraphEdge>(
    [
      { title: "SOURCE", text: ({ from }) => from.name, least: 12, colour: () => "bold" },
      ...(isTyped ? [{ title: "TYPE", text: ({ from }: GraphEdge) => from.type, spare: 2 }] : []),
      { title: "DESTINATION", text: ({ to }) => to.name, least: 12, colour: () => "bold" },
      ...(isTyped ? [{ title: "TYPE", text: ({ to }: GraphEdge) => to.type, spare: 2 }] : []),
      ...(has("bytes")
        ? [{ title: "BYTES", text: ({ bytes }: GraphEdge) => formatBytes(bytes ?? 0n), align: "right" as const }]
        : []),
      ...(has("connections")
        ? [
            {
              title: "CONNECTIONS",
              text: ({ connections }: GraphEdge) => formatCount(connections ?? 0n),
              align: "right" as const,
            },
          ]
        : []),
    ],
    edges,
    output,
  );
}

const SHAPES: Readonly<Record<string, string>> = {
  node: "box",
  user: "ellipse",
  extclient: "note",
  egress_route: "house",
  external: "hexagon",
};
const MOST_PEN = 6;

/** For `dot -Tsvg`. */
export function dotText({ edges }: Graph, metric: Metric): string {
  const ends = new Map(edges.flatMap(({ from, to }) => [from, to].map((end) => [end.id, end] as const)));
  const largest = Number(edges.reduce((most, edge) => (sizeOf(edge, metric) > most ? sizeOf(edge, metric) : most), 1n));
  return [
    "digraph flowtrail {",
    "  rankdir=LR;",
    '  node [fontname="sans-serif"];',
    ...[...ends.values()].map(
      ({ id, name, type }) => `  ${quoted(id)} [label=${quoted(name)}, shape=${SHAPES[type] ?? "plaintext"}];`,
    ),
    ...edges.map((edge) => {
      const pen = (1 + (MOST_PEN - 1) * (Number(sizeOf(edge, metric)) / largest)).toFixed(2);
      return `  ${quoted(edge.from.id)} -> ${quoted(edge.to.id)} [label=${quoted(amounts(edge))}, penwidth=${pen}];`;
    }),
    "}",
    "",
  ].join("\n");
}

/** Within quotes only `"` is special (graphviz.org/doc/info/lang.html), but labels know escapes by `\`. */
const quoted = (text: string) => `"${clean(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
