/** Which columns stand in the table, in which order and how wide, and how high its rows are. */
import type { TableColumn } from "./column.ts";
import { columnOf, DEFAULT_COLUMNS } from "./registry.ts";

/** Pixels of a row; below the first, a cell's two lines stand beside each other. */
export const DENSITIES = [48, 32, 28] as const;
export type Density = (typeof DENSITIES)[number];

export interface PlacedColumn {
  readonly column: TableColumn;
  /** As somebody made it, pixels; null: as there is room. */
  readonly width: number | null;
}

export interface TableLayout {
  readonly columns: readonly PlacedColumn[];
  readonly density: Density;
  /** The first column stays where it is when the others are scrolled. */
  readonly pinned: boolean;
}

const asItComes = (column: TableColumn): PlacedColumn => ({ column, width: null });

export const DEFAULT_LAYOUT: TableLayout = { columns: DEFAULT_COLUMNS.map(asItComes), density: 48, pinned: false };

export const NARROWEST_PX = 56;
const WIDEST_PX = 1200;
const OWN = ["cols", "rows", "pin"] as const;

/** `cols=event,source:240&rows=32&pin=1`, each only where it is not the default: as it stands in an address and is remembered. */
export function layoutParams({ columns, density, pinned }: TableLayout): URLSearchParams {
  const params = new URLSearchParams();
  const cols = colsOf(columns);
  if (cols !== colsOf(DEFAULT_LAYOUT.columns)) params.set("cols", cols);
  if (density !== DEFAULT_LAYOUT.density) params.set("rows", String(density));
  if (pinned) params.set("pin", "1");
  return params;
}

const colsOf = (columns: readonly PlacedColumn[]) =>
  columns.map(({ column, width }) => (width === null ? column.id : `${column.id}:${width}`)).join(",");

/** Puts it into an address in place of what it said before. */
export function writeLayout(layout: TableLayout, rest: URLSearchParams): URLSearchParams {
  const params = new URLSearchParams([...rest].filter(([name]) => !OWN.some((own) => own === name)));
  for (const [name, value] of layoutParams(layout)) params.set(name, value);
  return params;
}

/** An address that says anything about the table says all of it; else it is as it was left. */
export function readLayout(params: URLSearchParams, remembered: string): TableLayout {
  const from = OWN.some((name) => params.has(name)) ? params : new URLSearchParams(remembered);
  const density = DENSITIES.find((one) => String(one) === from.get("rows"));
  const columns = (from.get("cols") ?? "").split(",").flatMap(readColumn);
  const once = columns.filter(({ column }, i) => columns.findIndex((other) => other.column === column) === i);
  return {
    columns: once.length > 0 ? once : DEFAULT_LAYOUT.columns,
    density: density ?? DEFAULT_LAYOUT.density,
    pinned: from.get("pin") === "1",
  };
}

/** Names that no column has (any more) are left out. */
function readColumn(text: string): PlacedColumn[] {
  const [id = "", width] = text.split(":");
  const column = columnOf(id);
  if (column === null) return [];
  return [{ column, width: width === undefined || !/^\d{1,4}$/.test(width) ? null : widthWithin(Number(width)) }];
}

export function widthWithin(px: number): number {
  return Math.round(Math.min(Math.max(px, NARROWEST_PX), WIDEST_PX));
}

export function withWidth(layout: TableLayout, id: string, width: number | null): TableLayout {
  const columns = layout.columns.map((placed) =>
    placed.column.id === id ? { ...placed, width: width === null ? null : widthWithin(width) } : placed,
  );
  return { ...layout, columns };
}

/** Shows a column at the end, or hides it; the last one stays. */
export function toggled(layout: TableLayout, column: TableColumn): TableLayout {
  const others = layout.columns.filter((placed) => placed.column !== column);
  if (others.length < layout.columns.length) return others.length === 0 ? layout : { ...layout, columns: others };
  return { ...layout, columns: [...layout.columns, asItComes(column)] };
}

/** Puts the column at `from` to where the one at `to` is. */
export function moved(layout: TableLayout, from: number, to: number): TableLayout {
  const columns = [...layout.columns];
  const [placed] = columns.splice(from, 1);
  if (placed === undefined || to < 0 || to > columns.length) return layout;
  columns.splice(to, 0, placed);
  return { ...layout, columns };
}

/** As in the style sheet. */
const GAP_PX = 12;
const PADDING_PX = 28;

/** The grid's columns, and the pixels that it needs at least. With a sidebar and the facets, the usual columns fit in a page of 1440 pixels. */
export function gridOf({ columns }: TableLayout, withDay: boolean): { readonly template: string; readonly minPx: number } {
  const minOf = ({ min, minWithDay = min }: TableColumn) => (withDay ? minWithDay : min);
  const template = columns.map(({ column, width }) => {
    if (width !== null) return `${width}px`;
    return column.grow > 0 ? `minmax(${minOf(column)}px, ${column.grow}fr)` : `${minOf(column)}px`;
  });
  const widths = columns.reduce((sum, { column, width }) => sum + (width ?? minOf(column)), 0);
  return { template: template.join(" "), minPx: widths + (columns.length - 1) * GAP_PX + PADDING_PX };
}
