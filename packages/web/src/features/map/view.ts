/** What part of the map is seen: a point of it is drawn at `point * scale + (x, y)`. */
import type { Place, Room } from "./shape.ts";

export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

const LEAST_SCALE = 0.1;
const MOST_SCALE = 4;
/** A map of few is not blown up. */
const MOST_FITTED = 1.25;

export interface Bounds {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** What holds all places, and other bounds. */
export function boundsOf(places: Iterable<Place>, other: Bounds | null = null): Bounds {
  const all = [...places];
  const [xs, ys] = [all.map(({ x }) => x), all.map(({ y }) => y)];
  if (other !== null) {
    xs.push(other.left, other.right);
    ys.push(other.top, other.bottom);
  }
  if (xs.length === 0) return { left: 0, right: 0, top: 0, bottom: 0 };
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

/** All of it, as large as it gets. */
export function fitView({ left, right, top, bottom }: Bounds, room: Room, margin: Bounds): View {
  const [width, height] = [room.width - margin.left - margin.right, room.height - margin.top - margin.bottom];
  const scale = clamp(Math.min(width / Math.max(1, right - left), height / Math.max(1, bottom - top)), LEAST_SCALE, MOST_FITTED);
  return {
    scale,
    x: margin.left + width / 2 - ((left + right) / 2) * scale,
    y: margin.top + height / 2 - ((top + bottom) / 2) * scale,
  };
}

/** Larger or smaller, around what is seen at a pixel. */
export function zoomView({ scale, x, y }: View, factor: number, at: Place): View {
  const next = clamp(scale * factor, LEAST_SCALE, MOST_SCALE);
  return { scale: next, x: at.x - ((at.x - x) / scale) * next, y: at.y - ((at.y - y) / scale) * next };
}

export function panView({ scale, x, y }: View, byX: number, byY: number): View {
  return { scale, x: x + byX, y: y + byY };
}

/** Moved just so far that a place is seen, with its name. */
export function viewWith(view: View, { x, y }: Place, room: Room, marginPx: number): View {
  const [px, py] = [x * view.scale + view.x, y * view.scale + view.y];
  const into = (at: number, size: number) => Math.max(0, marginPx - at) + Math.min(0, size - marginPx - at);
  return panView(view, into(px, room.width), into(py, room.height));
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
