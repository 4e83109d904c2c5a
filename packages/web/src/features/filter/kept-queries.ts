/** Queries that this browser remembers, for each account its own: the last ones that were asked, and those that were saved under a name. */
import { useLocalStorage } from "@mantine/hooks";
import { useViewer } from "../../lib/me.ts";

const MOST_RECENT = 10;
const MOST_SAVED = 100;

export interface SavedQuery {
  readonly name: string;
  readonly q: string;
}

/** The newest first, each once. */
export function withRecent(recent: readonly string[], q: string): readonly string[] {
  if (q === "") return recent;
  return [q, ...recent.filter((other) => other !== q)].slice(0, MOST_RECENT);
}

/** In the place of one of the same name, in the order of names. */
export function withSaved(saved: readonly SavedQuery[], query: SavedQuery): readonly SavedQuery[] {
  const others = saved.filter(({ name }) => name !== query.name);
  return [...others, query].toSorted((a, b) => a.name.localeCompare(b.name, "en")).slice(0, MOST_SAVED);
}

/** Whoever came by a link or a token has no account: they share one list. */
function useKey(list: "recent" | "saved"): string {
  const account = useViewer().data?.account;
  return `flowtrail.queries.${list}${account ? `.${account.id}` : ""}`;
}

export function useRecentQueries() {
  return useLocalStorage<readonly string[]>({
    key: useKey("recent"),
    defaultValue: [],
    getInitialValueInEffect: false,
    deserialize: (text) => listOf(text).filter((one) => typeof one === "string"),
  });
}

export function useSavedQueries() {
  return useLocalStorage<readonly SavedQuery[]>({
    key: useKey("saved"),
    defaultValue: [],
    getInitialValueInEffect: false,
    deserialize: (text) => listOf(text).filter(isSaved),
  });
}

/** Another version of the page, or a person, may have written anything there. */
function listOf(text: string | undefined): readonly unknown[] {
  try {
    const stored: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(stored) ? stored : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

function isSaved(one: unknown): one is SavedQuery {
  const { name, q } = (one ?? {}) as Partial<Record<keyof SavedQuery, unknown>>;
  return typeof name === "string" && typeof q === "string";
}
