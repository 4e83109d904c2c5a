import { z } from "zod";

export const otlpConfig = z.strictObject({ kind: z.literal("otlp") });
