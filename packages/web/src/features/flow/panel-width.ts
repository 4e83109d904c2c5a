/** How wide the panel is, as its edge is dragged and moved by keys. */

export const DEFAULT_PX = 540;
const LEAST_PX = 380;
const STEP_PX = 24;

export interface WidthRange {
  readonly leastPx: number;
  readonly mostPx: number;
}

/** @param roomPx of what the panel lies over */
export function widthRange(roomPx: number): WidthRange {
  return { leastPx: Math.min(LEAST_PX, roomPx), mostPx: Math.max(LEAST_PX, roomPx) };
}

export function clampWidth(px: number, { leastPx, mostPx }: WidthRange): number {
  return Math.round(Math.min(Math.max(px, leastPx), mostPx));
}

/** The panel grows to the left, as the edge moves. Null: the key does nothing here. */
export function widthByKey(key: string, px: number, { leastPx, mostPx }: WidthRange): number | null {
  switch (key) {
    case "ArrowLeft":
      return px + STEP_PX;
    case "ArrowRight":
      return px - STEP_PX;
    case "Home":
      return leastPx;
    case "End":
      return mostPx;
    case "Enter":
      return DEFAULT_PX;
    default:
      return null;
  }
}
