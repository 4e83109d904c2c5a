/** Bodies and answers of the routes that name stored flows again. */
import { z } from "zod";
import { time } from "./time-schema.ts";

const replayRange = z.string().describe("Relative (-2d, now-1h) or RFC 3339, of the flows' starts");
export const newReplaySchema = z.strictObject({
  from: replayRange,
  to: replayRange.default("now"),
  network: z.string().max(256).optional().describe("Id of a network. Left out: all"),
  inventory: z
    .enum(["now", "then"])
    .default("now")
    .describe(
      "now: the inventory as it stands holds for that time, too. then: as it was when each flow began, without earlier corrections",
    ),
  dry_run: z.boolean().default(true).describe("Change nothing, tell what would change"),
});

export const replaySchema = z.object({
  id: z.string(),
  state: z.enum(["waiting", "running", "done", "failed"]),
  who: z.string(),
  requested: time,
  changed: time.describe("Last sign of life"),
  from: time,
  to: time.describe("Not in the range itself"),
  network: z.string().nullable(),
  as_of: time.nullable().describe("When the inventory is read; null: as it was when each flow began"),
  dry_run: z.boolean(),
  rows_read: z.number().int(),
  rows_changed: z.number().int().describe("Of a dry run: that would change"),
  now_primary: z.number().int().describe("Of those: that count in totals now, and did not before"),
  no_longer_primary: z.number().int(),
  changes: z.array(z.object({ what: z.string(), rows: z.number().int() })).describe("The most frequent ones"),
  at: time.nullable().describe("Rows are read in the order of their starts, those of open flows first: how far it is"),
  error: z.string().nullable(),
});

export const replaysSchema = z.object({ replays: z.array(replaySchema) });
