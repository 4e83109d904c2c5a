/** What the API takes and tells of alerts, as zod. */
import { ALERT_SEVERITIES, ALERT_STATES, RULE_ORIGINS } from "@flowtrail/model";
import { z } from "zod";
import { ruleBody } from "../alerts/rule-schema.ts";
import { time } from "./time-schema.ts";

const labels = z.record(z.string(), z.string());
const filterText = z.string().describe("In the filter language: exactly these flows");

export const alertSchema = z.object({
  id: z.string(),
  rule: z.string(),
  rule_name: z.string(),
  severity: z.enum(ALERT_SEVERITIES),
  state: z
    .enum(ALERT_STATES)
    .describe("open until it clears (resolved) or a person says otherwise; a silenced one is open again when its silence ends"),
  summary: z.string().describe("What happened, in a sentence"),
  labels: labels.describe("Tells alerts of one rule apart"),
  value: z.number(),
  limit: z.number(),
  mitre: z.array(z.string()).readonly(),
  since: time.describe("When it began"),
  last: time.describe("When it last held; up to a minute old while it holds"),
  until: time.nullable().describe("When its silence ends"),
  ended: time.nullable().describe("When it was resolved"),
  by: z.string().nullable().describe("Who acknowledged or silenced it"),
  note: z.string().nullable(),
  q: filterText,
  from: time.describe("The window of what was worst"),
  to: time,
});

export const alertListSchema = z.object({
  alerts: z.array(alertSchema).readonly().describe("Newest first"),
  next: z.string().nullable().describe("cursor of the next page; null: there is none"),
});

/** Several values with commas between them. */
const anyOf = <T extends string>(values: readonly [T, ...T[]], what: string) =>
  z
    .string()
    .max(200)
    .transform((text) => text.split(",").map((word) => word.trim()))
    .pipe(z.array(z.enum(values)))
    .optional()
    .describe(`${what}: ${values.join(", ")}; several with commas. Left out: all`);

export const alertQuerySchema = z.strictObject({
  state: anyOf(ALERT_STATES, "What it is now"),
  severity: anyOf(ALERT_SEVERITIES, "How bad it is"),
  rule: z.string().max(1000).optional().describe("Id of a rule; several with commas"),
  from: z.string().max(100).optional().describe("Relative (-7d) or RFC 3339: held at that time or later"),
  to: z.string().max(100).optional().describe("Began before that time"),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(200).optional().describe("`next` of the page before"),
});

export const alertCountSchema = z.object({
  open: z.number(),
  acknowledged: z.number(),
  silenced: z.number(),
  by_severity: z.record(z.enum(ALERT_SEVERITIES), z.number()).describe("Of the open ones"),
});

export const noteSchema = z.strictObject({ note: z.string().max(2000).default("") });

const untilShape = {
  until: z.iso.datetime({ offset: true }).optional().describe("RFC 3339; instead of `for`"),
  for: z.string().max(20).optional().describe("Such as 2h or 30m; instead of `until`"),
  for_s: z
    .number()
    .int()
    .min(60)
    .max(366 * 86_400)
    .optional()
    .describe("Seconds; instead of `until`"),
  note: z.string().max(2000).default(""),
};

export const silenceAlertSchema = z.strictObject({
  ...untilShape,
  scope: z
    .enum(["alert", "labels"])
    .default("alert")
    .describe("alert: this one. labels: whatever its rule finds of the same labels"),
});

export const newSilenceSchema = z.strictObject({
  ...untilShape,
  rule: z.string().max(64).nullable().default(null).describe("null: of all rules"),
  labels: z.record(z.string().max(100), z.string().max(1000)).default({}).describe("All of them; none: whatever the rule finds"),
});

export const silenceSchema = z.object({
  id: z.string(),
  rule: z.string().nullable(),
  labels,
  until: time,
  note: z.string(),
  who: z.string(),
});

const statusSchema = z.object({
  state: z
    .enum(["ok", "waiting", "failing", "stopped", "off"])
    .describe("stopped: it failed or was too dear again and again; any change of it starts it again"),
  evaluated: time.nullable(),
  rows_read: z.number().describe("By the last look; rules that ask the same share it"),
  ms: z.number(),
  error: z.string().nullable(),
  notes: z.array(z.string()).readonly(),
  open: z.number().describe("Alerts that are not over"),
});

export const ruleSchema = ruleBody.extend({
  id: z.string(),
  shipped: z.boolean().describe("It came with Flowtrail: can be changed and switched off, not deleted"),
  watch: z.looseObject({ kind: z.string() }),
  recipients: z.array(z.string()).readonly(),
  mitre: z.array(z.string()).readonly(),
  origin: z.enum(RULE_ORIGINS).describe("file: of alerts.rules_file, and read-only"),
  changed: z.object({ time, who: z.string() }).nullable(),
  status: statusSchema,
});

export const ruleListSchema = z.object({
  rules: z.array(ruleSchema),
  kinds: z.array(z.string()).readonly().describe("What can be watched for"),
  file_problem: z.string().nullable().describe("Why alerts.rules_file is not in force as it is; null: it is, or there is none"),
});

export const testSchema = z.strictObject({
  rule: ruleBody.extend({ id: z.string().max(64).default("test") }),
  days: z.number().int().min(1).max(31).default(7),
});

export const importSchema = z.strictObject({ yaml: z.string().max(200_000) });

export const importedSchema = z.object({
  dry_run: z.boolean(),
  saved: z.number().describe("Rules that were added or changed; with dry_run none"),
  changes: z.array(
    z.object({
      id: z.string(),
      what: z.enum(["added", "changed", "unchanged"]),
      differences: z.array(z.string()).describe("Of a changed one: what becomes different"),
    }),
  ),
});
