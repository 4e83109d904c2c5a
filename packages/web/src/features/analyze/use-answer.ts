import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { fetchTop } from "../../lib/api-analyze.ts";
import { askedParams } from "../../lib/asked.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { refetchMs } from "../histogram/refetch.ts";
import { type Question, questionParams } from "./question.ts";

/**
 * The answer with the question that it is of; while the window ends now, asked again and again.
 * @param rows that it reads, as its plan says
 */
export function useAnswer(question: Question, enabled: boolean, rows: number) {
  const { asked } = useAsked();
  const params = questionParams(question, askedParams(asked));
  const of = params.toString();
  const { data, ...rest } = useQuery({
    queryKey: ["analyze", of],
    queryFn: async ({ signal }) => ({ answer: await fetchTop(params, signal), question, of }),
    placeholderData: keepPreviousData,
    refetchInterval: refetchMs(asked.window, Date.now(), rows),
    enabled,
  });
  // Another graph may be of the same answer.
  return { ...rest, data: data && { answer: data.answer, question: data.of === of ? question : data.question } };
}
