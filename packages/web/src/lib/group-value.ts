/** The groups of a chart, which the API tells as texts of the filter language. */
import { knownField, readValues, type Value } from "@flowtrail/model";
import { valueLabel } from "./filter-text.ts";

/** The value that can be asked for; undefined: the group is no single value, as all high ports together are none. */
export function groupValue(field: string, group: string | null): Value | undefined {
  if (group === null) return null;
  const values = readValues(knownField(field), group) ?? [];
  return values.length === 1 ? values[0] : undefined;
}

/** `Inbound` for `ingress`, `443 (https)`, `above 32767`. */
export function groupLabel(field: string, group: string | null): string {
  const value = groupValue(field, group);
  if (value !== undefined) return valueLabel(field, value);
  return group?.replace(/^>/, "above ") ?? "none";
}
