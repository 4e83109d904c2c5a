/** The place where the next page begins. It freezes relative times, so that "the last hour" does not move while one pages through it. */
import { parseFlowId, type TimeRange } from "@flowtrail/model";
import { z } from "zod";
import { QueryError } from "./errors.ts";
import { type ListOrder, type ListPlace, ORDERS, SORTS } from "./flow-list-order.ts";

/** Everything of a question about a list but its filter and its limit. */
export interface Cursor extends ListOrder {
  readonly range: TimeRange;
  readonly place: ListPlace;
}

const time = z.number().int().min(0).max(8e15);
const flowId = z.string().refine((text) => parseFlowId(text) !== null);
const reporterId = z.string().max(1024);
/** Newest first, onwards: all that there was. */
const first = z.tuple([z.literal(1), time, time, time, flowId, reporterId]);
const second = z.tuple([
  z.literal(2),
  time,
  time,
  z.enum(SORTS),
  z.enum(ORDERS),
  z.enum(["next", "prev"]),
  time,
  flowId,
  reporterId,
  // What it is sorted by, and the oldest start that is looked at.
  z
    .string()
    .regex(/^\d{1,20}$/)
    .nullable(),
  time.nullable(),
]);

export function writeCursor({ range, sort, order, place }: Cursor): string {
  const { key, toward, rank, looksFromMs } = place;
  const content: z.infer<typeof second> = [
    2,
    range.fromMs,
    range.toMs,
    sort,
    order,
    toward,
    key.startMs,
    key.flowId,
    key.reporterId,
    rank,
    looksFromMs,
  ];
  return Buffer.from(JSON.stringify(content)).toString("base64url");
}

/** @throws QueryError */
export function readCursor(text: string): Cursor {
  const content = parseJson(Buffer.from(text, "base64url").toString());
  const old = first.safeParse(content);
  if (old.success) {
    const [, fromMs, toMs, ...key] = old.data;
    const place = { key: keyOf(key), toward: "next", rank: null, looksFromMs: null } as const;
    return { range: { fromMs, toMs }, sort: "time", order: "desc", place };
  }
  const { data } = second.safeParse(content);
  // What a list is sorted by belongs to its place.
  if (data === undefined || (data[3] === "time") !== (data[9] === null)) {
    throw new QueryError([{ parameter: "cursor", message: "not one of this server's cursors: leave it out to begin again" }]);
  }
  const [, fromMs, toMs, sort, order, toward, startMs, flow, reporter, rank, looksFromMs] = data;
  return { range: { fromMs, toMs }, sort, order, place: { key: keyOf([startMs, flow, reporter]), toward, rank, looksFromMs } };
}

const keyOf = ([startMs, id, reporter]: readonly [number, string, string]) => ({ startMs, flowId: id, reporterId: reporter });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // refused by the schema
  }
}
