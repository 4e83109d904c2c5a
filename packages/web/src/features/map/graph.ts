/** Who talks to whom, as it is drawn and listed. */
import type { Filter, ParticipantType, Value } from "@flowtrail/model";
import type { AnswerMeta } from "../../lib/api-types.ts";
import type { EntityKind } from "../../lib/paths.ts";
import { type Amount, add } from "../../ui/charts/series.ts";
import type { MapMetric } from "./choices.ts";

/** Null: it was not asked for. */
type Measured = Readonly<Record<MapMetric, Amount | null>>;

export interface MapEnd {
  readonly id: string;
  readonly label: string;
  readonly type: ParticipantType;
  /** What its menu asks by. */
  readonly field: string;
  readonly value: Value;
  /** What has a page of its own. */
  readonly entity?: EntityKind | undefined;
}

export interface MapNode extends MapEnd, Measured {
  /** With how many others it talks. */
  readonly peers: number;
}

/** From the initiator to the responder. */
export interface MapEdge extends Measured {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** Passes exactly the flows of the pair. */
  readonly filter: Filter;
}

export interface MapGraph {
  /** The largest first, of what is measured. */
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
  /** Pairs that are not drawn, and what they have together. */
  readonly cut: number;
  readonly other: Measured;
  /** Null: no question here. */
  readonly externals: "domain" | "one" | null;
  readonly estimated: boolean;
  readonly meta: AnswerMeta;
}

/** Ends with the sums of their edges, the largest first; ends without any edge are left out. */
export function nodesOf(ends: readonly MapEnd[], edges: readonly MapEdge[], metric: MapMetric): MapNode[] {
  const own = new Map<string, MapEdge[]>(ends.map(({ id }) => [id, []]));
  for (const edge of edges) for (const id of new Set([edge.from, edge.to])) own.get(id)?.push(edge);
  const sum = (edges: readonly MapEdge[], which: MapMetric): Amount | null => {
    const amounts = edges.map((edge) => edge[which]).filter((amount) => amount !== null);
    return amounts.length < edges.length ? null : add(amounts);
  };
  return ends
    .flatMap((end): MapNode[] => {
      const edges = own.get(end.id) ?? [];
      if (edges.length === 0) return [];
      const others = new Set(edges.flatMap(({ from, to }) => [from, to]));
      others.delete(end.id);
      return [{ ...end, bytes: sum(edges, "bytes"), connections: sum(edges, "connections"), peers: others.size }];
    })
    .sort((a, b) => Number(b[metric]) - Number(a[metric]) || (a.id < b.id ? -1 : 1));
}
