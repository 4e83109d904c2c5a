/** What the API takes and tells of deleting somebody's records, as zod. */
import { z } from "zod";
import { time } from "./time-schema.ts";

const name = z.string().min(1).max(256);
const dry_run = z.boolean().default(true).describe("true: nothing is deleted, the answer says what would be");

export const eraseSchema = z
  .strictObject({
    user: name.optional().describe("Id or name of a user"),
    extclient: name.optional().describe("Id or name of a config file"),
    address: z.union([z.ipv4(), z.ipv6()]).optional().describe("An address, whoever had it: with `network`"),
    network: name.optional(),
    dry_run,
  })
  .refine(({ user, extclient, address }) => [user, extclient, address].filter((one) => one !== undefined).length === 1, {
    error: "expected one of user, extclient and address",
  })
  .refine(({ address, network }) => (address === undefined) === (network === undefined), {
    path: ["network"],
    error: "expected with an address, and only with it",
  });

const subjectSchema = z.union([
  z.object({ kind: z.enum(["user", "extclient"]), name: z.string() }),
  z.object({ kind: z.literal("address"), address: z.string(), network: z.string() }),
]);

export const eraseReportSchema = z.object({
  subject: subjectSchema,
  dry_run: z.boolean(),
  requested: time,
  finished: time.nullable(),
  who: z.string(),
  tables: z.array(
    z.object({
      table: z.string(),
      rows: z.number().describe("Deleted, or to be deleted. A flow that was told of several times may be several rows"),
      held: z.number().describe("A legal hold keeps them"),
      from: z.string().nullable().describe("First day (UTC)"),
      until: z.string().nullable().describe("Last day (UTC)"),
      days: z.number(),
    }),
  ),
  deleted_rows: z.number(),
  held_rows: z.number(),
  holds: z.array(z.object({ id: z.string(), reason: z.string() })).describe("In force, where something is kept for them"),
  kept: z.array(z.object({ what: z.string(), count: z.number().nullable(), why: z.string() })),
  left_rows: z.number().nullable().describe("What a last look found"),
  text: z.string().describe("All of it for people"),
});

export const eraseJobSchema = z.object({
  id: z.string(),
  state: z.enum(["running", "done"]),
  requested: time,
  who: z.string(),
  subject: subjectSchema,
  progress: z.object({ done: z.number(), tables: z.number().describe("0: it has not been counted yet") }),
  error: z.string().nullable().describe("Why it has to wait; it is tried again"),
  report: eraseReportSchema.nullable().describe("When it is done"),
});
