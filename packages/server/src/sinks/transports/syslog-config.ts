import { z } from "zod";

export const syslogConfig = z.strictObject({ kind: z.literal("syslog") });
