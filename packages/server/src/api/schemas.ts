/** What the API takes and gives, as zod: validates requests and makes the OpenAPI document. */
import { type Column, EXCLUDE_REASONS, STORED_COLUMNS } from "@flowtrail/model";
import { z } from "zod";
import { FILTER_COLUMNS } from "../query/filters.ts";
import { ORDERS, SORTS } from "../query/flow-list-order.ts";
import { grantFields, grantJsonFields } from "./account-schemas.ts";
import { explainParameter, metaSchema } from "./ask.ts";
import { inventoryHealthSchema } from "./inventory-schemas.ts";
import { storeReportSchema } from "./settings-schemas.ts";
import { time } from "./time-schema.ts";

const big = z.union([z.number().int().nonnegative(), z.string().regex(/^\d{1,20}$/)]).describe("A string above 2^53");

function columnSchema(column: Column): z.ZodType {
  const schema = bareSchema(column);
  return (column.optional ? schema.nullable() : schema).describe(column.tooltip);
}

function bareSchema(column: Column): z.ZodType {
  if (column.name === "flow_id") return z.string().regex(/^\d{1,20}$/);
  switch (column.type) {
    case "u8":
      return z.number().int().min(0).max(0xff);
    case "u16":
      return z.number().int().min(0).max(0xffff);
    case "u32":
      return z.number().int().min(0).max(0xffffffff);
    case "u64":
      return big;
    case "time":
      return time;
    case "bool":
      return z.boolean();
    case "enum":
      return z.enum((column.values ?? []) as [string, ...string[]]);
    case "address":
    case "text":
      return z.string();
  }
}

export const flowSchema = z
  .strictObject(Object.fromEntries(STORED_COLUMNS.map((column) => [column.name, columnSchema(column)])))
  .describe("What one node said about one flow: see the page of the column table");

const parameter = z.union([z.string(), z.array(z.string())]).optional();
const filters = Object.fromEntries(
  FILTER_COLUMNS.map((column) => {
    const empty = column.optional ? " Empty: rows without a value." : "";
    return [column.name, parameter.describe(`${column.tooltip}. Repeated: any of them.${empty}`)];
  }),
);
const q = z
  .string()
  .optional()
  .describe("Filter, such as `src.name=debian and port=https`: docs/how-to/filter.md. A row must pass the other parameters, too");
const reports = z
  .enum(["merged", "all"])
  .default("merged")
  .describe("merged: one row per connection, its primary report. all: every report");

/** Which flows a question is about, but for their time. */
export const filterParameters = { q, reports, ...filters };

/** Which flows a question is about. */
export const questionParameters = {
  from: z.string().default("-15m").describe("Relative (-15m, now-1h) or RFC 3339. A flow is in the range if it was active in it"),
  to: z.string().default("now").describe("Relative or RFC 3339; not in the range itself"),
  explain: explainParameter,
  ...filterParameters,
};

export const listQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe("Most rows of an answer"),
  sort: z
    .enum(SORTS)
    .default("time")
    .describe(
      "time: by start. bytes, packets (of both ends), duration: of the newest flows of the range, see `note`; unknown counts as 0, and an open " +
        "flow has the place that it has right now",
    ),
  order: z.enum(ORDERS).default("desc").describe("desc: newest, or most, first"),
  at: z
    .string()
    .optional()
    .describe("The page begins at this time within the range, and `prev` leads back: relative or RFC 3339"),
  cursor: z
    .string()
    .max(2048)
    .optional()
    .describe(
      "`next` or `prev` of an answer before. It holds the range and the order: from, to, at, sort and order are not looked at",
    ),
  ...questionParameters,
});

const pageSchema = {
  next: z.string().nullable().describe("Cursor of the next page; null: there is none"),
  prev: z.string().nullable().describe("Cursor of the page before, in the same order; null: there is none"),
  note: z.string().nullable().describe("What was left out, for people. Then `meta.partial` is true"),
  meta: metaSchema,
};

