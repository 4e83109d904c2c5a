/** A filter → its canonical text. `parse` reads it back to an equal filter. */
import type { Filter } from "./ast.ts";
import { knownField } from "./fields.ts";
import { spellPattern, spellWord } from "./spelling.ts";
import { readAddress, spellValue } from "./values.ts";

/** The canonical text of a filter; empty for the one that all rows pass. */
export function printFilter(filter: Filter): string {
  switch (filter.kind) {
    case "all":
      return "";
    case "and":
    case "or":
      return filter.parts.map((part) => grouped(part, filter.kind)).join(` ${filter.kind} `);
    case "not":
      return `not ${grouped(filter.part, "not")}`;
    case "text":
      return spellWord(filter.pattern, (text) => readAddress(text) !== null);
    case "like":
      return `${filter.field}${filter.not ? "!~" : "~"}${spellPattern(filter.pattern)}`;
    case "order":
      return `${filter.field}${filter.op}${spellValue(knownField(filter.field), filter.value)}`;
    case "is": {
      const values = filter.values.map((value) => spellValue(knownField(filter.field), value));
      if (values.length === 1) return `${filter.field}${filter.not ? "!=" : "="}${values[0]}`;
      return `${filter.field} ${filter.not ? "not in" : "in"} (${values.join(", ")})`;
    }
  }
}

/** In parentheses where the words around it would bind more tightly. */
function grouped(filter: Filter, around: "and" | "or" | "not"): string {
  const text = printFilter(filter);
  const looser = filter.kind === "or" || (filter.kind === "and" && around === "not");
  return looser ? `(${text})` : text;
}
