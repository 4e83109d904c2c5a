/** Reading the audit log. Nothing here, or anywhere, changes an entry. */
import { Readable } from "node:stream";
import type { z } from "zod";
import { QueryError } from "../../query/errors.ts";
import type { AuditQuery } from "../../store/audit-table.ts";
import { CSV_HEAD, csvLine, cursorOf, cursorText, entryJson } from "../audit-json.ts";
import { auditExportSchema, auditQuerySchema, auditSchema } from "../audit-schemas.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema } from "../errors.ts";
import { momentOf } from "../flow-params.ts";

const tags = ["audit"];
const errors = { 400: errorSchema, 401: errorSchema, 403: errorSchema, 503: errorSchema };
const PART = 1000;

export function auditRoutes(api: Api, { auditTable, now }: Pick<ApiContext, "auditTable" | "now">): void {
  api.route({
    method: "GET",
    url: "/api/audit",
    config: { access: "audit", audit: { action: "audit.read", as: "search" } },
    schema: {
      summary: "Who did what: sign-ins, changes, exports, what was searched, what was refused. Newest first",
      description:
        "Entries are added and never changed. What is searched is told within a second, with `count` after five minutes; a change or an export " +
        "is there before it is done, and `status` is null until it is over. Reading this is an entry, too.",
      tags,
      querystring: auditQuerySchema,
      response: { 200: auditSchema, ...errors },
    },
    handler: async ({ query: { limit, ...asked } }, reply) => {
      // One more tells whether there is a next page.
      const found = await auditTable.list({ ...queryOf(asked, now()), limit: limit + 1 });
      const entries = found.slice(0, limit);
      const last = entries.at(-1);
      reply.header("cache-control", "no-store");
      return { entries: entries.map(entryJson), next: found.length > limit && last !== undefined ? cursorText(last) : null };
    },
  });

  api.route({
    method: "GET",
    url: "/api/audit/export",
    // It would make all of it, to throw it away.
    exposeHeadRoute: false,
    config: { access: "audit", audit: { action: "export.audit", as: "export" } },
    schema: {
      summary: "The audit log as a file, newest first",
      description:
        "It is complete if the transfer ended without an error. `cursor` goes on behind an entry (its time in ms, a dot, its id).",
      tags,
      querystring: auditExportSchema,
      produces: ["text/csv", "application/x-ndjson"],
      response: errors,
    },
    handler: async (request, reply) => {
      const { format, ...asked } = request.query;
      const query = queryOf(asked, now());
      const progress = { rows: 0, bytes: 0, complete: false };
      request.audited.target = format;
      request.audited.result = () => progress;
      const first = await auditTable.list({ ...query, limit: PART });
      async function* lines(): AsyncGenerator<Buffer> {
        let head = format === "csv" && asked.cursor === undefined ? CSV_HEAD : "";
        for (let part = first; ; ) {
          const text = part
            .map((entry) => (format === "csv" ? csvLine(entry) : `${JSON.stringify(entryJson(entry))}\n`))
            .join("");
          const bytes = Buffer.from(head + text);
          head = "";
          progress.rows += part.length;
          progress.bytes += bytes.length;
          if (bytes.length > 0) yield bytes;
          const after = part.at(-1);
          if (part.length < PART || after === undefined) break;
          part = await auditTable.list({ ...query, after, limit: PART });
        }
        progress.complete = true;
      }
      const { fromMs, toMs } = query;
      const time = (ms: number) => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, "");
      reply.header("cache-control", "no-store");
      reply.header("content-disposition", `attachment; filename="flowtrail-audit-${time(fromMs)}-${time(toMs)}.${format}"`);
      const type = format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson";
      return reply.type(type).send(Readable.from(lines(), { objectMode: false }) as never);
    },
  });
}

type Asked = Omit<z.infer<typeof auditQuerySchema>, "limit">;

/** @throws QueryError, RouteError */
function queryOf({ from, to, who, action, q, cursor }: Asked, nowMs: number): Omit<AuditQuery, "limit"> {
  // What is noted in this very millisecond belongs to it.
  const [fromMs, toMs] = [momentOf("from", from, nowMs), momentOf("to", to, nowMs + (to === "now" ? 1 : 0))];
  if (toMs <= fromMs) throw new QueryError([{ parameter: "to", message: "is not after from" }]);
  return { fromMs, toMs, who, actions: action?.split(","), text: q, after: cursor === undefined ? undefined : cursorOf(cursor) };
}
