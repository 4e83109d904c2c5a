/**
 * Simple equality over the columns of the column table, as parameters of a request: `protocol=6&dst_port=443&dst_port=80`. Several values
 * of one column: any of them. They are filters like those of the filter language.
 */
import {
  allFilters,
  COLUMN_LIST,
  type Column,
  type ColumnName,
  conditionsOf,
  type Filter,
  filterField,
  formatAddress,
  knownField,
  operandColumns,
  parseAddress,
  parseFlowId,
  TEXT_COLUMNS,
  type Value,
} from "@flowtrail/model";
import type { ParameterProblem } from "./errors.ts";

export const FILTER_COLUMNS: readonly Column[] = COLUMN_LIST.filter((column) => column.filterable);
const MAX_VALUES = 100;

/** Reads the filters among a request's parameters. What is wrong is added to `problems`. */
export function readFilters(
  parameters: Readonly<Record<string, string | readonly string[] | undefined>>,
  problems: ParameterProblem[],
): Filter[] {
  const filters: Filter[] = [];
  for (const column of FILTER_COLUMNS) {
    const given = parameters[column.name];
    if (given === undefined) continue;
    const texts = typeof given === "string" ? [given] : given;
    const filter = readFilter(column, texts);
    if (typeof filter === "string") problems.push({ parameter: column.name, message: filter });
    else filters.push(filter);
  }
  return filters;
}

/** The filter, or what was expected instead. */
function readFilter(column: Column, texts: readonly string[]): Filter | string {
  if (texts.length > MAX_VALUES) return `at most ${MAX_VALUES} values`;
  const values = new Set<Value>();
  for (const text of texts) {
    // Rows that have no value: `domain=`
    const value = text === "" && column.optional ? null : readValue(column, text);
    if (value === undefined) return `expected ${expectation(column)}, got ${JSON.stringify(text.slice(0, 80))}`;
    values.add(value);
  }
  return columnIs(column.name, [...values]);
}

/** Rows whose column has any of the values; `not`: none of them. */
export function columnIs(column: ColumnName, values: readonly Value[], not = false): Filter {
  return { kind: "is", field: filterField(column)?.name ?? column, values, not };
}

const MAX = { u8: 0xff, u16: 0xffff, u32: 0xffffffff } as const;

/** The value as `GET /api/flows` tells it, or undefined if the column can't hold it. */
function readValue(column: Column, text: string): Value | undefined {
  switch (column.type) {
    case "u8":
    case "u16":
    case "u32":
      return /^\d{1,10}$/.test(text) && Number(text) <= MAX[column.type] ? Number(text) : undefined;
    case "u64":
      return parseFlowId(text)?.toString();
    case "address": {
      const bytes = parseAddress(text);
      return bytes === null ? undefined : formatAddress(bytes);
    }
    case "bool":
      return text === "true" || text === "false" ? text === "true" : undefined;
    case "enum":
      return column.values?.includes(text) ? text : undefined;
    case "text":
      return text.length <= 1024 ? text : undefined;
    case "time":
      return undefined;
  }
}

function expectation(column: Column): string {
  switch (column.type) {
    case "u8":
    case "u16":
    case "u32":
      return `a whole number from 0 to ${MAX[column.type]}`;
    case "u64":
      return "a whole number";
    case "address":
      return "an IPv4 or IPv6 address";
    case "bool":
      return "true or false";
    case "enum":
      return `one of ${column.values?.join(", ")}`;
    default:
      return "a text";
  }
}

/** Columns that no later revision of a flow changes. */
const LASTING = new Set<ColumnName>([
  "flow_id",
  "reporter_id",
  "reporter",
  "reporter_type",
  "network",
  "direction",
  "role",
  "protocol",
  "src_ip",
  "dst_ip",
  "src_port",
  "dst_port",
  "icmp_type",
  "icmp_code",
]);

/** True where an older revision of a row might pass although the newest does not. */
export function mayBeOutdated(filter: Filter): boolean {
  return [...conditionsOf(filter)].some((condition) => {
    if (condition.kind === "text") return TEXT_COLUMNS.some((name) => !LASTING.has(name));
    return knownField(condition.field)
      .operands.flatMap(operandColumns)
      .some((column) => !LASTING.has(column));
  });
}

/** A filter in two parts, of which a row must pass both: what no later revision of a flow changes, and the rest. */
export function lastingAndRest(filter: Filter): { readonly lasting: Filter; readonly rest: Filter } {
  const parts = filter.kind === "and" ? filter.parts : [filter];
  return {
    lasting: allFilters(parts.filter((part) => !mayBeOutdated(part))),
    rest: allFilters(parts.filter(mayBeOutdated)),
  };
}

/** Is the value asked for (or excluded) by its name? */
export function mentions(filter: Filter, column: ColumnName, value: Value): boolean {
  const field = filterField(column)?.name;
  return [...conditionsOf(filter)].some(
    (condition) => condition.kind === "is" && condition.field === field && condition.values.includes(value),
  );
}
