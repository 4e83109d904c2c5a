/** Rows of a Netmaker server's own flow log, brought by `flowtrail import netmaker`. */
import { NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import { z } from "zod";
import { decompress } from "../../receive/body.ts";
import { ReceiveError } from "../../receive/errors.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema } from "../errors.ts";

const count = z.number().int();
const answerSchema = z.object({
  stored: count.describe("Flows"),
  unfinished: count.describe("Of these, those of which the end is not known: they are `lost` until it comes with later rows"),
  already: count.describe("Rows of flows that are in the store"),
  joined: count.describe("Rows that are told with another row of their flow"),
  rejected: z.array(z.object({ row: count.describe("From 0"), code: z.string(), message: z.string() })),
});

const querySchema = z.strictObject({
  dry_run: z.enum(["true", "false"]).default("false").describe("true: store nothing, and answer the same"),
});

export function netmakerImportRoutes(api: Api, { config, netmakerImport }: ApiContext): void {
  api.register((uploads, _options, done) => {
    uploads.removeAllContentTypeParsers();
    uploads.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: config.ingest.max_body }, (_request, body, parsed) =>
      parsed(null, body),
    );
    uploads.route({
      method: "POST",
      url: "/api/import/netmaker",
      config: { access: "admin", audit: "import.netmaker" },
      bodyLimit: config.ingest.max_body,
      schema: {
        summary: "Store rows of Netmaker's own flow log",
        description:
          "NDJSON of the rows of its `GET /api/v1/flows`, or of its table, of any hosts. Answered when they are durable. The same rows may come any " +
          "number of times. Older ones first, so that START and DESTROY of a flow find each other.",
        tags: ["netmaker"],
        consumes: [NDJSON_CONTENT_TYPE],
        querystring: querySchema,
        response: { 200: answerSchema, 400: errorSchema, 401: errorSchema, 413: errorSchema, 503: errorSchema },
      },
      handler: async ({ body, headers, query }) => {
        const given = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
        const bytes = await decompress(given, headers["content-encoding"], config.ingest.max_batch);
        const answer = await netmakerImport.take(rowsOf(bytes, config.ingest.max_rows), {
          dryRun: querySchema.parse(query).dry_run === "true",
        });
        return { ...answer, rejected: [...answer.rejected] };
      },
    });
    done();
  });
}

function rowsOf(bytes: Uint8Array, maxRows: number): unknown[] {
  const lines = new TextDecoder()
    .decode(bytes)
    .split("\n")
    .filter((line) => line.trim() !== "");
  if (lines.length > maxRows)
    throw new ReceiveError({ code: "TOO_LARGE", what: "rows", limit: maxRows }, `more than ${maxRows} rows`);
  return lines.map((line) => {
    try {
      return JSON.parse(line) as unknown;
    } catch {
      return null; // refused as a row
    }
  });
}
