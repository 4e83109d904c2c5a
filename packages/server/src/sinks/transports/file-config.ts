import { z } from "zod";

export const fileConfig = z.strictObject({ kind: z.literal("file") });
