import { memo, useId } from "react";
import { colorOf, type DrawnEdge } from "./drawing.ts";
import { PARTICIPANT_TYPES } from "./ends.ts";
import type { Lit } from "./look.ts";

export interface MapEdgesProps {
  readonly edges: readonly DrawnEdge[];
  readonly lit: Lit | null;
  /** Of lines that are not looked at in particular. */
  readonly opacity: number;
}

/** Arrowheads, in pixels: of thin lines and of thick ones. */
const HEADS = [8, 13] as const;
/** Of a head, before the end of the line: the rest reaches the sign. */
const BEYOND_PX = 5;
const THICK_PX = 4;

/** The lines, from initiator to responder. Each lies in a wider one that is not seen, to be pointed at. */
export const MapEdges = memo(function MapEdges({ edges, lit, opacity }: MapEdgesProps) {
  const id = useId();
  return (
    <>
      <defs>
        {PARTICIPANT_TYPES.flatMap((type) =>
          HEADS.map((size, i) => (
            <marker
              key={`${type} ${size}`}
              id={`${id}-${type}-${i}`}
              viewBox="0 0 10 10"
              refX={(10 * (size - BEYOND_PX)) / size}
              refY={5}
              markerWidth={size}
              markerHeight={size}
              markerUnits="userSpaceOnUse"
              orient="auto"
            >
              <path d="M0 0.5L10 5L0 9.5z" style={{ fill: colorOf(type) }} />
            </marker>
          )),
        )}
      </defs>
      {edges.map(({ edge, path, width, type }) => (
        <g
          key={edge.id}
          className={lit === null ? "map-edge" : lit.edges.has(edge.id) ? "map-edge map-edge-lit" : "map-edge map-dim"}
        >
          <path
            className="map-line"
            d={path}
            style={{ stroke: colorOf(type), opacity: lit === null ? opacity : undefined }}
            strokeWidth={width}
            markerEnd={`url(#${id}-${type}-${width < THICK_PX ? 0 : 1})`}
          />
          <path className="map-edge-hit" d={path} strokeWidth={Math.max(10, width + 4)} data-edge={edge.id} />
        </g>
      ))}
    </>
  );
});
