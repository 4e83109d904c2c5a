/** What a person looks at on the map, and what belongs to it: the rest is dimmed. */
import type { MapGraph } from "./graph.ts";

export type Looked = { readonly kind: "node" | "edge"; readonly id: string };

export interface Lit {
  readonly nodes: ReadonlySet<string>;
  readonly edges: ReadonlySet<string>;
}

/** A node with its neighbours, an edge with its ends, or what was searched for; null: nothing in particular. */
export function litBy(graph: MapGraph, looked: Looked | null, find: string): Lit | null {
  if (looked?.kind === "edge") {
    const edge = graph.edges.find(({ id }) => id === looked.id);
    if (edge !== undefined) return { nodes: new Set([edge.from, edge.to]), edges: new Set([edge.id]) };
  }
  if (looked?.kind === "node" && graph.nodes.some(({ id }) => id === looked.id)) {
    const edges = graph.edges.filter(({ from, to }) => from === looked.id || to === looked.id);
    return {
      nodes: new Set([looked.id, ...edges.flatMap(({ from, to }) => [from, to])]),
      edges: new Set(edges.map(({ id }) => id)),
    };
  }
  if (find.trim() === "") return null;
  return { nodes: new Set(foundIn(graph, find)), edges: new Set() };
}

/** Ids of nodes whose name has the text. */
export function foundIn({ nodes }: Pick<MapGraph, "nodes">, find: string): string[] {
  const text = find.trim().toLowerCase();
  return text === "" ? [] : nodes.filter(({ label }) => label.toLowerCase().includes(text)).map(({ id }) => id);
}
