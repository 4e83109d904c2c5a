/** What a text becomes when a suggestion is taken. Apart from how it is drawn. */
import type { Completion, Suggestion } from "@flowtrail/model";

export interface Edited {
  readonly text: string;
  /** Where the cursor stands then. */
  readonly at: number;
}

/** Puts the suggestion in the place of what was begun, with what makes it easy to go on. */
export function take(text: string, { from, to }: Pick<Completion, "from" | "to">, suggestion: Suggestion): Edited {
  const tight = isTight(suggestion);
  const before = tight ? text.slice(0, from).trimEnd() : text.slice(0, from);
  const put = suggestion.text + after(suggestion);
  const rest = text.slice(to);
  return { text: before + put + (put.endsWith(" ") ? rest.trimStart() : rest), at: before.length + put.length };
}

/** `port=`, `(22,`, `80)`: nothing stands before it. */
function isTight({ kind, text }: Suggestion): boolean {
  return (kind === "operator" && !/^[a-z]/.test(text)) || text === "," || text === ")";
}

function after({ kind, text }: Suggestion): string {
  if (kind !== "operator") return " ";
  return /^[a-z]/.test(text) ? " (" : "";
}
