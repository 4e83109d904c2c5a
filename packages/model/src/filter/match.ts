/** A filter over rows in memory, as `GET /api/flows` tells them: passes exactly what the store would find. */
import { writeAddress } from "../address.ts";
import { type Cidr, cidrContains, parseCidr } from "../cidr.ts";
import type { ColumnName } from "../columns.ts";
import type { JsonRow } from "../json.ts";
import type { Filter, Is, Order } from "./ast.ts";
import { domainEnd, knownField, type Operand, TEXT_COLUMNS } from "./fields.ts";
import { addressText, patternTest } from "./pattern.ts";

type Test = (row: JsonRow) => boolean;
type Scalar = string | number | boolean | null;

/** Says of a row whether it passes. To be made once for many rows. */
export function filterTest(filter: Filter): Test {
  switch (filter.kind) {
    case "all":
      return () => true;
    case "and": {
      const tests = filter.parts.map(filterTest);
      return (row) => tests.every((test) => test(row));
    }
    case "or": {
      const tests = filter.parts.map(filterTest);
      return (row) => tests.some((test) => test(row));
    }
    case "not": {
      const test = filterTest(filter.part);
      return (row) => !test(row);
    }
    case "text":
      return textTest(patternTest(filter.pattern));
    case "is":
      return anyEnd(filter.field, isTest(filter), filter.not);
    case "order":
      return anyEnd(filter.field, orderTest(filter), false);
    case "like": {
      const test = patternTest(filter.pattern);
      const isAddress = knownField(filter.field).type === "address";
      return anyEnd(
        filter.field,
        (value) => value !== null && test(isAddress ? addressText(String(value)) : String(value)),
        filter.not,
      );
    }
  }
}

/** Any of the places where the field's value may be. */
function anyEnd(name: string, test: (value: Scalar) => boolean, not: boolean): Test {
  const reads = knownField(name).operands.map(reader);
  return (row) => reads.some((read) => test(read(row))) !== not;
}

function isTest({ field, values }: Is): (value: Scalar) => boolean {
  const exact = new Set<Scalar>(values);
  const ranges = knownField(field).type !== "address" ? [] : values.flatMap((value) => parseCidr(String(value)) ?? []);
  if (ranges.length === 0) return (value) => exact.has(value);
  return (value) => exact.has(value) || (value !== null && inAny(ranges, String(value)));
}

const bytes = new Uint8Array(16);
function inAny(ranges: readonly Cidr[], address: string): boolean {
  return writeAddress(address, bytes, 0) && ranges.some((range) => cidrContains(range, bytes));
}

function orderTest({ op, value: limit }: Order): (value: Scalar) => boolean {
  const compare = { "<": less, "<=": lessOrEqual, ">": more, ">=": moreOrEqual }[op];
  return (value) => value !== null && compare(Number(value), limit);
}
const less = (a: number, b: number) => a < b;
const lessOrEqual = (a: number, b: number) => a <= b;
const more = (a: number, b: number) => a > b;
const moreOrEqual = (a: number, b: number) => a >= b;

function reader(operand: Operand): (row: JsonRow) => Scalar {
  switch (operand.kind) {
    case "domain":
      return (row) => (domainEnd(String(row.src_type), String(row.dst_type)) === operand.end ? (row.domain ?? null) : null);
    case "sum": {
      const [a, b] = operand.columns;
      return (row) => (isNull(row, a) && isNull(row, b) ? null : Number(row[a] ?? 0) + Number(row[b] ?? 0));
    }
    case "duration":
      return (row) => Math.max(0, Date.parse(String(row.end ?? row.last_seen)) - Date.parse(String(row.start)));
    case "column": {
      const { name, type, optional } = operand.column;
      // What the store keeps where a sender gave nothing.
      const empty = optional ? null : type === "bool" ? false : type === "text" ? "" : null;
      // Counters above 2^53 come as texts.
      if (type === "u64" && name !== "flow_id") return (row) => (isNull(row, name) ? null : Number(row[name]));
      return (row) => row[name] ?? empty;
    }
  }
}

function isNull(row: JsonRow, column: ColumnName): boolean {
  return (row[column] ?? null) === null;
}

function textTest(test: (text: string) => boolean): Test {
  return (row) =>
    TEXT_COLUMNS.some((column) => !isNull(row, column) && test(String(row[column]))) ||
    test(addressText(String(row.src_ip))) ||
    test(addressText(String(row.dst_ip)));
}
