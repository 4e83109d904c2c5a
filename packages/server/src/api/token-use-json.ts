/** What a list of tokens says of each beside what it is: when it was used, and what it is still good for. */
import { z } from "zod";
import type { Token } from "../store/token-rows.ts";
import type { TokenUse } from "../store/token-uses.ts";

export const tokenUseShape = {
  last_used: z.string().nullable().describe("Within a minute, where there are several servers"),
  last_address: z.string().nullable().describe("From where it was used then"),
  uses: z
    .object({ made: z.number().int(), of: z.number().int() })
    .nullable()
    .describe("Of an enrolment token: nodes that were made with it, and how many may be"),
  rotating: z.boolean().describe("The agent is asked to change it, and has not done so"),
};

export function tokenUseJson({ terms, rotateMs }: Token, use: TokenUse | undefined, claims: number | undefined) {
  return {
    last_used: use === undefined ? null : new Date(use.usedMs).toISOString(),
    last_address: use?.address ?? null,
    uses: terms === null ? null : { made: claims ?? 0, of: terms.uses },
    rotating: rotateMs !== null,
  };
}
