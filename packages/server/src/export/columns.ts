/** What a row of an export may hold: the columns of a flow, and the place to go on from. */
import { type Column, filterField, nearest, STORED_COLUMNS } from "@flowtrail/model";
import { QueryError } from "../query/errors.ts";
import { FLOW_COLUMNS } from "../store/schema/flow-tables.ts";

/** Of a row of which the download broke off: `&cursor=` goes on behind it. */
export const CURSOR = "cursor";
export type ExportColumn = Column | typeof CURSOR;

export const nameOf = (column: ExportColumn): string => (column === CURSOR ? CURSOR : column.name);

const byName = new Map(FLOW_COLUMNS.map((column) => [column.name as string, column]));
/** `src.name` is src_name, as in a filter. */
const dotted = new Map(
  FLOW_COLUMNS.map((column) => [
    column.name.replace(/^(nat_)?(src|dst)_/, (_, nat: string | undefined, end: string) => `${nat ? "nat." : ""}${end}.`),
    column,
  ]),
);
const KNOWN = [...new Set([...byName.keys(), ...dotted.keys(), CURSOR])];

/** Columns of a list that no row has a value of: told there, so that all rows have the same ones. */
export const ALWAYS_EMPTY: readonly Column[] = STORED_COLUMNS.filter((column) => !FLOW_COLUMNS.includes(column));

/**
 * Reads `columns`: names as in a row or as in a filter, with commas in between.
 * @returns null: all
 * @throws QueryError
 */
export function readColumns(text: string | undefined): ExportColumn[] | null {
  const words = (text ?? "").split(",").map((word) => word.trim());
  if (words.every((word) => word === "")) return null;
  const read = words.filter((word) => word !== "").map((word) => ({ word, column: columnOf(word.toLowerCase()) }));
  const problems = read
    .filter(({ column }) => column === null)
    .map(({ word }) => ({ parameter: "columns", message: unknown(word) }));
  if (problems.length > 0) throw new QueryError(problems);
  // Twice the same column would be two values under one name.
  return [...new Set(read.map(({ column }) => column as ExportColumn))];
}

function columnOf(word: string): ExportColumn | null {
  if (word === CURSOR) return CURSOR;
  const known = byName.get(word) ?? dotted.get(word);
  if (known !== undefined) return known;
  const [operand, ...others] = filterField(word)?.operands ?? [];
  return operand?.kind === "column" && others.length === 0 ? operand.column : null;
}

function unknown(word: string): string {
  const shown = JSON.stringify(word.slice(0, 80));
  const field = filterField(word);
  if (field !== null && dotted.has(`src.${field.name}`))
    return `${shown} is made of several columns: name those, such as src.${field.name} and dst.${field.name}`;
  if (field !== null) return `${shown} is a field of filters, but no column`;
  const near = nearest(word, KNOWN);
  return `${shown} is no column${near === null ? "" : `, did you mean ${near}?`}`;
}
