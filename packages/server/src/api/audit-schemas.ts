/** What the API tells of the audit log, as zod. */
import { z } from "zod";
import { time } from "./time-schema.ts";

const filters = {
  from: z.string().max(64).default("-30d").describe("Relative (-30d) or RFC 3339. Of an entry it is the first time that counts"),
  to: z.string().max(64).default("now").describe("Relative or RFC 3339; not in the range itself"),
  who: z
    .string()
    .max(256)
    .optional()
    .describe("A part of a name; or the id of an account or a token; or a kind: session, api, agent, server, nobody"),
  action: z
    .string()
    .max(100)
    .optional()
    .describe("`token.create`, or `token` for all that begin so; several with commas in between"),
  q: z.string().max(256).optional().describe("A part of the target, the address or the details"),
  cursor: z.string().max(100).optional().describe("`next` of the page before"),
};

export const auditQuerySchema = z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).default(100), ...filters });
export const auditExportSchema = z.strictObject({
  format: z.enum(["csv", "ndjson"]).default("csv").describe("csv: RFC 4180. ndjson: an entry a line"),
  ...filters,
});

export const auditEntrySchema = z.object({
  id: z.string(),
  time,
  last: time.describe("When it was done the last time"),
  count: z.number().describe("How often: a page that asks the same every ten seconds is one entry for five minutes"),
  who: z.object({
    kind: z
      .enum(["session", "api", "agent", "anybody", "nobody", "server"])
      .describe("session: a person. api: a program. nobody: without good credentials"),
    id: z.string(),
    name: z.string(),
    role: z.string(),
    account: z.string().describe("Id of the account; empty: none"),
  }),
  address: z.string().describe("Where it came from"),
  action: z.string(),
  target: z.string(),
  details: z.record(z.string(), z.unknown()),
  status: z.number().nullable().describe("Of HTTP; null: it was not waited for, or it is not known what became of it"),
  server: z.string(),
  request: z.string(),
});

export const auditSchema = z.object({
  entries: z.array(auditEntrySchema).describe("Newest first"),
  next: z.string().nullable().describe("cursor of the next page; null: there is none"),
});
