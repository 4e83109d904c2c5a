/** Answers that the map is made of. */
import type { AnswerMeta } from "./api-types.ts";
import type { TopAnswer } from "./types-charts.ts";

/** As text above 2^53. */
type Amount = number | string;

/** `GET /api/flows/pairs` */
export interface PairsAnswer {
  /** `id`: `type:` and the owner's id, or its name, or the domain; the type alone: all others of it. */
  readonly nodes: readonly { readonly id: string; readonly name: string | null; readonly type: string }[];
  /** The largest first. */
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly bytes: Amount;
    readonly connections: Amount;
  }[];
  /** Edges that are not told, and what they have together. */
  readonly cut: number;
  readonly other: { readonly bytes: Amount; readonly connections: Amount };
  /** Whether nameless ends outside of the network are told apart by their domain. */
  readonly externals: "domain" | "one";
  readonly estimated: boolean;
  readonly meta: AnswerMeta;
}

/** `GET /api/flows/top`, as far as the map needs it. */
export interface GroupsAnswer extends Pick<TopAnswer, "rows" | "other"> {
  readonly estimated: boolean;
  readonly meta: AnswerMeta;
}
