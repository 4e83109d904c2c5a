import { z } from "zod";

export const s3Config = z.strictObject({ kind: z.literal("s3") });
