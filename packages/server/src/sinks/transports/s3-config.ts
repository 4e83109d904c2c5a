import { z } from "zod";
import { endpointShape } from "./http-config.ts";

/** The secrets are `secret_access_key` and, of temporary credentials, `session_token`. */
export const s3Config = z.strictObject({
  kind: z.literal("s3"),
  /** Without the bucket, such as https://s3.eu-central-1.amazonaws.com. */
  url: endpointShape.url,
  region: z.string().min(1).max(100).default("us-east-1"),
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
  /** Before the names of all objects. */
  prefix: z
    .string()
    .max(500)
    .regex(/^[\w.=/-]*$/)
    .default("flowtrail"),
  /** `bucket` in the path of URLs, as most servers but Amazon's want it; else in the name of the host. */
  path_style: z.boolean().default(true),
  access_key_id: z.string().min(1).max(200),
  /** How long an object waits for more records, and how many it has at most. */
  linger_s: z.number().int().min(0).max(3600).default(60),
  max_events: z.number().int().min(1).max(50_000).default(20_000),
  timeout_s: endpointShape.timeout_s,
  ca_file: endpointShape.ca_file,
});
export type S3Config = z.infer<typeof s3Config>;
