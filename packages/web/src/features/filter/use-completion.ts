import { type Completion, completeFilter } from "@flowtrail/model";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type CountedSuggestion, fetchCompletion } from "../../lib/api-filter.ts";
import { type Asked, askedParams } from "../../lib/asked.ts";

const PAUSE_MS = 150;

export interface CountedChoices extends Pick<Completion, "from" | "to"> {
  readonly suggestions: readonly CountedSuggestion[];
}

/** What could be written next: what the language knows at once, values that there are with their counts a moment later. */
export function useCompletion(text: string, at: number, asked: Asked, enabled: boolean): CountedChoices {
  const local = completeFilter(text, at);
  const begun = text.slice(0, at);
  const [settled] = useDebouncedValue(begun, PAUSE_MS);
  const field = local.value?.field.name ?? null;
  const params = askedParams({ ...asked, q: settled });
  const { data } = useQuery({
    queryKey: ["complete", params.toString()],
    queryFn: async ({ signal }) => {
      const { suggestions } = await fetchCompletion(params, signal);
      return { field: completeFilter(settled, settled.length).value?.field.name ?? null, suggestions };
    },
    enabled: enabled && field !== null && settled === begun,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    // What the language knows is there all the same.
    retry: false,
  });
  const known = local.suggestions.map((suggestion): CountedSuggestion => ({ ...suggestion, count: null }));
  if (field === null || data?.field !== field) return { ...local, suggestions: known };
  // An answer to a part of what is written holds what fits it, for now.
  const wanted = local.value?.begun.toLowerCase() ?? "";
  const met = data.suggestions.filter(({ text: value }) => value.toLowerCase().includes(wanted));
  const texts = new Set(met.map(({ text: value }) => value));
  return { ...local, suggestions: [...met, ...known.filter(({ text: value }) => !texts.has(value))] };
}
