/** What the routes about filters take and give. */
import { z } from "zod";

const errorDetails = z.object({
  offset: z.number().int().describe("Where the mistake begins, in UTF-16 units from 0"),
  length: z.number().int().describe("0: something is missing here"),
  expected: z.array(z.string()).describe("What could stand there instead"),
});

export const checkedFilterSchema = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), canonical: z.string().describe("The same filter as Flowtrail writes it") }),
  z.object({
    ok: z.literal(false),
    error: z.object({ code: z.literal("BAD_FILTER"), message: z.string().describe("For people"), details: errorDetails }),
  }),
]);
