/** What a typed text would be as a filter. */
import { FilterError } from "@flowtrail/model";
import { readFilter } from "../../lib/asked.ts";
import { editParts, partsOf } from "../../lib/filter-edit-parts.ts";
import { partLabel } from "../../lib/filter-text.ts";

const PREFIX = /^filter:\s*/i;

/** Without the `filter:` that says that it is meant as one; `only`: nothing else is meant. */
export function readFilterText(text: string): { readonly text: string; readonly only: boolean } {
  const trimmed = text.trim();
  return { text: trimmed.replace(PREFIX, ""), only: PREFIX.test(`${trimmed} `) };
}

/** The query with the text's conditions added to it. Null: the text is no filter, or asks for nothing. */
export function addedTo(q: string, text: string): { readonly q: string; readonly label: string } | null {
  if (text === "" || readFilter(text) instanceof FilterError) return null;
  const added = partsOf(text);
  if (added.length === 0) return null;
  return { q: editParts(q, (parts) => [...parts, ...added]), label: added.map(partLabel).join(" and ") };
}
