import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { fetchGroups } from "../../lib/api-analyze.ts";
import { askedParams } from "../../lib/asked.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { refetchMs } from "../histogram/refetch.ts";
import { type Question, questionParams } from "./question.ts";

/** The answer with the question that it is of; while the window ends now, asked again and again. */
export function useAnswer(question: Question, enabled: boolean) {
  const { asked } = useAsked();
  const params = questionParams(question, askedParams(asked));
  return useQuery({
    queryKey: ["analyze", params.toString()],
    queryFn: async ({ signal }) => ({ answer: await fetchGroups(params, signal), question }),
    placeholderData: keepPreviousData,
    refetchInterval: refetchMs(asked.window, Date.now()),
    enabled,
  });
}
