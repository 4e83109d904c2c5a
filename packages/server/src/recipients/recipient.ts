/** Who is told of alerts: as it is set, and as it is kept. */
import { ALERT_SEVERITIES } from "@flowtrail/model";
import { z } from "zod";
import { RECIPIENT_KINDS } from "./kinds.ts";

const ids = z.array(z.string().min(1).max(256)).max(200);
const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;
const clock = z.string().regex(CLOCK, "expected a time of day such as 22:00");

const takesSchema = z.strictObject({
  every: z
    .boolean()
    .default(true)
    .describe(
      "Alerts of all rules that name no recipients, as far as the lists below let them in; false: only of rules that name this one",
    ),
  severities: z.array(z.enum(ALERT_SEVERITIES)).max(5).default([]).describe("None: all"),
  rules: ids.default([]).describe("Ids of rules; none: all"),
  networks: ids
    .default([])
    .describe("Networks that the alert is told of (its labels or its filter); none: all, and what is of no network"),
});

const quietSchema = z.strictObject({
  from: clock,
  to: clock.describe("On the next day if it is before `from`"),
  zone: z.string().max(60).refine(isZone, "expected a time zone such as Europe/Berlin").default("UTC"),
  days: z.array(z.number().int().min(0).max(6)).max(7).default([]).describe("On which it begins, 0 is Sunday; none: all"),
  but: z.array(z.enum(ALERT_SEVERITIES)).max(5).default(["critical"]).describe("Severities that are told all the same"),
});

/** Common to all kinds. */
export const COMMON = {
  name: z.string().trim().min(1).max(100),
  enabled: z.boolean().default(true),
  takes: takesSchema.prefault({}),
  resolved: z.boolean().default(true).describe("Tell also when an alert is over"),
  quiet: quietSchema.nullable().default(null).describe("When nothing is told: what comes then is told at the end of it"),
  digest_s: z
    .number()
    .int()
    .min(0)
    .max(86_400)
    .default(0)
    .describe("Gather for so long and tell in one message; 0: tell at once"),
  max_per_minute: z.number().int().min(1).max(600).default(10).describe("Messages; what is over it goes into one"),
  max_per_hour: z.number().int().min(1).max(10_000).default(100),
} as const;

export const storedSchema = z.object({
  ...COMMON,
  kind: z.enum(RECIPIENT_KINDS),
  settings: z.record(z.string(), z.unknown()),
  /** Sealed, by their names. */
  secrets: z.record(z.string(), z.string()),
});

export type StoredRecipient = z.infer<typeof storedSchema>;
export type Quiet = z.infer<typeof quietSchema>;

export interface Recipient extends StoredRecipient {
  readonly id: string;
  readonly changedMs: number;
  readonly who: string;
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }) !== null;
  } catch {
    return false;
  }
}
