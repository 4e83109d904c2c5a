/** The values of each type of field: read from what people write, and written in one canonical way. */
import { formatAddress, parseAddress } from "../address.ts";
import { formatCidr, parseCidr } from "../cidr.ts";
import { parseFlowId } from "../flow-id.ts";
import { protocolName, protocolNumber, servicePorts } from "../protocols.ts";
import { parseDuration, parseSize } from "../units.ts";
import type { Value } from "./ast.ts";
import type { Field, FieldType } from "./fields.ts";
import { spellDuration, spellSize, spellText } from "./spelling.ts";

/** What people call the words of an enum besides. */
const LABELS: Readonly<Record<string, string>> = {
  inbound: "ingress",
  in: "ingress",
  outbound: "egress",
  out: "egress",
  config_file: "extclient",
  config: "extclient",
  egress: "egress_route",
  no_answer: "unanswered",
};

/** The values that a text stands for (a service may have several ports), or null if the field can't hold it. */
export function readValues(field: Field, text: string): readonly Value[] | null {
  if (field.type === "port" && !/^\d/.test(text)) {
    const ports = servicePorts(text);
    return ports.length > 0 ? ports : null;
  }
  const value = readValue(field, text);
  if (value !== null) return [value];
  // Some services' names begin with a digit: 9pfs.
  const ports = field.type === "port" ? servicePorts(text) : [];
  return ports.length > 0 ? ports : null;
}

function readValue(field: Field, text: string): Exclude<Value, null> | null {
  switch (field.type) {
    case "text":
      return text;
    case "enum":
      return readWord(field.values, text);
    case "bool":
      return ["true", "yes"].includes(text.toLowerCase()) ? true : ["false", "no"].includes(text.toLowerCase()) ? false : null;
    case "id":
      return parseFlowId(text)?.toString() ?? null;
    case "address":
      return readAddress(text);
    case "protocol":
      return protocolNumber(text);
    case "port":
      return wholeNumber(text, 0xffff);
    case "number":
      return wholeNumber(text, 0xffffffff);
    case "count":
      return wholeNumber(text, Number.MAX_SAFE_INTEGER);
    case "size":
      return parseSize(text);
    case "duration":
      return parseDuration(text);
  }
}

function readWord(words: readonly string[], text: string): string | null {
  const word = text.toLowerCase().replace(/[\s-]+/g, "_");
  if (words.includes(word)) return word;
  const meant = LABELS[word];
  return meant !== undefined && words.includes(meant) ? meant : null;
}

/** An address, or a range of more than one. */
export function readAddress(text: string): string | null {
  const bytes = parseAddress(text);
  if (bytes !== null) return formatAddress(bytes);
  const range = parseCidr(text);
  if (range === null) return null;
  return range.prefixBits === 128 ? formatAddress(range.bytes) : formatCidr(range);
}

function wholeNumber(text: string, max: number): number | null {
  return /^\d{1,16}$/.test(text) && Number(text) <= max ? Number(text) : null;
}

const EXPECTED: Readonly<Record<Exclude<FieldType, "enum">, readonly string[]>> = {
  text: ["a text"],
  bool: ["true", "false"],
  id: ["a whole number"],
  address: ["an address", "a range such as 10.0.0.0/8"],
  protocol: ["a protocol such as tcp", "its number"],
  port: ["a port from 0 to 65535", "a service such as https"],
  number: ["a whole number"],
  count: ["a whole number"],
  size: ["a size such as 1500 or 1MiB"],
  duration: ["a duration such as 30s, 5m or 1h30m"],
};

/** What a field holds, for people. */
export function expectedValues(field: Field): readonly string[] {
  const values = field.type === "enum" ? field.values : EXPECTED[field.type];
  return field.optional ? [...values, "null"] : values;
}

export function spellValue(field: Field, value: Value): string {
  if (value === null) return "null";
  if (typeof value === "string") return spellText(value);
  if (typeof value === "boolean") return String(value);
  if (field.type === "size") return spellSize(value);
  if (field.type === "duration") return spellDuration(value);
  if (field.type !== "protocol") return String(value);
  const name = protocolName(value).toLowerCase();
  return protocolNumber(name) === value && !name.includes(" ") ? name : String(value);
}
