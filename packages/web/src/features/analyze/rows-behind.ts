/** From what is drawn to the rows behind it: the query of the list, with exactly that added. */
import type { Filter } from "@flowtrail/model";
import { exclude, only } from "../../lib/filter-edit.ts";
import { groupValue } from "../../lib/group-value.ts";
import { withPinned } from "../../lib/pinned-filter.ts";

type Groups = readonly (string | null)[];

/** Rows of this group: `by` of the fields, in their order. */
export function queryOfGroup(q: string, fields: readonly string[], by: Groups): string {
  return fields.reduce((asked, field, i) => {
    const group = by[i] ?? null;
    const value = groupValue(field, group);
    return value === undefined ? withPinned(above(field, group), asked) : only(asked, field, value);
  }, q);
}

/** `>32767`: high ports, which count as one. */
function above(field: string, group: string | null): Filter {
  return { kind: "order", field, op: ">", value: Number(group?.replace(/^>/, "")) };
}

/** Rows of none of these groups of one field; null: there is no short way to say it. */
export function queryOfOther(q: string, fields: readonly string[], groups: readonly Groups[]): string | null {
  const [field, ...more] = fields;
  if (field === undefined || more.length > 0) return null;
  let asked = q;
  for (const [group = null] of groups) {
    const value = groupValue(field, group);
    if (value === undefined) return null;
    asked = exclude(asked, field, value);
  }
  return asked;
}
