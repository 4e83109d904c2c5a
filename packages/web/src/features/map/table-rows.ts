/** The map in numbers: rows in an order, and as text for others. */
import { csvText } from "../../lib/csv.ts";
import { PARTICIPANT_LABELS } from "../../ui/participant.tsx";
import type { MapMetric, Sort } from "./choices.ts";
import type { MapEdge, MapGraph, MapNode } from "./graph.ts";

export interface PairRow {
  readonly edge: MapEdge;
  readonly from: MapNode;
  readonly to: MapNode;
}

/** @param sort null: what is measured, the largest first */
export function rowsOf({ nodes, edges }: Pick<MapGraph, "nodes" | "edges">, metric: MapMetric, sort: Sort | null): PairRow[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const rows = edges.flatMap((edge): PairRow[] => {
    const [from, to] = [byId.get(edge.from), byId.get(edge.to)];
    return from === undefined || to === undefined ? [] : [{ edge, from, to }];
  });
  const { by, down } = sort ?? { by: metric, down: true };
  const compare = (a: PairRow, b: PairRow) =>
    by === "from" || by === "to" ? a[by].label.localeCompare(b[by].label, "en-US") : Number(a.edge[by]) - Number(b.edge[by]);
  return rows.sort((a, b) => (down ? -compare(a, b) : compare(a, b)));
}

/** Sorted by this now: what a click on its heading asks for. Numbers begin with the largest, names with the first. */
export function nextSort(now: Sort, by: Sort["by"]): Sort {
  if (now.by === by) return { by, down: !now.down };
  return { by, down: by === "bytes" || by === "connections" };
}

const HEAD = ["source", "source_type", "destination", "destination_type", "bytes", "connections"];

function linesOf(rows: readonly PairRow[]): string[][] {
  return [
    HEAD,
    ...rows.map(({ edge, from, to }) => [
      from.label,
      PARTICIPANT_LABELS[from.type],
      to.label,
      PARTICIPANT_LABELS[to.type],
      String(edge.bytes ?? ""),
      String(edge.connections ?? ""),
    ]),
  ];
}

/** To be opened by a sheet. */
export function csvOf(rows: readonly PairRow[]): string {
  return csvText(linesOf(rows));
}

/** To be pasted into a sheet. */
export function tabbedOf(rows: readonly PairRow[]): string {
  return linesOf(rows)
    .map((line) => line.map((cell) => cell.replaceAll(/[\t\r\n]+/g, " ")).join("\t"))
    .join("\n");
}
