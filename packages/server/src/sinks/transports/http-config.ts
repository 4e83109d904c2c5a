/** Settings of the transports over HTTP. Times in seconds, sizes in bytes. */
import { z } from "zod";

/** Auditors are told it: who we are is asked for apart, and sealed. */
const url = z
  .string()
  .max(2000)
  .refine(
    isPlainUrl,
    "expected a URL that begins with http:// or https://, without a name and password in it: see auth and secrets",
  );

function isPlainUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
}

/** Paths of PEM files on the server. */
export const tlsShape = {
  ca_file: z.string().max(1000).optional(),
  cert_file: z.string().max(1000).optional(),
  key_file: z.string().max(1000).optional(),
};

export const endpointShape = {
  url,
  /** Sent along with each request; nothing secret belongs here. */
  headers: z
    .record(
      z.string().regex(/^[A-Za-z0-9-]{1,100}$/),
      z
        .string()
        .max(2000)
        .regex(/^[\t\x20-\x7e]*$/),
    )
    .default({}),
  gzip: z.boolean().default(true),
  timeout_s: z.number().int().min(1).max(300).default(30),
  max_events: z.number().int().min(1).max(10_000).default(1000),
  ...tlsShape,
};

/** How a request proves who we are; the secret is `secret`. */
export const authShape = {
  auth: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("none") }),
      z.strictObject({ kind: z.literal("bearer") }),
      z.strictObject({ kind: z.literal("basic"), user: z.string().max(200) }),
      /** Elastic. */
      z.strictObject({ kind: z.literal("api_key") }),
      z.strictObject({ kind: z.literal("header"), header: z.string().regex(/^[A-Za-z0-9-]{1,100}$/) }),
    ])
    .default({ kind: "none" }),
};

/** Any endpoint that takes lines or an array by POST or PUT. */
export const httpConfig = z.strictObject({
  kind: z.literal("http"),
  ...endpointShape,
  ...authShape,
  method: z.enum(["POST", "PUT"]).default("POST"),
  /** `lines`: one event each; `array`: a JSON array. */
  body: z.enum(["lines", "array"]).default("lines"),
});
export type HttpConfig = z.infer<typeof httpConfig>;

/** Splunk's HTTP event collector; the secret is `token`. */
export const splunkConfig = z.strictObject({
  kind: z.literal("splunk"),
  ...endpointShape,
  index: z.string().max(200).optional(),
  source: z.string().max(200).default("flowtrail"),
  sourcetype: z.string().max(200).default("flowtrail:flow"),
  host: z.string().max(200).optional(),
});
export type SplunkConfig = z.infer<typeof splunkConfig>;

/** Elasticsearch and OpenSearch. */
export const elasticConfig = z.strictObject({
  kind: z.literal("elastic"),
  ...endpointShape,
  ...authShape,
  /** An index, an alias or a data stream. */
  index: z
    .string()
    .regex(/^[^A-Z\s"*\\<>|,/?#:]{1,255}$/)
    .default("logs-flowtrail.flow-default"),
  /** `create` (all that a data stream takes): the first edition of a record stays. `index`: the newest one does. */
  op: z.enum(["create", "index"]).default("create"),
});
export type ElasticConfig = z.infer<typeof elasticConfig>;

/** Datadog's log intake; the secret is `api_key`. */
export const datadogConfig = z.strictObject({
  kind: z.literal("datadog"),
  ...endpointShape,
  url: url.default("https://http-intake.logs.datadoghq.com/api/v2/logs"),
  service: z.string().max(200).default("flowtrail"),
  source: z.string().max(200).default("flowtrail"),
  tags: z.string().max(1000).default(""),
});
export type DatadogConfig = z.infer<typeof datadogConfig>;
