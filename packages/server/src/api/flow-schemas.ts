/** What the routes about sets of flows take and give, beside the list itself. */
import { PARTICIPANT_TYPES } from "@flowtrail/model";
import { z } from "zod";
import { explainParameter, metaSchema } from "./ask.ts";
import { DEFAULT_FACETS } from "./facet-params.ts";
import { questionParameters } from "./schemas.ts";
import { time } from "./time-schema.ts";

const exact = z.boolean().describe("False: an estimate, see `note`");
const note = z.string().nullable().describe("How it was estimated, for people. Then `meta.partial` is true");

export const countQuerySchema = z.strictObject(questionParameters);
export const countSchema = z.object({
  count: z.number().int().describe("Rows of a list of this question"),
  exact,
  note,
  meta: metaSchema,
});

export const facetsQuerySchema = z.strictObject({
  fields: z
    .string()
    .default(DEFAULT_FACETS)
    .describe(
      "Fields of the filter language, with commas. ip, port, name and type count flows that have the value at either end, once",
    ),
  limit: z.coerce.number().int().min(1).max(1000).default(10).describe("Most values of a field"),
  ...questionParameters,
});
const value = z.union([z.string(), z.number(), z.boolean()]).nullable();
export const facetsSchema = z.object({
  facets: z
    .record(z.string(), z.array(z.object({ value: value.describe("Null: without a value"), count: z.number().int() })).readonly())
    .describe(
      "By the names as they were asked for: values of the flows of the list, those of most flows first. Parts of the filter that must all be " +
        "met and are about this field only are left out",
    ),
  more: z.array(z.string()).describe("Fields that have more values than were told"),
  exact,
  note,
  meta: metaSchema,
});

export const seenQuerySchema = z.strictObject({
  by: z.string().describe("Field of the filter language: domain, ip, src.name …"),
  value: z.string().max(1024).describe("As it is written in a filter"),
  type: z
    .enum(PARTICIPANT_TYPES)
    .optional()
    .describe("With by=name: what the end of this name is, for a user may be called as a node is"),
  network: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe("The overlay network. Repeated: any of them"),
  explain: explainParameter,
});
export const seenSchema = z.object({
  first: time.nullable().describe("Start of the first flow that has the value; null: none has it"),
  last: time.nullable().describe("When a flow that has it was last active"),
  exact,
  note,
  meta: metaSchema,
});
