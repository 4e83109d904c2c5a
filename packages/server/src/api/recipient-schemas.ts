/** What the API takes and tells of recipients, as zod. */
import { z } from "zod";
import { KINDS, RECIPIENT_KINDS, type RecipientKind } from "../recipients/kinds.ts";
import { COMMON } from "../recipients/recipient.ts";
import { time } from "./time-schema.ts";

export const recipientId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "expected 1 to 64 of a-z, 0-9 and -, such as ops-chat")
  .refine((id) => id !== "test", "test is taken: choose another id");
export const noticeId = z.string().regex(/^[\w-]{1,64}$/);

/** Texts by name; null takes one away, left out it is as it was. */
function secretsOf(kind: RecipientKind) {
  const one = z.string().max(2000).nullable().optional();
  return z.strictObject(Object.fromEntries(KINDS[kind].secrets.map((name) => [name, one])));
}

function wantedOf<Kind extends RecipientKind>(kind: Kind) {
  return z.strictObject({
    ...COMMON,
    kind: z.literal(kind),
    settings: KINDS[kind].settings,
    secrets: secretsOf(kind).prefault({}).describe("Sealed, and never told again. Left out: as it was; null: none"),
  });
}

export const wantedRecipientSchema = z.discriminatedUnion("kind", [
  wantedOf("webhook"),
  wantedOf("slack"),
  wantedOf("teams"),
  wantedOf("discord"),
  wantedOf("pagerduty"),
  wantedOf("ntfy"),
  wantedOf("email"),
  wantedOf("syslog"),
]);

/** One that is set already may be named: its secrets are used where none are given. */
const id = { id: recipientId.optional().describe("Of one that is set: its secrets are used where none are given") };
export const triedRecipientSchema = z.discriminatedUnion("kind", [
  wantedOf("webhook").extend(id),
  wantedOf("slack").extend(id),
  wantedOf("teams").extend(id),
  wantedOf("discord").extend(id),
  wantedOf("pagerduty").extend(id),
  wantedOf("ntfy").extend(id),
  wantedOf("email").extend(id),
  wantedOf("syslog").extend(id),
]);

const { takes, quiet } = COMMON;

export const recipientSchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(RECIPIENT_KINDS),
  enabled: z.boolean(),
  settings: z.record(z.string(), z.unknown()).describe("By its kind; nothing secret"),
  secrets: z.record(z.string(), z.literal(true)).describe("Those that are set, by their names"),
  takes,
  resolved: z.boolean(),
  quiet,
  digest_s: z.number(),
  max_per_minute: z.number(),
  max_per_hour: z.number(),
  changed: time,
  who: z.string().describe("Who set it last"),
  status: z.object({
    waiting: z.number().describe("What is still to be told"),
    parked: z.number().describe("What was given up, see …/undelivered"),
    last_sent: time.nullable(),
    last_error: z.object({ time, message: z.string() }).nullable().describe("Later successes don't take it away"),
  }),
});

export const recipientsSchema = z.object({ recipients: z.array(recipientSchema).describe("By their names") });

export const testResultSchema = z.object({
  ok: z.boolean(),
  said: z.string().describe("What the other side answered, the beginning of it"),
  error: z.string().nullable(),
  ms: z.number(),
});

export const undeliveredSchema = z.object({
  undelivered: z
    .array(
      z.object({
        id: z.string(),
        state: z.enum(["waiting", "parked"]),
        event: z.enum(["opened", "resolved", "reopened", "escalated", "acknowledged"]),
        alert: z.string(),
        rule: z.string(),
        severity: z.string(),
        summary: z.string(),
        created: time,
        attempts: z.number(),
        next: time.nullable().describe("When it is tried again; null: not by itself"),
        error: z.string().nullable(),
        failed: time.nullable(),
      }),
    )
    .describe("Newest first, 1000 at most"),
});