export const listSchema = z
  .object({ flows: z.array(flowSchema), ...pageSchema })
  .describe(
    "With `Accept: application/x-ndjson` the rows come line by line as they are found, and the last line holds the rest (or `error`)",
  );

export const liveQuerySchema = z.strictObject(filterParameters);

export const detailSchema = z.object({
  flow: flowSchema,
  reports: z.array(flowSchema).describe("The other reports of the same connection"),
  meta: metaSchema,
});

export const ingestSchema = z.object({
  accepted: z.number().int(),
  duplicate: z.number().int().describe("Rows of a batch that was stored before"),
  rejected: z.array(z.object({ row: z.number().int(), code: z.string(), message: z.string() })),
});

const range = z.string().describe("Address range");
export const agentConfigSchema = z.object({
  version: z.string(),
  enabled: z.boolean(),
  networks: z.array(
    z.object({
      id: z.string(),
      ranges: z.array(range),
      egress: z.array(
        z.object({
          id: z.string(),
          ranges: z.array(range).describe("The virtual ones, too"),
          behind_reporter: z
            .boolean()
            .optional()
            .describe("The agent's node is one of those that lead there. Left out: the inventory does not tell"),
        }),
      ),
      members: z.array(z.string()).describe("Addresses of users' devices and config files"),
      names: z.enum(["off", "second-level", "full"]).optional().describe("Of this network; left out: as in capture"),
      enabled: z.literal(false).optional().describe("False: flows of this network are not reported. Left out: they are"),
    }),
  ),
  capture: z.object({
    icmp: z.boolean(),
    dns: z.boolean(),
    names: z.enum(["off", "second-level", "full"]),
    denied: z.boolean(),
    process: z.boolean(),
  }),
  update_interval_s: z.number(),
  flush_interval_ms: z.number(),
  exclude: z.array(range),
  excluded: z
    .array(z.object({ reason: z.enum(EXCLUDE_REASONS), ranges: z.array(range).readonly() }))
    .readonly()
    .describe("What the inventory makes of users, groups and nodes that are excluded"),
  exclude_domains: z.array(z.string()).readonly(),
});

export const tokenSchema = z.object({
  id: z.string(),
  kind: z.enum(["agent", "api", "enrol", "session", "signin"]),
  name: z.string(),
  node: z.string().nullable().describe("The node that an agent's token speaks for"),
  ...grantJsonFields,
  account: z.string().nullable().describe("Name of the account whose session or link it is"),
  machine: z.boolean().describe("The one that the server keeps for the command line of its own machine"),
  created: time,
  expires: time.nullable(),
  spent: time.nullable(),
  revoked: time.nullable(),
});

export const newTokenSchema = z.strictObject({
  kind: z.enum(["agent", "api", "signin"]),
  node: z
    .string()
    .regex(/^[\w.:@-]{1,128}$/, "expected letters, digits and . : @ _ -, at most 128")
    .optional()
    .describe("Needed for an agent: id or name of its node"),
  name: z.string().min(1).max(128).optional().describe("What it is for"),
  ...grantFields,
  role: grantFields.role.optional().describe("Of a program, kind api. Left out: admin"),
  expires: time.optional().describe("Of a program: when it ends. Left out: never"),
});

export const createdTokenSchema = tokenSchema.extend({
  token: z.string().describe("The secret, shown this once"),
  link: z.string().optional().describe("Of a one-time sign-in: opens the page, signed in"),
});

export const localAgentSchema = z.strictObject({
  state: z.enum(["running", "no_privileges", "failed"]),
  message: z.string().max(2000).nullable().describe("Why nothing is captured on the server's own machine, and what to do"),
});

export const sampleSchema = z.object({ on: z.boolean() });

