/** What the routes about filters take and give. */
import { z } from "zod";
import { explainParameter, metaSchema } from "./ask.ts";

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

export const completeQuerySchema = z.strictObject({
  q: z.string().max(8192).default("").describe("The filter, as far as it is written"),
  at: z.coerce.number().int().min(0).max(8192).optional().describe("Place of the cursor, in UTF-16 units. Left out: the end"),
  from: z.string().default("-24h").describe("Values of this time are offered: relative or RFC 3339"),
  to: z.string().default("now").describe("Relative or RFC 3339"),
  network: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe("Values of this overlay network are offered. Repeated: of any of them. Left out: of all but the sample one"),
  explain: explainParameter,
});

export const completionSchema = z.object({
  from: z.number().int().describe("What is between here and `to` is replaced by the text of a suggestion"),
  to: z.number().int(),
  suggestions: z.array(
    z.object({
      text: z.string(),
      kind: z.enum(["field", "operator", "value", "word"]),
      detail: z.string().describe("What it means"),
      count: z.number().int().nullable().describe("Reports that have this value, among those that were looked at"),
    }),
  ),
  meta: metaSchema.describe("`partial`: values were counted until a limit of time or rows"),
});
