/** What the filter language says of a text, for whoever writes one. */
import { FilterError, parseFilter, printFilter } from "@flowtrail/model";
import { z } from "zod";
import type { Api } from "../context.ts";
import { errorSchema } from "../errors.ts";
import { checkedFilterSchema } from "../filter-schemas.ts";

export function filterRoutes(api: Api): void {
  api.route({
    method: "GET",
    url: "/api/filter/check",
    config: { access: "api" },
    schema: {
      summary: "Is a text a filter?",
      tags: ["flows"],
      querystring: z.strictObject({ q: z.string().describe("The text. Empty: the filter that all rows pass") }),
      response: { 200: checkedFilterSchema, 400: errorSchema, 401: errorSchema },
    },
    handler: (request) => {
      try {
        return { ok: true as const, canonical: printFilter(parseFilter(request.query.q)) };
      } catch (error) {
        if (!(error instanceof FilterError)) throw error;
        const { code, offset, length, expected } = error.data;
        const details = { offset, length, expected: [...expected] };
        return { ok: false as const, error: { code, message: error.message, details } };
      }
    },
  });
}
