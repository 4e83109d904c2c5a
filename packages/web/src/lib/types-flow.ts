/** Answers of the API about one flow, beside the row itself. */
import type { AnswerMeta } from "./api-types.ts";

/** As text above 2^53. */
type Amount = number | string;

/** `GET /api/flows/:reporter/:flow_id/timeline` */
export interface TimelineAnswer {
  readonly step_ms: number;
  /** Beginning of the first step. */
  readonly from: string;
  /** For each step what the end sent; all together: the flow's counter. */
  readonly src_bytes: readonly Amount[];
  readonly dst_bytes: readonly Amount[];
  /** Some of it was not measured step by step but is spread evenly. */
  readonly estimated: boolean;
  readonly meta: AnswerMeta;
}
