import { z } from "zod";
import { authShape, endpointShape } from "./http-config.ts";

/** OTLP over HTTP: the URL ends in /v1/logs, as a rule. */
export const otlpConfig = z.strictObject({ kind: z.literal("otlp"), ...endpointShape, ...authShape });
export type OtlpConfig = z.infer<typeof otlpConfig>;
