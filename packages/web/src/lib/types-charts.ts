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

/** `GET /api/flows/top` without its `meta`. */
export interface TopAnswer {
  readonly rows: readonly {
    readonly by: readonly (string | null)[];
    readonly value: Amount;
    /** Of the total, 0 to 1. */
    readonly share: number;
    readonly previous?: Amount;
  }[];
  readonly other: { readonly value: Amount; readonly share: number; readonly groups: number };
  readonly total: Amount;
}

export interface TileAnswer {
  readonly value: Amount;
  /** In the time before. */
  readonly previous: Amount;
  readonly series: readonly Amount[];
}

export interface OverviewAnswer {
  readonly chart: StepsAnswer;
  readonly tiles: {
    readonly throughput: TileAnswer;
    readonly connections: TileAnswer;
    readonly externals: TileAnswer;
    readonly denied: TileAnswer;
    readonly unanswered: TileAnswer;
    readonly open: number;
    readonly agents: { readonly reporting: number; readonly known: number };
  };
  readonly top: {
    readonly nodes: TopAnswer;
    readonly users: TopAnswer;
    readonly externals: TopAnswer;
    readonly services: TopAnswer;
  };
  readonly new_externals: {
    readonly rows: readonly { readonly domain: string; readonly bytes: Amount }[];
    readonly more: number;
    /** Null: nothing is known from before. */
    readonly since: string | null;
    /** False: only those with most traffic were looked up. */
    readonly complete: boolean;
  };
  readonly estimated: boolean;
  readonly meta: AnswerMeta;
}
