/** The line of an edge, from sign to sign, in pixels. */
import type { Place } from "./shape.ts";

interface Sign extends Place {
  readonly r: number;
}

/** Of the distance: so two that talk both ways have two lines. */
const BEND = 0.09;
/** For the arrowhead. */
const ARROW_PX = 5;

export function edgePath(from: Sign, to: Sign): string {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  if (length < 1) return loopPath(from);
  const bendX = (from.x + to.x) / 2 - dy * BEND;
  const bendY = (from.y + to.y) / 2 + dx * BEND;
  const start = towards(from, { x: bendX, y: bendY }, from.r);
  const end = towards(to, { x: bendX, y: bendY }, Math.min(to.r + ARROW_PX, length / 2));
  return `M${round(start.x)} ${round(start.y)}Q${round(bendX)} ${round(bendY)} ${round(end.x)} ${round(end.y)}`;
}

/** Among themselves: a loop above. */
function loopPath({ x, y, r }: Sign): string {
  const [aside, high] = [r * 0.6, r + 34];
  return `M${round(x - aside)} ${round(y - r * 0.8)}C${round(x - aside - 24)} ${round(y - high)} ${round(x + aside + 24)} ${round(y - high)} ${round(x + aside)} ${round(y - r - ARROW_PX + 2)}`;
}

function towards(from: Place, to: Place, by: number): Place {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  return { x: from.x + ((to.x - from.x) / length) * by, y: from.y + ((to.y - from.y) / length) * by };
}

/** Tenths of a pixel: the text of five hundred lines stays short. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Width of a line: its area is not read, its rank is. */
export function edgeWidth(value: number, largest: number): number {
  return largest <= 0 ? 1 : 1 + 7 * Math.sqrt(value / largest);
}

/** Radius of a sign. */
export function signRadius(value: number, largest: number, scale: number): number {
  const full = largest <= 0 ? 10 : 10 + 7 * Math.sqrt(value / largest);
  return full * Math.min(1.2, Math.max(0.55, scale));
}
