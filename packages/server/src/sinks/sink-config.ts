/** What a sink is told: kept in the settings as JSON, told by the API, all but its secrets. */
import { z } from "zod";
import { EVENT_KINDS } from "./ports.ts";
import { fileConfig } from "./transports/file-config.ts";
import { datadogConfig, elasticConfig, httpConfig, splunkConfig } from "./transports/http-config.ts";
import { otlpConfig } from "./transports/otlp-config.ts";
import { s3Config } from "./transports/s3-config.ts";
import { syslogConfig } from "./transports/syslog-config.ts";

const transportSchema = z.discriminatedUnion("kind", [
  httpConfig,
  splunkConfig,
  elasticConfig,
  datadogConfig,
  otlpConfig,
  syslogConfig,
  fileConfig,
  s3Config,
]);
export type TransportConfig = z.infer<typeof transportSchema>;

export const SINK_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** All that a person sets. */
export const sinkSchema = z.strictObject({
  name: z.string().trim().min(1).max(100),
  enabled: z.boolean().default(true),
  /** In the filter language; empty: all traffic. */
  q: z.string().max(4000).default(""),
  /** `opened` events are told from when they are asked for. */
  events: z.array(z.enum(EVENT_KINDS)).min(1).max(2).default(["ended"]),
  /** `primary`: the one report of each connection that counts in totals. */
  reports: z.enum(["primary", "all"]).default("primary"),
  /** Left out: the first that the transport takes. */
  format: z.string().max(40).optional(),
  transport: transportSchema,
});
export type SinkConfig = z.infer<typeof sinkSchema>;
