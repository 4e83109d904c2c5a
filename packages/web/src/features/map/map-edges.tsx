import { memo } from "react";
import { colorOf, type DrawnEdge } from "./drawing.ts";
import type { Lit } from "./look.ts";

export interface MapEdgesProps {
  readonly edges: readonly DrawnEdge[];
  readonly lit: Lit | null;
}

/** The lines, from initiator to responder. Each lies in a wider one that is not seen, to be pointed at. */
export const MapEdges = memo(function MapEdges({ edges, lit }: MapEdgesProps) {
  return edges.map(({ edge, path, width, type }) => (
    <g key={edge.id} className={lit === null ? undefined : lit.edges.has(edge.id) ? "map-edge-lit" : "map-edge-dim"}>
      <path className="map-line" d={path.line} style={{ stroke: colorOf(type) }} strokeWidth={width} />
      <path className="map-head" d={path.head} style={{ fill: colorOf(type) }} />
      <path className="map-edge-hit" d={path.line} strokeWidth={Math.max(10, width + 4)} data-edge={edge.id} />
    </g>
  ));
});
