import { allFilters } from "@flowtrail/model";
import type { PairsAnswer } from "../../lib/types-map.ts";
import type { MapMetric } from "./choices.ts";
import { endFilters, endOfPair, kinOf } from "./ends.ts";
import { type MapEdge, type MapGraph, nodesOf } from "./graph.ts";

/** The map of participants. */
export function graphOfPairs(answer: PairsAnswer, metric: MapMetric): MapGraph {
  const kin = kinOf(answer);
  const byId = new Map(answer.nodes.map((node) => [node.id, node]));
  const edges = answer.edges.flatMap(({ from, to, bytes, connections }): MapEdge[] => {
    const [source, destination] = [byId.get(from), byId.get(to)];
    if (source === undefined || destination === undefined) return [];
    const filters = [...endFilters(source, kin(source), "src"), ...endFilters(destination, kin(destination), "dst")];
    return [{ id: `${from} ${to}`, from, to, bytes, connections, filter: allFilters(filters) }];
  });
  const ends = answer.nodes.map((node) => endOfPair(node, kin(node)));
  const { cut, other, externals, estimated, meta } = answer;
  return { nodes: nodesOf(ends, edges, metric), edges, cut, other, externals, estimated, meta };
}
