/**
 * What a click on a value makes of the query. Everything else that was asked stays. A text that is no filter, or would be too long
 * a one, stays as it is: `whyUnchanged` says why.
 */
import {
  cidrContains,
  type Filter,
  FilterError,
  type Is,
  knownField,
  parseAddress,
  parseCidr,
  type Value,
} from "@flowtrail/model";
import { readFilter } from "./asked.ts";
import { isAbout } from "./filter-edit-fields.ts";
import { editParts } from "./filter-edit-parts.ts";

/** Rows that have the value pass, beside those that were asked for by other values of this field. */
export function include(q: string, field: string, value: Value): string {
  return editParts(q, (parts) => {
    const freed = dropFrom(parts, field, value, "excluded");
    if (freed !== null) return freed;
    return mergeInto(parts, { kind: "is", field, values: [value], not: false });
  });
}

/** No row that has the value passes. */
export function exclude(q: string, field: string, value: Value): string {
  return editParts(q, (parts) => {
    const kept = dropFrom(parts, field, value, "included");
    // A row with two ends may have another of the values at one, and this at the other.
    if (kept !== null && knownField(field).operands.length === 1) return kept;
    const rest = kept ?? parts.filter((part) => !(isIs(part, field, false) && part.values.every((one) => one === value)));
    return mergeInto(rest, { kind: "is", field, values: [value], not: true });
  });
}

/** Of this field this value alone is asked for. */
export function only(q: string, field: string, value: Value): string {
  const wanted: Is = { kind: "is", field, values: [value], not: false };
  return editParts(q, (parts) => {
    const first = parts.findIndex((part) => isAbout(part, field));
    if (first < 0) return [...parts, wanted];
    return parts.flatMap((part, i) => (i === first ? [wanted] : isAbout(part, field) ? [] : [part]));
  });
}

/** Rows whose value of this field holds the text, among those that were asked for. */
export function containing(q: string, field: string, text: string): string {
  return editParts(q, (parts) => [...parts, { kind: "like", field, pattern: [text], not: false }]);
}

/** Without the value, whether it was asked for or excluded. */
export function withoutValue(q: string, field: string, value: Value): string {
  return editParts(q, (parts) =>
    parts.flatMap((part): Filter[] => {
      if (part.kind !== "is" || part.field !== field) return [part];
      const values = part.values.filter((one) => one !== value);
      return values.length === 0 ? [] : [{ ...part, values }];
    }),
  );
}

/** Is the value asked for, or excluded, by a part that every row must pass? */
export function chosenAs(parts: readonly Filter[], field: string, value: Value): "included" | "excluded" | null {
  const part = parts.find((one): one is Is => one.kind === "is" && one.field === field && one.values.includes(value));
  return part === undefined ? null : part.not ? "excluded" : "included";
}

/** Why an edit changed nothing, for people. */
export function whyUnchanged(q: string): string {
  const filter = readFilter(q);
  return filter instanceof FilterError ? `The query has a mistake: ${filter.message}` : "The query says so already";
}

function isIs(part: Filter, field: string, not: boolean): part is Is {
  return part.kind === "is" && part.field === field && part.not === not;
}

/** Without the value where it is one of several that are asked for, or one of those that are excluded; null: it is not. */
function dropFrom(parts: readonly Filter[], field: string, value: Value, how: "included" | "excluded"): readonly Filter[] | null {
  const drops = (part: Filter): part is Is =>
    isIs(part, field, how === "excluded") &&
    part.values.includes(value) &&
    // The last one of those that are asked for cannot just go: all rows would pass.
    (how === "excluded" || part.values.length > 1);
  if (!parts.some(drops)) return null;
  return parts.flatMap((part): Filter[] => {
    if (!drops(part)) return [part];
    const values = part.values.filter((one) => one !== value);
    return values.length === 0 ? [] : [{ ...part, values }];
  });
}

/** Adds the values to the condition of the same kind, if there is one. */
function mergeInto(parts: readonly Filter[], added: Is): readonly Filter[] {
  const index = parts.findIndex((part) => isIs(part, added.field, added.not));
  const known = parts[index];
  if (known?.kind !== "is") return [...parts, added];
  const wider = added.not ? [] : known.values.filter((range) => added.values.every((value) => holds(range, value)));
  const values = [...new Set([...known.values.filter((value) => !wider.includes(value)), ...added.values])];
  return parts.map((part, i) => (i === index ? { ...added, values } : part));
}

/** Is it a range of addresses with this one in it? To include one of them means no longer all of them. */
function holds(range: Value, address: Value): boolean {
  const cidr = range === address || typeof range !== "string" || !range.includes("/") ? null : parseCidr(range);
  const bytes = typeof address === "string" ? parseAddress(address) : null;
  return cidr !== null && bytes !== null && cidrContains(cidr, bytes);
}
