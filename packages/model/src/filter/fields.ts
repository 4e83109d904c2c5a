/** The fields of the filter language: made from the column table, and a few that are made of several columns. */
import { COLUMN_LIST, type Column, type ColumnName, type ParticipantType } from "../columns.ts";

export type FieldType =
  | "text"
  | "enum"
  | "bool"
  | "id"
  | "address"
  | "protocol"
  | "port"
  | "number"
  | "count"
  | "size"
  | "duration";

/** Where a value comes from. */
export type Operand =
  | { readonly kind: "column"; readonly column: Column }
  /** Of both sides, as far as they are known. */
  | { readonly kind: "sum"; readonly columns: readonly [ColumnName, ColumnName] }
  /** From the start to the end, or to what was last seen of it, in ms. */
  | { readonly kind: "duration" }
  /** The flow's domain where it is the one of this end, else without a value. */
  | { readonly kind: "domain"; readonly end: "src" | "dst" };

export interface Field {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: FieldType;
  /** Words of an enum. */
  readonly values: readonly string[];
  /** May be without a value. */
  readonly optional: boolean;
  /** Several: any of them will do (either end). */
  readonly operands: readonly Operand[];
  readonly meaning: string;
}

/** Column names with a side become dotted: `src_ip` is src.ip. Both spellings are understood. */
function fieldNameOf(column: ColumnName): string {
  return column.replace(/^(nat_)?(src|dst)_/, (_, nat: string | undefined, side: string) => `${nat ? "nat." : ""}${side}.`);
}

function typeOf({ type, unit, name }: Column): FieldType {
  if (name === "protocol") return "protocol";
  switch (type) {
    case "text":
    case "enum":
    case "bool":
    case "address":
      return type;
    case "u64":
      return unit === "bytes" ? "size" : unit === "packets" ? "count" : "id";
    default:
      return unit === "port" ? "port" : "number";
  }
}

const ALIASES: Readonly<Partial<Record<ColumnName, readonly string[]>>> = {
  protocol: ["proto"],
};

function ofColumn(column: Column): Field {
  const name = fieldNameOf(column.name);
  const aliases = [...(ALIASES[column.name] ?? []), ...(name === column.name ? [] : [column.name])];
  return {
    name,
    aliases,
    type: typeOf(column),
    values: column.values ?? [],
    optional: column.optional === true,
    operands: [{ kind: "column", column }],
    meaning: column.tooltip,
  };
}

const ofColumns = COLUMN_LIST.filter(({ filterable, comparable }) => filterable || comparable).map(ofColumn);

function eitherEnd(name: string, meaning: string): Field {
  const ends = ofColumns.filter((field) => field.name === `src.${name}` || field.name === `dst.${name}`);
  const [first] = ends as [Field, Field];
  return { ...first, name, aliases: [], operands: ends.flatMap(({ operands }) => operands), meaning };
}

function made(name: string, type: FieldType, operand: Operand, meaning: string): Field {
  return { name, aliases: [], type, values: [], optional: operand.kind !== "duration", operands: [operand], meaning };
}

/** All fields, in the order in which they are offered. */
export const FILTER_FIELDS: readonly Field[] = [
  eitherEnd("ip", "Address of either end"),
  eitherEnd("port", "Port of either end"),
  eitherEnd("name", "Name of either end's owner when the flow began"),
  eitherEnd("type", "What either end was when the flow began"),
  made("bytes", "size", { kind: "sum", columns: ["src_bytes", "dst_bytes"] }, "IP bytes that both ends sent"),
  made("packets", "count", { kind: "sum", columns: ["src_packets", "dst_packets"] }, "Packets that both ends sent"),
  made("duration", "duration", { kind: "duration" }, "From the start to the end; of an open flow, to what was last seen of it"),
  ...ofColumns,
  made("dst.domain", "text", { kind: "domain", end: "dst" }, "Domain of the destination"),
  made("src.domain", "text", { kind: "domain", end: "src" }, "Domain of a source outside of the network"),
];

/** Only these ends have a domain. */
export const OUTSIDE_TYPES = ["external", "egress_route"] as const satisfies readonly ParticipantType[];

/** Whose domain a flow's is: the source's if only the source is outside of the network, else the destination's. */
export function domainEnd(srcType: string, dstType: string): "src" | "dst" {
  const isOutside = (type: string) => OUTSIDE_TYPES.some((outside) => outside === type);
  return isOutside(srcType) && !isOutside(dstType) ? "src" : "dst";
}

/** The columns that a value is made of. */
export function operandColumns(operand: Operand): readonly ColumnName[] {
  switch (operand.kind) {
    case "column":
      return [operand.column.name];
    case "sum":
      return operand.columns;
    case "duration":
      return ["start", "end", "last_seen"];
    case "domain":
      return ["domain", "src_type", "dst_type"];
  }
}

const byName = new Map<string, Field>();
for (const field of FILTER_FIELDS) for (const name of [field.name, ...field.aliases]) byName.set(name, field);

/** All words that name a field. */
export const FIELD_NAMES: readonly string[] = [...byName.keys()];

/** By its name, an alias or its column's name, in any case. Null if there is none. */
export function filterField(name: string): Field | null {
  return byName.get(name.toLowerCase()) ?? null;
}

/** Of the condition of a filter that was parsed or built by our own code. */
export function knownField(name: string): Field {
  const field = byName.get(name);
  if (field === undefined) throw new RangeError(`the filter language has no field ${name}`);
  return field;
}

/** Where free text is looked for, besides both addresses. */
export const TEXT_COLUMNS = [
  "src_name",
  "dst_name",
  "src_device",
  "dst_device",
  "domain",
] as const satisfies readonly ColumnName[];
