import { z } from "zod";
import { SYSLOG_FACILITIES } from "../../outgoing/syslog.ts";
import { tlsShape } from "./http-config.ts";

/** Messages of RFC 5424 over TCP or TLS, each behind its length. */
export const syslogConfig = z.strictObject({
  kind: z.literal("syslog"),
  host: z.string().min(1).max(255),
  port: z.number().int().min(1).max(65_535).default(6514),
  tls: z.boolean().default(true),
  facility: z.enum(SYSLOG_FACILITIES).default("local0"),
  /** Longer messages are parked: receivers would cut them. */
  max_message_bytes: z.number().int().min(480).max(1_000_000).default(16_384),
  timeout_s: z.number().int().min(1).max(300).default(30),
  max_events: z.number().int().min(1).max(10_000).default(500),
  ...tlsShape,
});
export type SyslogConfig = z.infer<typeof syslogConfig>;