export const healthSchema = z.object({
  status: z.enum(["ok", "unavailable"]),
  version: z.string().optional(),
  started: time.optional(),
  listeners: z.record(z.string(), z.string()).optional(),
  store: z
    .object({
      up: z.boolean(),
      error: z.string().nullable(),
      rows: z.number().nullable(),
      bytes: z.number().nullable().describe("On disk"),
      waiting_rows: z.number(),
      engine: z
        .object({ state: z.string(), restarts: z.number(), last_error: z.string().nullable() })
        .nullable()
        .describe("Null with a ClickHouse of the operator's"),
      retention: storeReportSchema
        .nullable()
        .describe("What is kept, how much room it takes, what goes next. Null: the store is away"),
      rollups: z
        .object({
          computed: z.number().describe("Statements that computed buckets, since the start of this server"),
          failures: z.number(),
          last_error: z.string().nullable(),
          pending: z.number().describe("Hours and days that rows came late for, and that are not computed again yet"),
          behind_ms: z.number().describe("How far behind what is over the slowest one is"),
          through: time.nullable().describe("All minutes and hours before are computed; charts ask the rows for what is newer"),
          late_deltas: z
            .number()
            .describe(
              "Reports that came for days whose deltas had been deleted, since the start of this server: they are added to the sums that charts read",
            ),
        })
        .describe("What charts and top lists are read from"),
    })
    .optional(),
  ingest: z
    .object({
      batches: z.number(),
      rows: z.number(),
      duplicate_rows: z.number(),
      rejected: z.record(z.string(), z.number()),
      rows_per_second: z.number().describe("Within the last minute"),
      write_rows: z.number().nullable().describe("Rows that are written together, lately"),
      write_ms: z.number().nullable().describe("Time that such a write takes, lately"),
    })
    .optional()
    .describe("Counts since the start of this server"),
  slow_questions: z
    .array(
      z.object({
        time,
        table: z.string().describe("What is mainly read"),
        ms: z.number(),
        rows_read: z.number(),
      }),
    )
    .optional()
    .describe("Questions to the store that took a second and more, of the last hour: those that took longest"),
  agents: z
    .array(
      z.object({
        reporter_id: z.string(),
        reporter: z.string(),
        id: z.string().describe("Same as reporter_id"),
        name: z.string().describe("Same as reporter"),
        version: z.string().nullable(),
        last_seen: time,
        silent: z.boolean().describe("Nothing was heard for three update intervals"),
        off_by_settings: z.boolean().describe("It records nothing, since it is told so"),
        covered_from: time.nullable().describe("Beginning of what it covers, as far as it is known here"),
        covered_to: time.nullable(),
        lag_ms: z.number().nullable(),
        spool: z.object({ batches: z.number(), bytes: z.number() }),
        clock_skew_ms: z.number().nullable(),
        rows: z.number(),
        rows_per_second: z.number().describe("Within the last minute"),
        rejected: z.number(),
        drops: z.record(z.string(), z.number()),
        gauges: z.record(z.string(), z.number()),
        addresses: z.record(z.string(), z.array(z.string())),
        lost_batches: z.array(z.object({ epoch: z.string(), from: z.number(), to: z.number(), noticed: time })),
      }),
    )
    .optional()
    .describe("Counts are of the time since this server started, and of the 24 hours before"),
  reelections: z
    .object({
      pending: z.number().describe("Stretches of time of which the primary reports are still to be elected again"),
      done: z.number().describe("Since the start of this server"),
      rows_changed: z.number(),
      last_error: z.string().nullable(),
    })
    .optional()
    .describe("An agent was dead, is gone, or came back: others' reports of that time are elected again"),
  netmaker: z
    .object({
      address: z.string().nullable(),
      tls: z.boolean(),
      warning: z.string().nullable().describe("What is to be known of who may report"),
      certificate_problem: z
        .string()
        .nullable()
        .describe("Why the certificate in its file is not in force, or that it ends soon"),
      streams: z.number().describe("Agents that are connected"),
      envelopes: z.number(),
      events: z.number().describe("That were stored"),
      rejected: z.record(z.string(), z.number()).describe("Events, by code"),
      refused_envelopes: z.number().describe("Answered with a failure: the store could not take them"),
      held_envelopes: z.number().describe("Answered late, since the store could not take them at first"),
      slowed_envelopes: z.number().describe("Answered late, since their host sends more than it may"),
      not_allowed: z.number().describe("Requests from addresses that are not allowed"),
      dialects: z.record(z.string(), z.number()).describe("Events by the version whose numbering they have"),
      forward: z
        .object({ forwarded: z.number(), dropped: z.number(), last_error: z.string().nullable() })
        .nullable()
        .describe("Events that were passed on to Netmaker's own collector. Null: none are"),
    })
    .nullable()
    .optional()
    .describe("The door for Netmaker's own agents, since the start of this server. Null: it is off"),
  tls: z
    .object({
      names: z.array(z.string()).readonly(),
      expires: time,
      loaded: time,
      problem: z.string().nullable().describe("Why what is in the files now is not in force, or that it ends soon"),
    })
    .nullable()
    .optional()
    .describe("Certificate of the main listener. Null: it has none"),
  unknown_relays: z
    .array(z.object({ reporter_id: z.string(), reporter: z.string(), rows: z.number(), last_seen: time }))
    .optional()
    .describe(
      "Forwarders whose reports count although the inventory does not know that they are on the way: two on one way would count twice. Name them " +
        "as the gateway, via or relay of the nodes whose traffic they carry",
    ),
  inventory: inventoryHealthSchema.optional(),
  audit: z
    .object({
      waiting: z.number().describe("Entries that wait for the store"),
      dropped: z.number().describe("Entries that were too many for that, since the server started"),
      problem: z.string().nullable(),
    })
    .optional()
    .describe("The audit log"),
  sinks: z
    .array(
      z.object({
        id: z.string(),
        name: z.string(),
        kind: z.string(),
        state: z.enum(["starting", "running", "trouble", "paused", "silent"]),
        lag_ms: z.number().describe("Age of the oldest record that waits"),
        waiting: z.number().nullable().describe("Records that wait, at most"),
        per_second: z.number(),
        of_retention: z.number().nullable().describe("Share of the time that flows are kept for that the lag has reached"),
        lost: z.number().describe("Records that retention deleted before they were handed over, at most"),
        parked: z.number().describe("Records that the endpoint refuses"),
        error: z.string().nullable(),
        advice: z.string().nullable(),
      }),
    )
    .nullable()
    .optional()
    .describe("Where records are handed to; null: could not be asked for"),
  recipients: z
    .array(
      z.object({
        id: z.string(),
        name: z.string(),
        kind: z.string(),
        enabled: z.boolean(),
        waiting: z.number().describe("What it is still to be told"),
        parked: z.number().describe("What it could not be told"),
        last_sent: time.nullable(),
        last_error: z.object({ time, message: z.string() }).nullable(),
        failing: z.boolean().describe("What was sent last failed"),
      }),
    )
    .nullable()
    .optional()
    .describe("Who is told of alerts; null: could not be asked for"),
  alerts: z
    .object({
      evaluates: z.boolean().describe("False: another server looks"),
      rules_on: z.number(),
      rules_failing: z.number(),
      rules_stopped: z.number().describe("They failed or were too dear again and again"),
      lag_ms: z.number().describe("How late the rule is that waits longest"),
      last_error: z.string().nullable(),
      file_problem: z.string().nullable().describe("Why alerts.rules_file is not in force as it is"),
    })
    .nullable()
    .optional()
    .describe("How alert rules do on this server"),
  local_agent: localAgentSchema.nullable().optional().describe("What `flowtrail up` says of the agent beside this server"),
  sample: z.boolean().optional().describe("Sample traffic is being made"),
  insecure: z.boolean().optional(),
});
