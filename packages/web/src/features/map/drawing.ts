/** The map at a scale: where in pixels each sign, name and line is. Panning moves all of it and changes nothing of it. */
import { OTHER_COLOR, seriesColors } from "../../ui/charts/colors.ts";
import type { MapMetric } from "./choices.ts";
import { type EdgePath, edgePath, edgeWidth, signRadius } from "./edge-path.ts";
import { PARTICIPANT_TYPES as TYPES } from "./ends.ts";
import type { MapEdge, MapNode } from "./graph.ts";
import { type Labelled, type LabelSide, placeLabels } from "./labels.ts";
import { layerOf } from "./layers.ts";
import type { Lit } from "./look.ts";
import { COLUMN_WIDTH } from "./shape.ts";
import type { DrawnMap } from "./use-drawn.ts";

export interface DrawnNode extends Labelled {
  readonly node: MapNode;
  readonly color: string;
}

export interface DrawnEdge {
  readonly edge: MapEdge;
  readonly path: EdgePath;
  readonly width: number;
  readonly type: MapNode["type"];
}

export interface Drawing {
  readonly nodes: readonly DrawnNode[];
  /** Beside which side of their signs names stand; of those that have room. */
  readonly sides: ReadonlyMap<string, LabelSide>;
  readonly edges: readonly DrawnEdge[];
  /** Of the lines: the more there are, the less each one covers. */
  readonly opacity: number;
}

const LEAST_LABEL = 58;
const MOST_LABEL = 142;

/** @param widthOf of a text, in pixels */
export function drawingOf(drawn: DrawnMap, scale: number, widthOf: (text: string) => number): Drawing {
  const { graph, metric, layout } = drawn;
  const largest = largestOf(graph.nodes, metric);
  const betweenColumns = Math.max(LEAST_LABEL, Math.min(MOST_LABEL, COLUMN_WIDTH * scale - 26));
  const { leftX, rightX, columns } = layout.shape;
  /** Beside the outermost columns there is nothing else. */
  const [leftEnd, rightEnd] = [leftX - (columns.left - 1) * COLUMN_WIDTH, rightX + (columns.right - 1) * COLUMN_WIDTH];
  const nodes = graph.nodes.flatMap((node) => {
    const place = layout.places.get(node.id);
    if (place === undefined) return [];
    const r = signRadius(Number(node[metric]), largest, scale);
    const layer = layerOf(node.type);
    const isInner = layer !== "middle" && place.x > leftEnd && place.x < rightEnd;
    const width = Math.min(widthOf(node.label), isInner ? betweenColumns : MOST_LABEL);
    return [{ id: node.id, node, color: colorOf(node.type), layer, x: place.x * scale, y: place.y * scale, r, width }];
  });
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const widest = largestOf(graph.edges, metric);
  const edges = graph.edges.flatMap((edge): DrawnEdge[] => {
    const [from, to] = [byId.get(edge.from), byId.get(edge.to)];
    if (from === undefined || to === undefined) return [];
    const width = edgeWidth(Number(edge[metric]), widest, scale);
    return [{ edge, path: edgePath(from, to, width), width, type: from.node.type }];
  });
  return {
    nodes,
    sides: placeLabels(nodes),
    // The largest on top, as they are the ones that are read.
    edges: edges.reverse(),
    opacity: Math.max(0.2, 0.55 - edges.length / 900),
  };
}

/** With the names of those that are lit, as far as these have room among each other: what is dimmed may lie below. */
export function litSides({ nodes, sides }: Drawing, lit: Lit | null): ReadonlyMap<string, LabelSide> {
  if (lit === null) return sides;
  const own = nodes.filter(({ id }) => lit.nodes.has(id));
  const kept = new Map(own.flatMap(({ id }) => [[id, sides.get(id)] as const]).filter(([, side]) => side !== undefined));
  return new Map([...sides, ...placeLabels(own, kept as ReadonlyMap<string, LabelSide>)]);
}

/** Of all types together: no two are alike. */
const COLORS = new Map(TYPES.map((type, i) => [type, seriesColors("type", TYPES)[i] ?? OTHER_COLOR]));

export function colorOf(type: MapNode["type"]): string {
  return COLORS.get(type) ?? OTHER_COLOR;
}

function largestOf(all: readonly Pick<MapEdge, MapMetric>[], metric: MapMetric): number {
  return all.reduce((most, one) => Math.max(most, Number(one[metric])), 0);
}
