/** How large the three bands of the map are: as fits the room that there is best. */
import type { Layer } from "./layers.ts";

export type LayerCounts = Readonly<Record<Layer, number>>;

export interface Room {
  readonly width: number;
  readonly height: number;
}

/** Lengths are those of the map at its natural size; its middle is 0, 0. */
export interface Shape {
  /** From row to row. */
  readonly pitch: number;
  /** Rows of a column. */
  readonly rows: number;
  readonly columns: Readonly<Record<"left" | "right", number>>;
  /** Rows above the first one: what does not fill the columns stands around their middle. */
  readonly above: Readonly<Record<"left" | "right", number>>;
  /** Where the columns next to the middle stand. */
  readonly leftX: number;
  readonly rightX: number;
  /** Of the middle band. */
  readonly middleX: number;
  readonly middleWidth: number;
  readonly height: number;
}

export const COLUMN_WIDTH = 172;
/** What a node of the middle takes, with its name. */
const CELL = { width: 104, height: 58 };
const GAP = 150;
/** Where nothing stands in the middle, edges need the room. */
const EMPTY_MIDDLE = 120;
const LEAST_PITCH = 25;
const MOST_PITCH = 96;
/** Of the height, for few rows. */
const EASY_HEIGHT = 520;

/** The shape that is drawn largest. */
export function shapeFor(counts: LayerCounts, room: Room): Shape {
  const most = Math.max(1, counts.left, counts.right, Math.ceil(Math.sqrt(counts.middle)));
  const shapes = Array.from({ length: most }, (_, i) => shapeOf(counts, i + 1));
  const scale = (shape: Shape) => Math.min(room.width / widthOf(shape), room.height / (shape.height + CELL.height));
  return shapes.reduce((best, shape) => (scale(shape) > scale(best) ? shape : best));
}

function shapeOf(counts: LayerCounts, rows: number): Shape {
  const pitch = Math.min(MOST_PITCH, Math.max(LEAST_PITCH, EASY_HEIGHT / rows));
  const height = Math.max(CELL.height, (rows - 1) * pitch);
  const columns = { left: Math.ceil(counts.left / rows), right: Math.ceil(counts.right / rows) };
  const above = (count: number, columns: number) => (rows - Math.ceil(count / Math.max(1, columns))) / 2;
  const perColumn = Math.max(1, Math.floor(height / CELL.height));
  const middleWidth = counts.middle === 0 ? EMPTY_MIDDLE : Math.ceil(counts.middle / perColumn) * CELL.width;
  const leftRoom = columns.left === 0 ? 0 : GAP + (columns.left - 1) * COLUMN_WIDTH;
  const rightRoom = columns.right === 0 ? 0 : GAP + (columns.right - 1) * COLUMN_WIDTH;
  const middleX = (leftRoom - rightRoom) / 2;
  const leftX = middleX - middleWidth / 2 - GAP;
  const rightX = middleX + middleWidth / 2 + GAP;
  return {
    pitch,
    rows,
    columns,
    above: { left: above(counts.left, columns.left), right: above(counts.right, columns.right) },
    leftX,
    rightX,
    middleX,
    middleWidth,
    height,
  };
}

/** Names at both sides included. */
function widthOf({ columns, middleWidth }: Shape): number {
  const side = (count: number) => (count === 0 ? 0 : GAP + count * COLUMN_WIDTH);
  return side(columns.left) + middleWidth + side(columns.right);
}

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Place number `i` of an outer band, row by row. Columns are staggered, so that edges pass between the names of the next one. */
export function slotPlace({ columns, above, pitch, rows, leftX, rightX }: Shape, side: "left" | "right", i: number): Place {
  const count = Math.max(1, columns[side]);
  const [row, column] = [Math.floor(i / count), i % count];
  const x = side === "left" ? leftX - column * COLUMN_WIDTH : rightX + column * COLUMN_WIDTH;
  return { x, y: (row + above[side] - (rows - 1) / 2 + column / count) * pitch };
}
