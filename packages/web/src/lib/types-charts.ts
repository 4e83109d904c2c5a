/** Answers of the API about traffic as a whole. */
import type { AnswerMeta } from "./api-types.ts";

/** As text above 2^53. */
type Amount = number | string;

/** `GET /api/flows/histogram` without its `meta`. */
export interface StepsAnswer {
  readonly step_ms: number;
  /** Beginning of the first step. */
  readonly from: string;
  readonly groups: readonly (string | null)[];
  /** The last group is what all others have together. */
  readonly other: boolean;
  /** For each group one value for each step. */
  readonly series: readonly (readonly Amount[])[];
  readonly gaps: readonly { readonly reporter: string; readonly from: string; readonly to: string }[];
  readonly estimated: boolean;
  readonly previous?: { readonly from: string; readonly series: readonly (readonly Amount[])[] };
}

export interface HistogramAnswer extends StepsAnswer {
  readonly meta: AnswerMeta;
}
