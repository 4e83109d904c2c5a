/** What the routes about charts take and give. */
import { z } from "zod";
import { OTHER, TOTAL } from "../query/histogram.ts";
import { MOST_EDGES, MOST_NODES } from "../query/pairs.ts";
import { MOST_FIELDS, RANKS } from "../query/top.ts";
import { FOLDED_PORTS, GROUP_FIELDS } from "../query/traffic/fields.ts";
import { METRICS } from "../query/traffic/question.ts";
import { explainParameter, metaSchema } from "./ask.ts";
import { questionParameters } from "./schemas.ts";
import { time } from "./time-schema.ts";

// What counts is said by the metric.
const { reports: _, ...question } = questionParameters;
const fields = GROUP_FIELDS.map(({ name }) => name).join(", ");

const parameters = {
  ...question,
  from: z
    .string()
    .default("-15m")
    .describe("Relative (-15m, now-1h) or RFC 3339. Traffic is in the range if it flowed, or began, in it"),
};
const metric = z
  .enum(METRICS)
  .default("bytes")
  .describe(
    "bytes (IP bytes of both ends), packets: when they flowed. connections: that began. All of these of primary reports, so that nothing " +
      "counts twice. reports: all that began. rate: bytes per second",
  );
const previous = z
  .enum(["true", "false"])
  .default("false")
  .describe("Also the time of the same length before, moved by whole steps");

export const amount = z.union([z.number(), z.string().regex(/^\d+$/)]).describe("A string above 2^53");
const estimated = z
  .boolean()
  .describe("Some bytes or packets were not measured when they flowed but spread evenly over the lives of their flows");
const value = z
  .string()
  .nullable()
  .describe(
    `As the filter language reads it; null: without a value. Ports above are one, ${FOLDED_PORTS}, where a rollup answers`,
  );

export const histogramQuerySchema = z.strictObject({
  ...parameters,
  group: z.string().max(100).optional().describe(`One of ${fields}. Left out or empty: one series`),
  metric,
  buckets: z.coerce.number().int().min(1).max(1000).default(120).describe("Most steps of an answer"),
  limit: z.coerce.number().int().min(1).max(50).default(8).describe(`Most groups besides ${OTHER}`),
  previous,
});

const series = z.array(z.array(amount)).describe("For each group, in their order, one value for each step");

export const histogramSchema = z.object({
  step_ms: z
    .number()
    .int()
    .describe("Width of a step: 1, 2, 5, 10, 15 or 30 s or min; 1, 2, 3, 6 or 12 h; whole days. Aligned to UTC"),
  from: time.describe("Beginning of the first step. The first and the last step hold what is in the range only"),
  groups: z.array(value).describe(`The largest first; at the end ${OTHER} (if \`other\`). Without a group: ${TOTAL}`),
  other: z.boolean().describe(`There are more groups: the last of \`groups\` is what they have together`),
  series,
  gaps: z
    .array(z.object({ reporter: z.string(), reporter_id: z.string(), from: time, to: time }))
    .describe("When a reporter should have covered its flows and did not: less is told of that time. Of a second or more"),
  estimated,
  previous: z.object({ from: time, series }).optional().describe("The same groups in the time before, step by step"),
  meta: metaSchema,
});

const perSecond = "per second, over all steps of the range until now; one that the range cuts off counts with its whole width";
const statistics = {
  value: amount.describe("Total of the range. Of rate: the average per second"),
  share: z.number().min(0).max(1).describe("Of the total"),
  avg: z.number().describe("Per second, of the range until now"),
  min: z.number().describe(`Smallest step, ${perSecond}`),
  max: z.number().describe(`Largest step, ${perSecond}`),
  p95: z.number().describe(`95 of 100 steps have no more, ${perSecond}`),
  last: z.number().describe("Last whole step, per second"),
  previous: amount.optional().describe("`value` of the time before"),
  series: z.array(amount).optional().describe("With `buckets`: one value for each step, as a histogram has it"),
  previous_series: z.array(amount).optional().describe("The same of the time before, step by step"),
};

