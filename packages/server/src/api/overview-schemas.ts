/** What `GET /api/overview` takes and gives. */
import { z } from "zod";
import { metaSchema } from "./ask.ts";
import { amount, histogramQuerySchema, histogramSchema } from "./chart-schemas.ts";
import { time } from "./time-schema.ts";

export const overviewQuerySchema = histogramQuerySchema.omit({ previous: true, limit: true }).extend({
  group: z.string().max(100).default("src.type").describe("What the chart is divided by. Empty: one series"),
  buckets: z.coerce.number().int().min(1).max(1000).default(60).describe("Most steps of the chart"),
  limit: z.coerce.number().int().min(1).max(50).default(6).describe("Most rows of each list"),
});

const PREVIOUS = "In the time before, as long as what is over of the range (of three days and more, to the hour)";

const tile = (what: string) =>
  z
    .object({
      value: amount,
      previous: amount.describe(PREVIOUS),
      series: z.array(amount).describe("Step by step"),
    })
    .describe(what);

const share = z.number().min(0).max(1).describe("Of the total");
const list = z.object({
  rows: z
    .array(
      z.object({
        by: z.array(z.string().nullable()).describe("As the filter language reads it; null: without a value"),
        value: amount.describe("Total of the range. Of rate: the average per second"),
        share,
        previous: amount.describe(PREVIOUS),
      }),
    )
    .describe("The largest first"),
  other: z.object({ value: amount, share, groups: z.number().int() }).describe("All that are not told"),
  total: amount,
  estimated: z.boolean(),
});

export const overviewSchema = z.object({
  from: time.describe("Beginning of what was looked at: of a day and more, the whole hour"),
  to: time.describe("Its end, of a day and more rounded up to the hour: it may be still to come"),
  chart: histogramSchema.omit({ meta: true }).describe("As /api/flows/histogram tells it, with the time before"),
  tiles: z.object({
    throughput: tile("Bytes per second; `series`: bytes"),
    connections: tile("Connections that began, per second; `series`: connections"),
    externals: tile("Distinct domains outside of the network that there was traffic to"),
    denied: tile("Attempts that a firewall rule dropped: reports of it, one per tuple and minute"),
    unanswered: tile("Connections that got no answer"),
    open: z.number().int().describe("Connections that are open now, whatever the range is"),
    agents: z.object({
      reporting: z.number().int().describe("Of which something was heard within three update intervals"),
      known: z.number().int().describe("That reported within the last 24 hours"),
    }),
  }),
  top: z
    .object({
      nodes: list.describe("By `reporter`"),
      users: list.describe("By `src.name`, of sources of type user"),
      externals: list.describe("By `dst.domain`, of destinations outside of the network"),
      services: list.describe("By `dst.port` and `protocol`"),
    })
    .describe("The same totals as of /api/flows/top; high ports are one, as rollups have them"),
  new_externals: z
    .object({
      rows: z.array(z.object({ domain: z.string(), bytes: amount })).describe("The largest first"),
      more: z.number().int().describe("How many there are besides"),
      since: time
        .nullable()
        .describe("There was no traffic to them from then until the range. null: nothing is known from before"),
      complete: z.boolean().describe("False: only the 2,000 with most traffic were looked up"),
    })
    .describe("Domains that there was traffic to, but none in the 30 days before"),
  estimated: z.boolean(),
  meta: metaSchema,
});
