/** Which names are written on the map, and on which side of their nodes: none on another, nor on a node. */
import type { Layer } from "./layers.ts";

export type LabelSide = "left" | "right" | "below" | "above";

export interface Labelled {
  readonly id: string;
  readonly layer: Layer;
  /** Middle and radius of its sign, in pixels. */
  readonly x: number;
  readonly y: number;
  readonly r: number;
  /** Of its name, at most what is written of it. */
  readonly width: number;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const LABEL_HEIGHT = 15;
const LABEL_GAP = 3;

/** A square in a sign's circle, nearly. */
const ROUND = 0.75;

const SIDES: Readonly<Record<Layer, readonly LabelSide[]>> = {
  // Away from the edges, most of which lead to the middle.
  left: ["left", "right"],
  right: ["right", "left"],
  middle: ["below", "above", "right", "left"],
};

/**
 * @param nodes those first whose names are wanted most
 * @param kept names that stand already
 */
export function placeLabels(
  nodes: readonly Labelled[],
  kept: ReadonlyMap<string, LabelSide> = new Map(),
): Map<string, LabelSide> {
  const signs = nodes.map(({ x, y, r }): Box => {
    const half = r * ROUND;
    return { left: x - half, right: x + half, top: y - half, bottom: y + half };
  });
  const sides = new Map(kept);
  const written = nodes.flatMap((node) => {
    const side = kept.get(node.id);
    return side === undefined ? [] : [labelBox(node, side)];
  });
  for (const [i, node] of nodes.entries()) {
    if (sides.has(node.id)) continue;
    for (const side of SIDES[node.layer]) {
      const box = labelBox(node, side);
      if (written.some((other) => overlap(box, other)) || signs.some((sign, j) => j !== i && overlap(box, sign))) continue;
      written.push(box);
      sides.set(node.id, side);
      break;
    }
  }
  return sides;
}

export function labelBox({ x, y, r, width }: Labelled, side: LabelSide): Box {
  const away = r + LABEL_GAP;
  if (side === "left" || side === "right") {
    const left = side === "right" ? x + away : x - away - width;
    return { left, right: left + width, top: y - LABEL_HEIGHT / 2, bottom: y + LABEL_HEIGHT / 2 };
  }
  const top = side === "below" ? y + r + 1 : y - r - 1 - LABEL_HEIGHT;
  return { left: x - width / 2, right: x + width / 2, top, bottom: top + LABEL_HEIGHT };
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
