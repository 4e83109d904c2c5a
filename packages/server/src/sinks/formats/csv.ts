/** RFC 4180, with the columns of an export, told as an export tells them (export/formats.ts). */
import type { Column, JsonValue } from "@flowtrail/model";
import { SPECS } from "../../export/formats.ts";
import type { LineFormat } from "../ports.ts";

const COLUMNS = SPECS.csv.all;

export const CSV: LineFormat = {
  kind: "lines",
  name: "csv",
  contentType: SPECS.csv.contentType,
  extension: "csv",
  isJson: false,
  head: COLUMNS.map(({ name }) => name).join(","),
  line: ({ flow }) => COLUMNS.map((column) => cell(column, flow[column.name] ?? null)).join(","),
};

function cell({ type }: Column, value: JsonValue): string {
  if (value === null) return "";
  if (typeof value === "boolean" || type === "u8" || type === "u16" || type === "u32" || type === "u64") return String(value);
  const text = type === "text" ? harmless(String(value)) : String(value);
  return `"${text.replaceAll('"', '""')}"`;
}

/** A spreadsheet takes such a text for a formula and computes it: names and domains are chosen by strangers. */
function harmless(text: string): string {
  return /^[=+@\t\r-]/.test(text) ? `'${text}` : text;
}
