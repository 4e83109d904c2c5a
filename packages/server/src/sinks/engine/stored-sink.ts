/** A sink as the settings keep it: what a person set, when it was made, and its secrets, sealed. */
import { z } from "zod";
import type { Setting } from "../../store/settings/settings-log.ts";
import { sinkSchema } from "../sink-config.ts";

const storedSchema = z.object({
  created_ms: z.number(),
  sink: sinkSchema,
  secrets: z.record(z.string(), z.string()),
});

export interface StoredSink extends z.infer<typeof storedSchema> {
  readonly id: string;
  /** Another one for each change. */
  readonly version: number;
  /** A place belongs to the sink that was made then: one of the same name that is made later begins anew. */
  readonly created_ms: number;
}

/** Null: it was deleted, or a newer program's. */
export function storedSink({ name, id, version, value }: Setting): StoredSink | null {
  if (name !== "sink") return null;
  const read = storedSchema.nullable().safeParse(JSON.parse(value));
  return read.success && read.data !== null ? { ...read.data, id, version } : null;
}

export function storedValue({ created_ms, sink, secrets }: Pick<StoredSink, "created_ms" | "sink" | "secrets">): string {
  return JSON.stringify({ created_ms, sink, secrets });
}
