/** A filter as somebody typed it, checked before a server is asked; what is wrong is shown where it stands. */
import { type Filter, FilterError, parseFilter } from "@flowtrail/model";
import { CliError } from "../errors.ts";
import { clean } from "../terminal/clean.ts";
import { displayWidth } from "../terminal/width.ts";

/** @throws CliError USAGE, with a caret under the mistake */
export function checkedFilter(flag: string, text: string): Filter {
  try {
    return parseFilter(text);
  } catch (cause) {
    if (!(cause instanceof FilterError)) throw cause;
    throw new CliError({ code: "USAGE" }, `${flag}: ${cause.message}\n${pointedAt(text, cause.data)}`, { cause });
  }
}

/** Of a long text what is around the mistake. */
const AROUND = 60;

/** The text, and below it carets under the part that is wrong. */
export function pointedAt(text: string, { offset, length }: { readonly offset: number; readonly length: number }): string {
  const from = Math.max(0, offset - AROUND);
  const end = Math.min(text.length, offset + Math.min(length, AROUND));
  const to = Math.min(text.length, end + AROUND);
  const before = `  ${from > 0 ? "…" : ""}${clean(text.slice(from, offset))}`;
  const wrong = clean(text.slice(offset, end));
  const after = `${clean(text.slice(end, to))}${to < text.length ? "…" : ""}`;
  return `${before}${wrong}${after}\n${" ".repeat(displayWidth(before))}${"^".repeat(Math.max(1, displayWidth(wrong)))}`;
}
