/** What the API tells to those who analyze. */
import type { AnswerMeta } from "./api-types.ts";

/** As text above 2^53. */
type Amount = number | string;

/** All but `value`, `share` and what was before are per second. */
export interface GroupFigures {
  readonly value: Amount;
  /** Of the total, 0 to 1. */
  readonly share: number;
  readonly avg: number;
  readonly min: number;
  readonly max: number;
  readonly p95: number;
  readonly last: number;
  readonly previous?: Amount;
  /** One value for each step. */
  readonly series?: readonly Amount[];
  readonly previous_series?: readonly Amount[];
}

export interface GroupRow extends GroupFigures {
  readonly by: readonly (string | null)[];
}

/** `GET /api/flows/top` */
export interface AnalyzeAnswer {
  readonly rows: readonly GroupRow[];
  readonly other: GroupFigures & { readonly groups: number };
  readonly total: Amount;
  readonly previous_total?: Amount;
  readonly step_ms: number;
  /** Beginning of the first step. */
  readonly from: string;
  readonly estimated: boolean;
  readonly meta: AnswerMeta;
}

/** `GET /api/flows/plan` */
export interface PlanAnswer {
  readonly sources: readonly { readonly table: string; readonly ms: number }[];
  readonly rows_ms: number;
  readonly known: boolean;
  readonly forced_by: readonly string[];
  readonly step_ms: number;
  readonly estimated: boolean;
  readonly partial: boolean;
}
