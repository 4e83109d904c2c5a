/** Which columns a question needs, and by what it may be divided. */
import {
  COLUMNS,
  type Column,
  type ColumnName,
  conditionsOf,
  FILTER_FIELDS,
  type Field,
  type Filter,
  filterField,
  formatAddress,
  knownField,
  nearest,
  operandColumns,
  parseAddress,
  protocolName,
  TEXT_COLUMNS,
} from "@flowtrail/model";
import { HIGHEST_KEPT_PORT, type RollupKey } from "../../store/schema/rollup-tables.ts";
import { operandSql } from "../filter-sql.ts";

/** What a chart is divided by. */
export interface GroupField {
  /** In the filter language. */
  readonly name: string;
  readonly column: Column;
  /** Columns that its value is made of. */
  readonly needs: readonly ColumnName[];
  /** Over these columns. */
  readonly sql: string;
  /** The number that stands for it, over a column that some rollups have; null or 0 where there is no value. */
  readonly keyed?: { readonly key: RollupKey; readonly sql: string };
}

/** Columns that a filter looks at. */
export function filterColumns(filter: Filter): Set<ColumnName> {
  const columns = [...conditionsOf(filter)].flatMap((condition) =>
    condition.kind === "text"
      ? [...TEXT_COLUMNS, "src_ip" as const, "dst_ip" as const]
      : knownField(condition.field).operands.flatMap(operandColumns),
  );
  return new Set(columns);
}

export function columnGroup(name: ColumnName): GroupField {
  return { name, column: { ...COLUMNS[name], name }, needs: [name], sql: name };
}

function groupOf({ name, operands }: Field): GroupField | null {
  const [operand, ...more] = operands;
  if (operand === undefined || more.length > 0) return null;
  const { kind } = operand;
  const column = kind === "column" ? operand.column : kind === "domain" ? columnGroup("domain").column : null;
  if (column === null || !column.groupable) return null;
  const needs = operandColumns(operand);
  const group = { name, column, needs, sql: operandSql(operand) };
  return needs.includes("domain")
    ? { ...group, keyed: { key: "domain_key", sql: operandSql(operand, { domain: "domain_key" }) } }
    : group;
}

const groups = FILTER_FIELDS.flatMap((field) => {
  const group = groupOf(field);
  return group === null ? [] : [{ group, names: [field.name, ...field.aliases] }];
});
const byName = new Map(groups.flatMap(({ group, names }) => names.map((name) => [name, group] as const)));

/** Fields that a chart can be divided by. */
export const GROUP_FIELDS: readonly GroupField[] = groups.map(({ group }) => group);

/** By any of its names, in any case; or in a text why there is none. */
export function groupField(text: string): GroupField | string {
  const group = byName.get(text.toLowerCase());
  if (group !== undefined) return group;
  const field = filterField(text);
  if (field !== null && field.operands.length > 1)
    return `${field.name} is of either end: say src.${field.name} or dst.${field.name}`;
  const known = GROUP_FIELDS.map(({ name }) => name).join(", ");
  if (field !== null) return `nothing can be grouped by ${field.name}, only by ${known}`;
  const near = nearest(text, byName.keys());
  const what = `there is no field ${JSON.stringify(text.slice(0, 80))}`;
  return near === null ? `${what}; there are ${known}` : `${what}, did you mean ${near}?`;
}

/** What is told for ports above `HIGHEST_KEPT_PORT` where they count as one. */
export const FOLDED_PORTS = `>${HIGHEST_KEPT_PORT}`;

/**
 * A value as the filter language reads it; null: the flow has none.
 * @param folded whether port 0 of the destination stands for all high ones
 */
export function groupValue({ column }: GroupField, stored: string | number | boolean | null, folded: boolean): string | null {
  if (stored === null) return null;
  if (column.name === "protocol") return protocolName(Number(stored)).toLowerCase();
  if (column.type === "address") return formatAddress(parseAddress(String(stored)) ?? new Uint8Array(16));
  if (folded && column.name === "dst_port" && Number(stored) === 0) return FOLDED_PORTS;
  return String(stored);
}
