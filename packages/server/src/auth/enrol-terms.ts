/** What an enrolment token is good for. */
import { z } from "zod";

const schema = z.object({
  /** So many nodes can be made with it. */
  uses: z.number().int().min(1),
  /** What the node's name must be; null: anything. */
  node: z.string().nullable(),
  /** What it must begin with. */
  nodePrefix: z.string().nullable(),
  /** A node that there is already may be taken over. */
  replace: z.boolean(),
});

export type EnrolTerms = z.output<typeof schema>;

/** As they are stored; null: it is no enrolment token. */
export function readTerms(text: string): EnrolTerms | null {
  return text === "" ? null : schema.parse(JSON.parse(text));
}
