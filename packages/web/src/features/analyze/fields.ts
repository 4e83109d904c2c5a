/** What traffic can be divided by: the fields that the API groups by. */
import { FILTER_FIELDS, type Field } from "@flowtrail/model";
import { fieldLabel } from "../../lib/filter-text.ts";

export interface Dimension {
  /** In the filter language and in the API. */
  readonly field: string;
  readonly label: string;
  readonly meaning: string;
}

/** What is asked for most stands first. */
const FIRST = [
  "src.name",
  "dst.name",
  "dst.domain",
  "dst.port",
  "protocol",
  "src.type",
  "dst.type",
  "network",
  "reporter",
  "direction",
  "verdict",
  "src.ip",
  "dst.ip",
];

function isGroupable({ operands: [operand, ...more] }: Field): boolean {
  if (operand === undefined || more.length > 0) return false;
  return operand.kind === "domain" || (operand.kind === "column" && operand.column.groupable === true);
}

const place = (field: string) => (FIRST.includes(field) ? FIRST.indexOf(field) : FIRST.length);

export const DIMENSIONS: readonly Dimension[] = FILTER_FIELDS.filter(isGroupable)
  .map(({ name, meaning }) => ({ field: name, label: fieldLabel(name), meaning }))
  .sort((a, b) => place(a.field) - place(b.field));

const known = new Map(DIMENSIONS.map((dimension) => [dimension.field, dimension]));

export function isDimension(field: string): boolean {
  return known.has(field);
}
