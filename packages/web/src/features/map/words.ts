/** What the map says. */
import { formatCount } from "@flowtrail/model";
import { type Amount, add } from "../../ui/charts/series.ts";
import { formatExact, formatShort } from "../../ui/charts/units.ts";
import { PARTICIPANT_LABELS } from "../../ui/participant.tsx";
import type { MapMetric } from "./choices.ts";
import type { MapGraph, MapNode } from "./graph.ts";

export function exactly(amount: Amount | null, metric: MapMetric): string {
  return amount === null ? `${metric} not asked` : formatExact(amount, metric);
}

export function shortly(amount: Amount | null, metric: MapMetric): string {
  return amount === null ? "–" : formatShort(amount, metric);
}

/** `, Node, 29.3 MiB, 12 connections, with 5 others`: what those hear who do not see the map. */
export function nodeWords({ type, bytes, connections, peers }: MapNode): string {
  const others = `with ${formatCount(peers)} ${peers === 1 ? "other" : "others"}`;
  return `, ${[PARTICIPANT_LABELS[type], shortly(bytes, "bytes"), exactly(connections, "connections"), others].join(", ")}`;
}

/** `Other (4,803 pairs): 488.46 MiB, 8,628 connections, not drawn` */
export function otherWords({ cut, other, edges }: Pick<MapGraph, "cut" | "other" | "edges">): string {
  if (cut === 0) return `${pairs(edges.length)}, all drawn`;
  const amounts = (["bytes", "connections"] as const).flatMap((metric) =>
    other[metric] === null
      ? []
      : [metric === "bytes" ? formatShort(other.bytes ?? 0, "bytes") : formatExact(other.connections ?? 0, "connections")],
  );
  return `Other (${pairs(cut)}): ${amounts.join(", ")}, not drawn`;
}

export function pairs(count: number): string {
  return `${formatCount(count)} ${count === 1 ? "pair" : "pairs"}`;
}

/** Of all pairs, with those that are not drawn. Null: not all of it is known. */
export function together({ edges, other }: Pick<MapGraph, "edges" | "other">, metric: MapMetric): Amount | null {
  const amounts = [...edges.map((edge) => edge[metric]), other[metric]].filter((amount) => amount !== null);
  return amounts.length <= edges.length ? null : add(amounts);
}
