/** All flows of a question as one file. */
import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { printFilter } from "@flowtrail/model";
import { z } from "zod";
import { nameOf } from "../../export/columns.ts";
import { type ExportProgress, exportFlows } from "../../export/export.ts";
import { FORMATS, SPECS } from "../../export/formats.ts";
import type { ExportQuery } from "../../export/part-sql.ts";
import { whenGone } from "../abort.ts";
import { askerOf, capsFor } from "../ask.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema } from "../errors.ts";
import { exportFileName, exportQueryOf } from "../export-params.ts";
import { filterParameters } from "../schemas.ts";

const querySchema = z.strictObject({
  format: z.enum(FORMATS).default("csv").describe("csv: RFC 4180. ndjson: a row of GET /api/flows a line. parquet: one file"),
  from: z.string().default("-15m").describe("Relative (-15m, now-1h) or RFC 3339. A flow is in the range if it was active in it"),
  to: z.string().default("now").describe("Relative or RFC 3339; not in the range itself"),
  columns: z
    .string()
    .max(4096)
    .optional()
    .describe(
      "Names with commas in between, as in a row (src_name) or in a filter (src.name), in this order; left out: all. `cursor`: the place " +
        "to go on from behind a row",
    ),
  cursor: z
    .string()
    .max(2048)
    .optional()
    .describe(
      "Of the last row that is there: goes on behind it, without a header line. It holds the range: from and to are not looked at",
    ),
  ...filterParameters,
});

/** A reader that takes nothing for so long is gone without a word, or waits for a person: others want its turn. `--resume` goes on. */
const STALLED_MS = 180_000;

/** @param stalledMs a reader that takes nothing for so long loses its turn */
export function exportRoutes(
  api: Api,
  context: Pick<ApiContext, "desk" | "roster" | "now" | "config">,
  stalledMs = STALLED_MS,
): void {
  const { desk, roster, now } = context;
  api.route({
    method: "GET",
    url: "/api/flows/export",
    // It would make all of it, to throw it away.
    exposeHeadRoute: false,
    config: { access: "read", audit: { action: "export.flows", as: "export" }, quota: "exports" },
    schema: {
      summary: "Flows as a file, newest start first, each report once",
      description:
        "Any number of rows. A file is complete if the transfer ended without an error: where something goes wrong, the connection is closed in the " +
        "middle of it. In CSV, texts that a spreadsheet would take for a formula begin with an apostrophe.",
      tags: ["flows"],
      querystring: querySchema,
      produces: FORMATS.map((format) => SPECS[format].contentType),
      response: { 400: errorSchema, 401: errorSchema, 422: errorSchema, 503: errorSchema },
    },
    handler: async (request, reply) => {
      const query = exportQueryOf(request, request.query, now());
      const signal = whenGone(reply);
      const who = askerOf(request);
      const store = await desk.exportedBy(who, capsFor(request, context), signal);
      const began = performance.now();
      const progress: ExportProgress = { rows: 0, complete: false };
      let bytes = 0;
      request.audited.target = query.format;
      request.audited.details.flows = told(query);
      request.audited.result = () => ({ rows: progress.rows, bytes, complete: progress.complete && !signal.aborted });
      let isOver = false;
      const end = () => {
        if (isOver) return;
        isOver = true;
        store.end();
        const ms = Math.round(performance.now() - began);
        request.log.info(
          { who, ...told(query), rows: progress.rows, ms, complete: progress.complete && !signal.aborted },
          "export of flows",
        );
      };
      async function* counted(parts: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
        for await (const part of parts) {
          bytes += part.length;
          yield part;
        }
      }
      // The answer is through, or whoever asked is gone.
      reply.raw.once("close", end);
      try {
        signal.throwIfAborted();
        const parts = exportFlows(query, { store, heard: roster, progress });
        // What goes wrong until the first part is there, is told as with any other request. Later it breaks the transfer.
        const { value: first = Buffer.alloc(0) } = await parts.next();
        reply.header("cache-control", "no-store");
        reply.header("content-disposition", `attachment; filename="${exportFileName(query)}"`);
        endStalled(reply.raw, stalledMs);
        return reply
          .type(SPECS[query.format].contentType)
          .send(Readable.from(counted(beginningWith(first, parts)), { objectMode: false }) as never);
      } catch (error) {
        end();
        throw error;
      }
    },
  });
}

/** Breaks an answer off of which nothing was taken for so long. While there is nothing to take, its reader is not to blame. */
function endStalled(answer: ServerResponse, stalledMs: number): void {
  answer.setTimeout(stalledMs, () => {
    if (answer.writableLength > 0) answer.destroy();
  });
}

async function* beginningWith(first: Buffer, rest: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

/** For the log: what was taken out, in words that can be asked again. */
function told({ format, range, filter, columns, after }: ExportQuery) {
  return {
    format,
    from: new Date(range.fromMs).toISOString(),
    to: new Date(range.toMs).toISOString(),
    filter: printFilter(filter),
    columns: columns?.map(nameOf) ?? "all",
    resumed: after !== null,
  };
}
