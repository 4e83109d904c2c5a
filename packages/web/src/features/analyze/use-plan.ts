import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { fetchPlan, fetchReportCount } from "../../lib/api-analyze.ts";
import { askedParams, mistakeIn } from "../../lib/asked.ts";
import { boundsOf } from "../../lib/time-window.ts";
import type { PlanAnswer } from "../../lib/types-analyze.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { planParams, type Question } from "./question.ts";

export interface Plan {
  readonly answer: PlanAnswer;
  /** About so many rows are read one by one; null: next to none. */
  readonly rows: number | null;
  /** Also the time before is read. */
  readonly previous: boolean;
  /** What was planned. */
  readonly of: string;
}

/** Less is read from rows whenever a window does not end with an hour. */
const LITTLE_MS = 2 * 3_600_000;

/** Where an answer will come from, known before it is asked for. */
export function usePlan(question: Question) {
  const { asked } = useAsked();
  const params = planParams(question, askedParams(asked));
  const { previous } = question;
  const of = `${params}${previous ? " and before" : ""}`;
  return useQuery({
    queryKey: ["analyze-plan", of],
    queryFn: async ({ signal }): Promise<Plan> => {
      const answer = await fetchPlan(params, signal);
      const bounds = boundsOf(asked.window, Date.now());
      if (answer.rows_ms <= LITTLE_MS || bounds === null) return { answer, rows: null, previous, of };
      const all = askedParams({ ...asked, q: "" });
      all.set("reports", "all");
      const count = await fetchReportCount(all, signal);
      const rows = (count * answer.rows_ms) / (bounds.toMs - bounds.fromMs);
      return { answer, rows: Math.round(previous ? 2 * rows : rows), previous, of };
    },
    placeholderData: keepPreviousData,
    enabled: mistakeIn(asked.q) === null,
  });
}
