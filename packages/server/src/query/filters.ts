/** Simple equality over the columns of the column table: `protocol=6&dst_port=443&dst_port=80`. Several values of one column: any of them. */
import {
  COLUMN_LIST,
  type Column,
  type ColumnName,
  formatAddress,
  type JsonRow,
  parseAddress,
  parseFlowId,
} from "@flowtrail/model";
import type { ParameterProblem } from "./errors.ts";

export interface FlowFilter {
  readonly column: Column;
  /** In the spelling of `GET /api/flows`, as texts. */
  readonly values: readonly string[];
  /** Rows that have no value count, too: `domain=` */
  readonly orNull: boolean;
  /** Rows that have none of the values. */
  readonly not: boolean;
}

export const FILTER_COLUMNS: readonly Column[] = COLUMN_LIST.filter((column) => column.filterable);
const MAX_VALUES = 100;

/** Reads the filters among a request's parameters. What is wrong is added to `problems`. */
export function readFilters(
  parameters: Readonly<Record<string, string | readonly string[] | undefined>>,
  problems: ParameterProblem[],
): FlowFilter[] {
  const filters: FlowFilter[] = [];
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
function readFilter(column: Column, texts: readonly string[]): FlowFilter | string {
  if (texts.length > MAX_VALUES) return `at most ${MAX_VALUES} values`;
  const values = new Set<string>();
  let orNull = false;
  for (const text of texts) {
    if (text === "" && column.optional) {
      orNull = true;
      continue;
    }
    const value = canonical(column, text);
    if (value === null) return `expected ${expectation(column)}, got ${JSON.stringify(text.slice(0, 80))}`;
    values.add(value);
  }
  return { column, values: [...values], orNull, not: false };
}

const MAX = { u8: 0xff, u16: 0xffff, u32: 0xffffffff } as const;

/** The value as `GET /api/flows` spells it, or null if the column can't hold it. */
function canonical(column: Column, text: string): string | null {
  switch (column.type) {
    case "u8":
    case "u16":
    case "u32":
      return /^\d{1,10}$/.test(text) && Number(text) <= MAX[column.type] ? String(Number(text)) : null;
    case "u64":
      return parseFlowId(text)?.toString() ?? null;
    case "address": {
      const bytes = parseAddress(text);
      return bytes && formatAddress(bytes);
    }
    case "bool":
      return text === "true" || text === "false" ? text : null;
    case "enum":
      return column.values?.includes(text) ? text : null;
    case "text":
      return text.length <= 1024 ? text : null;
    case "time":
      return null;
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

/** Does a row, as `GET /api/flows` tells it, pass all filters? */
export function matches(filters: readonly FlowFilter[], row: JsonRow): boolean {
  return filters.every(({ column, values, orNull, not }) => {
    const value = row[column.name] ?? null;
    return (value === null ? orNull : values.includes(String(value))) !== not;
  });
}

/** Columns that a later revision of an ended flow may change. */
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
export function mayBeOutdated(filters: readonly FlowFilter[]): boolean {
  return filters.some(({ column }) => !LASTING.has(column.name));
}
