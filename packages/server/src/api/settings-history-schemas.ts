/** What the API tells of changes of settings, as zod. */
import { z } from "zod";
import { SETTING_NAMES } from "../store/settings/settings-log.ts";
import { time } from "./time-schema.ts";

/** Of the page: `traffic` is what agents record, `retention` what is kept, with legal holds, `alerts` also who is told and what is allowed. */
export const SETTINGS_SECTIONS = ["traffic", "retention", "alerts", "sinks", "compliance"] as const;

export const settingsHistorySchema = z.object({
  changes: z
    .array(
      z.object({
        time,
        name: z.enum(SETTING_NAMES),
        id: z.string().describe("Of a hold, a network, a node; empty: of none"),
        who: z.string(),
        what: z.string().describe("What became different, for people"),
        before: z.record(z.string(), z.unknown()).nullable(),
        after: z.record(z.string(), z.unknown()).nullable().describe("null: it was deleted"),
      }),
    )
    .describe("Newest first"),
  next: z.string().nullable().describe("cursor of the next page; null: there is none"),
});
