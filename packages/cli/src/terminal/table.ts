/** Rows in columns that fit a terminal: what there is no room for is cut, then left out, the least needed first. */
import { clean } from "./clean.ts";
import type { Colour, Style } from "./style.ts";
import { displayWidth, pad, truncate } from "./width.ts";

export interface TableColumn<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  readonly align?: "right";
  readonly colour?: (row: Row) => Colour | null;
  /** So many columns of it are worth more than what can be spared. Left out: all of them. */
  readonly least?: number;
  /** Left out where there is no room, the greatest number first. 0 or left out: it always stays. */
  readonly spare?: number;
}

const GAP = 2;
const MOST_ROOM = 16;
/** Of a column that may be cut. */
const LEAST = 8;

export interface Layout<Row> {
  readonly columns: readonly { readonly column: TableColumn<Row>; readonly width: number }[];
}

/**
 * Widths for these rows. Rows that come later are cut to them.
 * @param width of the terminal; null: there is none, and nothing is cut or left out
 */
export function layOut<Row>(columns: readonly TableColumn<Row>[], rows: readonly Row[], width: number | null): Layout<Row> {
  let placed = columns.map((column) => {
    const widths = rows.map((row) => displayWidth(clean(column.text(row))));
    return { column, width: widths.reduce((a, b) => Math.max(a, b), displayWidth(column.title)) };
  });
  if (width === null) return { columns: placed };
  const total = () => placed.reduce((sum, { width }) => sum + width + GAP, -GAP);
  const leastTotal = () => placed.reduce((sum, { column, width }) => sum + Math.min(width, column.least ?? width) + GAP, -GAP);
  while (leastTotal() > width) {
    const spare = placed.reduce((most, { column }) => Math.max(most, column.spare ?? 0), 0);
    if (spare === 0) break;
    placed = placed.filter(({ column }) => (column.spare ?? 0) < spare);
  }
  // The widest gives a column, until all fit: of those that may be cut, and only then of the others.
  for (let over = total() - width; over > 0; over--) {
    const cuttable = placed.filter(({ column, width }) => column.least !== undefined && width > LEAST);
    const list = cuttable.length > 0 ? cuttable : placed;
    const widest = list.reduce((a, b) => (b.width > a.width ? b : a));
    placed = placed.map((one) => (one === widest ? { ...one, width: Math.max(1, one.width - 1) } : one));
  }
  return { columns: placed };
}

/** What is left of the width goes to the columns that may be cut: later rows may be wider than these. */
export function roomy<Row>(layout: Layout<Row>, width: number): Layout<Row> {
  const cuttable = layout.columns.filter(({ column }) => column.least !== undefined).length;
  const left = width - layout.columns.reduce((sum, one) => sum + one.width + GAP, -GAP);
  const more = cuttable === 0 ? 0 : Math.min(MOST_ROOM, Math.max(0, Math.floor(left / cuttable)));
  return { columns: layout.columns.map((one) => (one.column.least === undefined ? one : { ...one, width: one.width + more })) };
}

export function headLine<Row>({ columns }: Layout<Row>, style: Style): string {
  return line(
    columns
      .map(({ column, width }) => pad(truncate(column.title, width), width, column.align))
      .map((text) => style(text, "bold")),
  );
}

export function rowLine<Row>({ columns }: Layout<Row>, row: Row, style: Style): string {
  return line(
    columns.map(({ column, width }) => {
      const text = pad(truncate(clean(column.text(row)), width), width, column.align);
      const trimmed = text.trimEnd();
      return style(trimmed, column.colour?.(row) ?? null) + text.slice(trimmed.length);
    }),
  );
}

const line = (cells: readonly string[]) => cells.join(" ".repeat(GAP)).trimEnd();

/** A whole table, head and rows. */
export function tableLines<Row>(
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
  { width, style }: { readonly width: number | null; readonly style: Style },
): string[] {
  const layout = layOut(columns, rows, width);
  return [headLine(layout, style), ...rows.map((row) => rowLine(layout, row, style))];
}
