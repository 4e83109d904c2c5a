/** What a rule of a measure says, as zod: the words of `MeasureWatch`. */
import type { AlertMeasure, AlertThreshold } from "@flowtrail/model";
import { COLUMNS } from "@flowtrail/model";
import { z } from "zod";
import { groupField } from "../../query/traffic/fields.ts";

export const MOST_GROUP_FIELDS = 3;
const MOST_WEEKS = 8;

const groupable = z
  .string()
  .max(100)
  .superRefine((name, context) => {
    const field = groupField(name);
    if (typeof field === "string") context.addIssue({ code: "custom", message: field });
  });
const verdicts = (COLUMNS.verdict.values ?? []) as readonly string[];

const measureSchema: z.ZodType<AlertMeasure> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.enum(["reports", "connections", "bytes", "packets", "rate"]) }),
  z.strictObject({ kind: z.literal("distinct"), of: groupable }),
  z.strictObject({
    kind: z.literal("share"),
    verdicts: z.array(z.enum(verdicts)).min(1),
    least_connections: z.number().int().min(1),
  }),
  z.strictObject({ kind: z.literal("absence") }),
]);

const thresholdSchema: z.ZodType<AlertThreshold> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.enum(["above", "below"]), value: z.number().min(0) }),
  z.strictObject({
    kind: z.literal("baseline"),
    weeks: z.number().int().min(1).max(MOST_WEEKS),
    factor: z.number().gt(0).max(1000),
    least: z.number().min(0),
  }),
]);

export const measureSettings = z.strictObject({
  measure: measureSchema,
  by: z.array(groupable).max(MOST_GROUP_FIELDS),
  threshold: thresholdSchema,
});

export type MeasureSettings = z.infer<typeof measureSettings>;
