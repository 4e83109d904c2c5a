import { z } from "zod";

/** Files with rotation, below `sinks/<id of the sink>` of the data directory: who may set up a sink may not write elsewhere on the machine. */
export const fileConfig = z.strictObject({
  kind: z.literal("file"),
  /** A file is complete when it has so many bytes, or is that old. */
  max_bytes: z.number().int().min(10_000).max(10_000_000_000).default(100_000_000),
  max_age_s: z.number().int().min(10).max(604_800).default(3600),
  /** Complete files that are kept; older ones are deleted. */
  keep: z.number().int().min(1).max(100_000).default(168),
  /** Complete files are compressed. */
  gzip: z.boolean().default(true),
});
export type FileConfig = z.infer<typeof fileConfig>;
