/** What `flowtrail __complete` says: words that could stand where something was begun. */
import { type Completion, completeFilter, FILTER_FIELDS, filterField, filterOperators } from "@flowtrail/model";
import { getJson } from "../servers/api.ts";
import type { ChosenServer } from "../servers/choose-server.ts";

/** Whoever types does not wait. */
const PATIENCE_MS = 1500;
const MOST = 50;

/** @param kind of tree.ts @param server null: there is none to ask */
export async function completionAnswers(kind: string, begun: string, server: () => ChosenServer | null): Promise<string[]> {
  if (kind === "fields") return fieldAnswers(begun);
  if (kind === "filter") return filterAnswers(begun, server);
  const name = kind.startsWith("value:") ? kind.slice("value:".length) : "";
  if (filterField(name) === null) return [];
  // Of several with commas between them, the last.
  const kept = begun.slice(0, begun.lastIndexOf(",") + 1);
  const prefix = `${name}=`;
  const found = await filterAnswers(`${prefix}${begun.slice(kept.length)}`, server);
  return found.filter((text) => text.startsWith(prefix)).map((text) => `${kept}${text.slice(prefix.length)}`);
}

function fieldAnswers(begun: string): string[] {
  const kept = begun.slice(0, begun.lastIndexOf(",") + 1);
  const word = begun.slice(kept.length).toLowerCase();
  const names = FILTER_FIELDS.filter(({ operands }) => operands.length === 1 && operands[0]?.kind !== "sum").map(
    ({ name }) => name,
  );
  return names.filter((name) => name.startsWith(word)).map((name) => kept + name);
}

async function filterAnswers(begun: string, server: () => ChosenServer | null): Promise<string[]> {
  const own = completeFilter(begun, begun.length);
  const { from, suggestions } = (own.value === null ? null : await asked(begun, server)) ?? own;
  const fit = suggestions
    .slice(0, MOST)
    .map(({ text, kind }) => ({ text: begun.slice(0, from) + text, kind }))
    .filter(({ text }) => text !== begun && text.toLowerCase().startsWith(begun.toLowerCase()));
  const [only] = fit;
  const field = fit.length === 1 && only?.kind === "field" ? filterField(only.text.slice(from)) : null;
  // A field alone is no end: a shell would close the quotes behind it.
  if (only !== undefined && field !== null)
    return filterOperators(field).flatMap((op) => (/\w/.test(op) ? [] : [only.text + op]));
  return fit.map(({ text }) => text);
}

async function asked(begun: string, server: () => ChosenServer | null): Promise<Pick<Completion, "from" | "suggestions"> | null> {
  try {
    const chosen = server();
    if (chosen === null) return null;
    const late = new Promise<null>((resolve) => setTimeout(resolve, PATIENCE_MS, null).unref());
    return await Promise.race([getJson<Completion>(chosen, "/api/filter/complete", { q: begun }), late]);
  } catch {
    // Without a server the language itself has something to offer; a message would be written into what is typed.
    return null;
  }
}
