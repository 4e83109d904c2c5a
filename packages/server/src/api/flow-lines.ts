/** A page of flows line by line, as they are found: whoever looks for something rare sees the first ones before all are there. */
import { Readable } from "node:stream";
import { NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import type { FastifyBaseLogger, FastifyRequest } from "fastify";
import { writeCursor } from "../query/cursor.ts";
import type { FlowList, PagePlaces } from "../query/flow-list.ts";
import type { FlowListQuery, ListPlace } from "../query/flow-list-order.ts";
import type { Inquiry } from "../query/inquiry.ts";
import { apiError } from "./errors.ts";

export function wantsLines({ headers }: FastifyRequest): boolean {
  return headers.accept?.split(",").some((type) => type.trim().split(";")[0] === NDJSON_CONTENT_TYPE) ?? false;
}

/** The places where a page's neighbours begin, as a client gives them back. */
export function toldPlaces({ range, sort, order }: FlowListQuery, { next, prev, note }: PagePlaces) {
  const cursor = (place: ListPlace | null) => place && writeCursor({ range, sort, order, place });
  return { next: cursor(next), prev: cursor(prev), note };
}

/**
 * Resolves when the first rows are there, so that what goes wrong until then is told as with any answer. Later it is the last line.
 * @throws StoreError
 */
export async function pageLines(
  flows: FlowList,
  query: FlowListQuery,
  inquiry: Inquiry,
  log: FastifyBaseLogger,
): Promise<Readable> {
  const rows = flows.stream(query, inquiry);
  const first = await rows.next();
  return Readable.from(lines(first, rows, { query, inquiry, log }), { objectMode: false });
}

type Rows = ReturnType<FlowList["stream"]>;

interface Asked {
  readonly query: FlowListQuery;
  readonly inquiry: Inquiry;
  readonly log: FastifyBaseLogger;
}

async function* lines(first: Awaited<ReturnType<Rows["next"]>>, rows: Rows, { query, inquiry, log }: Asked) {
  try {
    for (let part = first; ; part = await rows.next()) {
      if (part.done) {
        yield line({ ...toldPlaces(query, part.value), meta: inquiry.meta });
        return;
      }
      yield part.value.map(line).join("");
    }
  } catch (error) {
    if (inquiry.signal.aborted) return;
    const { status, code, message, details } = apiError(error);
    if (status >= 500) log.error({ err: error }, "a page of flows broke off");
    yield line({ error: { code, message, ...(details === undefined ? {} : { details }) } });
  }
}

const line = (value: unknown) => `${JSON.stringify(value)}\n`;
