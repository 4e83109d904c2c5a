import { useMemo } from "react";
import { writeAsked } from "../../lib/asked.ts";
import { navigate, useUrl } from "../../lib/url.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { type Question, readQuestion, writeQuestion } from "./question.ts";

/** The question of the address; each change is a step that the back button takes back. */
export function useQuestion(): { readonly question: Question; change(change: Partial<Question>): void } {
  const { path, params } = useUrl();
  const { asked } = useAsked();
  const question = useMemo(() => readQuestion(params), [params]);
  return {
    question,
    change: (change) => navigate(path, writeAsked(asked, writeQuestion({ ...question, ...change }, params))),
  };
}