const by = z.union([z.string(), z.array(z.string())]).describe(`Up to ${MOST_FIELDS} of ${fields}, with commas between them`);
const buckets = z.coerce.number().int().min(1).max(1000).optional();

export const topQuerySchema = z.strictObject({
  ...parameters,
  by,
  metric,
  rank: z
    .enum(RANKS)
    .default("total")
    .describe("What the largest are chosen by: the total (as the average), or one of the figures per second, see the answer"),
  limit: z.coerce.number().int().min(1).max(100).default(10).describe("Most rows"),
  previous,
  buckets: buckets.describe("Also each row's values over time, in so many steps at most. Left out: none"),
});

export const topSchema = z
  .object({
    rows: z.array(z.object({ by: z.array(value), ...statistics })).describe("The largest first"),
    other: z
      .object({ ...statistics, groups: z.number().int().describe("How many are not told") })
      .describe("All that are not told"),
    total: amount.describe("The values of all rows and of `other` add up to it"),
    previous_total: amount.optional(),
    step_ms: z.number().int().describe("Width of the steps that min, max, p95, last and `series` are made of"),
    from: time.describe("Beginning of the first step"),
    estimated,
    meta: metaSchema,
  })
  .describe("avg, min, max, p95 and last are per second, whatever the metric is");

export const planQuerySchema = z.strictObject({
  ...parameters,
  by: by.optional(),
  metric,
  buckets: buckets.describe("As it will be asked for"),
});

export const planSchema = z.object({
  sources: z
    .array(z.object({ table: z.string(), ms: z.number().int().describe("Of the range") }))
    .describe("Tables that are read, the one of the longest stretch first"),
  rows_ms: z.number().int().describe("How much of the range no rollup answers for: it is read row by row"),
  known: z.boolean().describe("A rollup has all fields; not for all of the range, perhaps, or in such steps"),
  forced_by: z
    .array(z.string())
    .describe("No rollup knows the fields, but one would without any single one of these. Empty: one does, or none would"),
  step_ms: z.number().int().describe("Width of a step"),
  estimated,
  partial: z.boolean().describe("Some of the range is older than what is kept"),
});

export const pairsQuerySchema = z.strictObject({
  ...parameters,
  metric: z.enum(["bytes", "connections"]).default("bytes").describe("What the largest are chosen by"),
  limit: z.coerce.number().int().min(1).max(MOST_EDGES).default(MOST_EDGES).describe("Most edges"),
  externals: z
    .enum(["auto", "domain", "one"])
    .default("auto")
    .describe(
      "Ends without an owner: by their domain, or all of a type as one. auto: by domain, if no more than two hours of rows are read for it",
    ),
});

export const pairsSchema = z.object({
  nodes: z
    .array(
      z.object({
        id: z.string().describe("`type:` and the owner's id, or its name, or the domain; the type alone: all others of it"),
        name: z.string().nullable(),
        type: z.string(),
        bytes: amount.describe("Of its edges"),
      }),
    )
    .describe(`Up to ${MOST_NODES}`),
  edges: z
    .array(z.object({ from: z.string(), to: z.string(), bytes: amount, connections: amount }))
    .describe("From the source to the destination, the largest first"),
  cut: z.number().int().describe("Edges that are not told"),
  other: z.object({ bytes: amount, connections: amount }).describe("What they have together"),
  externals: z.enum(["domain", "one"]),
  estimated,
  meta: metaSchema,
});

export const timelineQuerySchema = z.strictObject({
  buckets: z.coerce.number().int().min(1).max(1000).default(240).describe("Most steps"),
  explain: explainParameter,
});

const sent = z.array(amount).describe("For each step. All together: the flow's counter");
export const timelineSchema = z.object({
  step_ms: z.number().int(),
  from: time.describe("Beginning of the first step"),
  src_bytes: sent,
  dst_bytes: sent,
  estimated: estimated.describe("Some of it was not measured step by step but is spread evenly"),
  meta: metaSchema,
});
