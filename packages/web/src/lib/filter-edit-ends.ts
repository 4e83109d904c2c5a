/** Edits that are about the two ends of a flow. */
import type { Filter, Value } from "@flowtrail/model";
import { include } from "./filter-edit.ts";
import { eitherField, otherEnd } from "./filter-edit-fields.ts";
import { editParts } from "./filter-edit-parts.ts";

/** Asks for the value at either end, instead of at one. Unchanged if the field has no ends. */
export function eitherEnd(q: string, field: string, value: Value): string {
  const either = eitherField(field);
  if (either === null) return q;
  const freed = editParts(q, (parts) => parts.filter((part) => !isEndWith(part, either, value)));
  return include(freed, either, value);
}

/** `src.name=ana` where ana is asked for at either end. */
function isEndWith(part: Filter, either: string, value: Value): boolean {
  return (
    part.kind === "is" &&
    !part.not &&
    part.field !== either &&
    eitherField(part.field) === either &&
    part.values.length === 1 &&
    part.values[0] === value
  );
}

/** What was asked of the source is asked of the destination, and the other way round. */
export function swapEnds(q: string): string {
  return editParts(q, (parts) => parts.map(swapped));
}

function swapped(filter: Filter): Filter {
  switch (filter.kind) {
    case "and":
    case "or":
      return { ...filter, parts: filter.parts.map(swapped) };
    case "not":
      return { ...filter, part: swapped(filter.part) };
    case "all":
    case "text":
      return filter;
    default:
      return { ...filter, field: otherEnd(filter.field) ?? filter.field };
  }
}
