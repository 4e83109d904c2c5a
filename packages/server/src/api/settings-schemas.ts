/** What the API takes and tells of retention, as zod. */
import { z } from "zod";
import { MAX_DAYS_KEPT, type Period, SIZE_LIMIT_EXPECTED } from "../store/retention/policy.ts";
import { time } from "./time-schema.ts";

const PERIOD_TEXTS: Readonly<Record<Period, string>> = {
  flows_days: "Flows, after their end",
  deltas_days: "When within a flow's life its bytes flowed: charts of fields that no sum has are estimates before",
  minutes_days: "Sums by minute",
  hours_days: "Sums by hour; whole months are deleted",
  rejected_days: "Refused rows",
  batches_days: "What each upload brought",
  audit_days: "The audit log; whole months are deleted, by their age only",
};
const days = z.number().int().min(1).max(MAX_DAYS_KEPT);
const maxSize = z.string().max(40);
const periods = Object.entries(PERIOD_TEXTS) as [Period, string][];

const policySchema = z.object({
  ...(Object.fromEntries(periods.map(([name, text]) => [name, days.describe(text)])) as Record<Period, typeof days>),
  max_size: maxSize.describe(`Above it the oldest day is deleted: ${SIZE_LIMIT_EXPECTED}`),
});
const change = days.nullable().optional();

/** Null: as configured again. Left out: as it is. */
export const policyChangeSchema = z.strictObject({
  ...(Object.fromEntries(periods.map(([name, text]) => [name, change.describe(text)])) as Record<Period, typeof change>),
  max_size: maxSize.nullable().optional().describe(SIZE_LIMIT_EXPECTED),
});

const why = z.enum(["age", "size"]);
const how = z.enum(["whole", "rows"]).describe("rows: some of that day or month stays, its flows ended later");
const deleted = z.object({
  table: z.string(),
  from: time.describe("Beginning of the day or month"),
  until: time.describe("What goes is older than this"),
  rows: z.number(),
  bytes: z.number().describe("Of rows: about"),
  why,
  how,
});

export const holdSchema = z.object({
  id: z.string(),
  from: time,
  to: time.nullable().describe("Not in the range itself; null: it goes on"),
  network: z.string().nullable().describe("Null: all. Whole days stay, the other networks' rows of these days, too"),
  reason: z.string(),
  who: z.string(),
  created: time,
  released: time.nullable().describe("Null: it is in force"),
  released_by: z.string().nullable(),
  rows: z.number().describe("Of the days that it touches"),
  bytes: z.number(),
});
export const holdsSchema = z.object({ holds: z.array(holdSchema).describe("Newest first, the released ones, too") });

export const newHoldSchema = z.strictObject({
  from: z.string().describe("Relative (-30d) or RFC 3339"),
  to: z.string().optional().describe("As from. Left out: it goes on until it is released"),
  network: z.string().min(1).max(256).optional().describe("Id of a network. Left out: all"),
  reason: z.string().min(1).max(1000),
});

export const storeReportSchema = z.object({
  settings: policySchema.describe("In force"),
  defaults: policySchema.describe("As configured"),
  set: policySchema.partial().describe("What was set at run time"),
  changed: z.object({ time, who: z.string() }).nullable(),
  size: z.object({
    bytes: z.number().describe("On disk"),
    leaving_bytes: z.number().describe("Merged or deleted a moment ago, and free soon"),
    limit_bytes: z.number().nullable().describe("What max_size comes to now; null: there is none"),
    free_bytes: z.number().nullable().describe("Of the disks that the tables are on; null: they do not tell"),
    disk_bytes: z.number().nullable(),
    held_bytes: z.number().describe("What legal holds keep"),
  }),
  tables: z
    .array(
      z.object({
        table: z.string(),
        rows: z.number().describe("Revisions that are not merged yet count, too"),
        bytes: z.number(),
        oldest: time.nullable().describe("Beginning of the oldest day or month; null: it has none"),
        kept_days: z.number().nullable().describe("Null: it is kept for ever"),
      }),
    )
    .readonly(),
  forecast: z.object({
    text: z.string().describe("For people"),
    basis_days: z.number().describe("Full days that it rests on; 0: nothing can be said"),
    bytes_per_day: z.number(),
    full_in_days: z.number().nullable().describe("0: it is full. Null: never"),
    kept_days: z.number().nullable().describe("Of flows, by age or by size, whichever is less"),
    steady_bytes: z.number().nullable().describe("What it comes to"),
    next: deleted.omit({ rows: true, how: true }).extend({ at: time }).nullable().describe("What goes next, and when"),
  }),
  due: z
    .object({ rows: z.number(), bytes: z.number(), steps: z.array(deleted).readonly() })
    .describe("What the next run (within a minute) deletes; of a dry run: what it would"),
  holds: z.array(holdSchema).readonly(),
  last_drops: z.array(deleted.extend({ time })).readonly().describe("Newest first, at most 20"),
  problem: z.string().nullable().describe("What keeps retention from its work"),
});
