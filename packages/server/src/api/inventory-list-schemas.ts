/** What the list of nodes, users, … with their traffic takes and gives. */
import { z } from "zod";
import { explainParameter, metaSchema } from "./ask.ts";
import { amount } from "./chart-schemas.ts";
import { entityKind } from "./inventory-schemas.ts";
import { time } from "./time-schema.ts";

export const listQuerySchema = z.strictObject({
  kind: entityKind,
  network: z.string().max(256).optional().describe("Id of a network. Left out: all but the sample one"),
  from: z.string().default("-15m").describe("Relative (-15m, now-1h) or RFC 3339"),
  to: z.string().default("now").describe("Relative or RFC 3339; not in the range itself"),
  limit: z.coerce.number().int().min(1).max(10_000).default(5000).describe("Those with most bytes first"),
  explain: explainParameter,
});

const texts = z.array(z.string()).readonly();

export const listSchema = z.object({
  step_ms: z.number().int(),
  first_step: time.describe("Beginning of the first step of series"),
  entities: z.array(
    z.object({
      name: z.string().describe("As rows have it; networks by their id"),
      networks: texts,
      addresses: texts.describe("Addresses, or the ranges of what is a range"),
      devices: texts,
      groups: texts,
      tags: texts,
      via: texts.describe("Nodes that carry its traffic"),
      gateway: z.boolean(),
      known: z.boolean().describe("The inventory has it now. False and not removed: flows or an agent alone tell of it"),
      since: time.nullable().describe("When it became known; null: it always was, or nobody tells"),
      removed: time.nullable().describe("When the inventory ceased to have it"),
      members: z
        .object({ nodes: z.number(), users: z.number(), config_files: z.number(), egress: z.number(), agents: z.number() })
        .nullable()
        .describe("Of networks"),
      agent: z
        .object({
          version: z.string().nullable(),
          last_seen: time,
          silent: z.boolean(),
          off_by_settings: z.boolean().describe("It records nothing, since it is told so"),
        })
        .nullable()
        .describe("Of nodes whose agent was heard of in the last 24 hours"),
      bytes: amount.describe("Of flows with it at either end, of networks of all flows. Of primary reports, when they flowed"),
      connections: amount.describe("That began in the range"),
      series: z.array(amount).readonly().describe("Bytes of each step; empty: none"),
    }),
  ),
  total: z.number().describe("Those that limit left out count, too"),
  estimated: z
    .boolean()
    .describe("Some bytes were not measured when they flowed but spread evenly over the lives of their flows"),
  meta: metaSchema,
});
