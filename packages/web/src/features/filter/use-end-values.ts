import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { fetchCompletion } from "../../lib/api-filter.ts";
import { askedParams } from "../../lib/asked.ts";
import { useAsked } from "../../lib/use-asked.ts";

const PAUSE_MS = 150;

/** Names, domains and addresses that an end has had in the network and time that are looked at, those of most flows first; those that hold what is typed. */
export function useEndValues(end: "src" | "dst"): { values: readonly string[]; onSearch(text: string): void } {
  const { network, window } = useAsked().asked;
  const [typed, setTyped] = useState("");
  const [text] = useDebouncedValue(typed, PAUSE_MS);
  const fields = end === "src" ? ["name", "ip"] : ["name", "domain", "ip"];
  const { data } = useQuery({
    queryKey: ["end-values", end, text, network, window],
    queryFn: async ({ signal }) => {
      const answers = await Promise.all(
        fields.map((field) => {
          // A quote that is not closed: whatever is typed is one value.
          return fetchCompletion(askedParams({ network, window, q: `${end}.${field}="${text}` }), signal);
        }),
      );
      const met = answers.flatMap(({ suggestions }) => suggestions.filter(({ count }) => count !== null));
      return [...new Set(met.toSorted((a, b) => (b.count ?? 0) - (a.count ?? 0)).map((one) => unquoted(one.text)))];
    },
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
  return { values: data ?? [], onSearch: setTyped };
}

/** As the value itself is, not as it is written in a filter. */
function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(["\\*])/g, "$1") : text;
}
