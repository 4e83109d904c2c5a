/** What the API takes and tells of sinks, as zod. */
import { z } from "zod";
import { EVENT_KINDS } from "../sinks/ports.ts";
import { SINK_ID, sinkSchema } from "../sinks/sink-config.ts";
import { time } from "./time-schema.ts";

export const sinkId = z
  .string()
  .regex(SINK_ID, "expected 1 to 63 of a-z, 0-9 and -, such as splunk")
  .refine((id) => id !== "test", "test is taken: choose another id");

const secrets = z
  .record(z.string().max(60), z.string().min(1).max(10_000).nullable())
  .default({})
  .describe("Sealed, and never told again. Left out: as it was; null: none");

export const wantedSinkSchema = sinkSchema.extend({ secrets });
export const triedSinkSchema = wantedSinkSchema.extend({
  id: sinkId.optional().describe("Of one that is set: its secrets are used where none are given"),
});

const backfill = z.object({
  id: z.string(),
  state: z.enum(["waiting", "running", "done", "cancelled"]),
  from: time,
  to: time,
  sent: z.number().describe("Records that were handed over"),
  progress: z.number().describe("By time, 0 to 1"),
});

const status = z.object({
  at: time.describe("When the server that runs it said so"),
  state: z.enum(["running", "trouble", "paused", "silent"]).describe("silent: no server runs it, or none says so"),
  lag_ms: z.number().describe("Age of the oldest record that waits; 0: none does"),
  waiting: z.number().nullable().describe("Records that wait, at most"),
  taken: z.number().describe("Records that were handed over since the sink was made"),
  per_second: z.number().describe("Records, of about the last minute"),
  last_taken: time.nullable(),
  trouble: z
    .object({ reason: z.string(), message: z.string(), advice: z.string(), failures: z.number(), next: time })
    .nullable()
    .describe("Why records are not taken, what to do, and when it is tried again"),
  of_retention: z
    .number()
    .nullable()
    .describe("Share of the time that flows are kept for that the lag has reached; from 0.5 on it is time to act"),
  lost: z.number().describe("Records that retention deleted before they were handed over, at most"),
  unnamed: z.number().describe("Refused by an endpoint that did not say which ones"),
});

const told = {
  id: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  q: z.string(),
  events: z.array(z.enum(EVENT_KINDS)),
  reports: z.enum(["primary", "all"]),
  format: z.string().describe("The one that is used"),
  transport: z.looseObject({ kind: z.string() }).describe("By its kind; nothing secret"),
  secrets: z.record(z.string(), z.boolean()).describe("Those that its kind knows: are they set?"),
  status: status.nullable().describe("null: it has not begun"),
  parked: z.array(z.object({ reason: z.string(), records: z.number() })).describe("Records that its endpoint refuses, by why"),
  backfills: z.array(backfill).describe("The newest one"),
};

export const sinkAnswerSchema = z.object(told);
export const sinksSchema = z.object({ sinks: z.array(sinkAnswerSchema).describe("By id") });

export const sinkTestSchema = z.object({
  ok: z.boolean(),
  said: z.string(),
  error: z.string().nullable(),
  advice: z.string().nullable(),
  ms: z.number(),
});

export const newBackfillSchema = z.strictObject({
  from: z.string().max(100).describe("Of flows that began from then on: RFC 3339, or relative such as -7d"),
  to: z.string().max(100).optional().describe("Left out: now. What is stored later is handed over anyway"),
  per_second: z.number().int().min(1).max(100_000).default(2000).describe("Records, at most"),
});

export const parkedSchema = z.object({
  parked: z
    .array(
      z.object({
        event: z.string(),
        kind: z.enum(EVENT_KINDS),
        parked: time,
        start: time,
        flow_id: z.string(),
        reporter_id: z.string(),
        attempts: z.number(),
        reason: z.string(),
        message: z.string(),
      }),
    )
    .describe("Newest first"),
});

export const whichParkedSchema = z
  .strictObject({
    reason: z.string().max(100).optional().describe("Only those"),
    events: z.array(z.string().max(200)).min(1).max(1000).optional().describe("Only those"),
  })
  .describe("Nothing: all of them");
