/** A filter as the parts that a row must all pass, each of which can be taken away or written anew: the pills. */
import { allFilters, type Filter, FilterError, parseFilter, printFilter } from "@flowtrail/model";
import { readFilter } from "./asked.ts";

/** What a row must pass, all of it. Empty: every row passes, or the text is no filter. */
export function partsOf(q: string): readonly Filter[] {
  const filter = readFilter(q);
  return filter instanceof FilterError ? [] : partsOfFilter(filter);
}

export function partsOfFilter(filter: Filter): readonly Filter[] {
  if (filter.kind === "all") return [];
  return filter.kind === "and" ? filter.parts : [filter];
}

/** The text with other parts. A text that is no filter stays as it is, and so does one whose edit would break a limit of the language. */
export function editParts(q: string, edit: (parts: readonly Filter[]) => readonly Filter[]): string {
  const filter = readFilter(q);
  if (filter instanceof FilterError) return q;
  const edited = printFilter(allFilters(edit(partsOfFilter(filter))));
  return edited === printFilter(filter) || readFilter(edited) instanceof FilterError ? q : edited;
}

/** Without the part at this place. */
export function withoutPart(q: string, index: number): string {
  return editParts(q, (parts) => parts.filter((_, i) => i !== index));
}

/** With this in the place of one part. @throws FilterError if the text is none */
export function replacePart(q: string, index: number, text: string): string {
  const filter = parseFilter(text);
  return editParts(q, (parts) => parts.map((part, i) => (i === index ? filter : part)));
}
