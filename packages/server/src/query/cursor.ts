/** The place where the next page begins. It freezes relative times, so that "the last hour" does not move while one pages through it. */
import { parseFlowId, type TimeRange } from "@flowtrail/model";
import { z } from "zod";
import { QueryError } from "./errors.ts";
import type { FlowKey } from "./sql.ts";

export interface Cursor {
  readonly range: TimeRange;
  readonly after: FlowKey;
}

const time = z.number().int().min(0).max(8e15);
const schema = z.tuple([
  z.literal(1),
  time,
  time,
  time,
  z.string().refine((text) => parseFlowId(text) !== null),
  z.string().max(1024),
]);

export function writeCursor({ range, after }: Cursor): string {
  const content: z.infer<typeof schema> = [1, range.fromMs, range.toMs, after.startMs, after.flowId, after.reporterId];
  return Buffer.from(JSON.stringify(content)).toString("base64url");
}

/** @throws QueryError */
export function readCursor(text: string): Cursor {
  const result = schema.safeParse(parseJson(Buffer.from(text, "base64url").toString()));
  if (!result.success) {
    throw new QueryError([{ parameter: "cursor", message: "not one of this server's cursors: leave it out to begin again" }]);
  }
  const [, fromMs, toMs, startMs, flowId, reporterId] = result.data;
  return { range: { fromMs, toMs }, after: { startMs, flowId, reporterId } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // refused by the schema
  }
}
