/** The line of an edge from sign to sign, with its head, in pixels. */
import type { Place } from "./shape.ts";

interface Sign extends Place {
  readonly r: number;
}

export interface EdgePath {
  readonly line: string;
  /** The triangle at its end. */
  readonly head: string;
}

/** Of the distance: so two that talk both ways have two lines. */
const BEND = 0.09;
/** How far a loop goes up and aside. */
const LOOP = { high: 36, aside: 26 };

export function edgePath(from: Sign, to: Sign, width: number): EdgePath {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  const size = headSize(width);
  if (length < 1) return loopPath(from, size);
  const bend = { x: (from.x + to.x) / 2 - dy * BEND, y: (from.y + to.y) / 2 + dx * BEND };
  const start = towards(from, bend, from.r);
  const tip = towards(to, bend, Math.min(to.r, length / 3));
  const end = towards(tip, bend, Math.min(size, length / 3));
  return { line: `M${point(start)}Q${point(bend)} ${point(end)}`, head: headPath(end, tip, size) };
}

/** Among themselves: a loop above. */
function loopPath({ x, y, r }: Sign, size: number): EdgePath {
  const [from, tip] = [-1, 1].map((side) => ({ x: x + side * r * 0.5, y: y - r * 0.87 })) as [Place, Place];
  const [up, down] = [-1, 1].map((side) => ({ x: x + side * LOOP.aside, y: y - r - LOOP.high })) as [Place, Place];
  const end = towards(tip, down, size);
  return { line: `M${point(from)}C${point(up)} ${point(down)} ${point(end)}`, head: headPath(end, tip, size) };
}

function headSize(width: number): number {
  return Math.min(13, 6.5 + width);
}

function headPath(base: Place, tip: Place, size: number): string {
  const length = Math.hypot(tip.x - base.x, tip.y - base.y) || 1;
  const half = size * 0.45;
  const [asideX, asideY] = [(-(tip.y - base.y) / length) * half, ((tip.x - base.x) / length) * half];
  const corner = (side: number) => point({ x: base.x + side * asideX, y: base.y + side * asideY });
  return `M${corner(1)}L${point(tip)}L${corner(-1)}Z`;
}

function towards(from: Place, to: Place, by: number): Place {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  return { x: from.x + ((to.x - from.x) / length) * by, y: from.y + ((to.y - from.y) / length) * by };
}

/** Tenths of a pixel: the text of five hundred lines stays short. */
function point({ x, y }: Place): string {
  return `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`;
}

/** Width of a line: its rank is read, not its area. */
export function edgeWidth(value: number, largest: number, scale: number): number {
  const full = largest <= 0 ? 1 : 1 + 7 * Math.sqrt(value / largest);
  return Math.max(1, full * Math.min(1, Math.max(0.45, scale)));
}

/** Radius of a sign. */
export function signRadius(value: number, largest: number, scale: number): number {
  const full = largest <= 0 ? 10 : 10 + 7 * Math.sqrt(value / largest);
  return full * Math.min(1.2, Math.max(0.55, scale));
}
