/** What the filter language says of a text, for whoever writes one. */
import { allFilters, completeFilter, FilterError, parseFilter, printFilter, spellValue } from "@flowtrail/model";
import { z } from "zod";
import { valuesOf } from "../../query/field-values.ts";
import { narrowed } from "../../query/narrowed.ts";
import { inquiryFor, scopeOf } from "../ask.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema } from "../errors.ts";
import { checkedFilterSchema, completeQuerySchema, completionSchema } from "../filter-schemas.ts";
import { filterOf, questionRangeOf } from "../flow-params.ts";

export function filterRoutes(api: Api, context: ApiContext): void {
  const { trafficSources, now } = context;
  api.route({
    method: "GET",
    url: "/api/filter/check",
    config: { access: "read", audit: false },
    schema: {
      summary: "Whether a text is a filter, and how Flowtrail writes it",
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

  api.route({
    method: "GET",
    url: "/api/filter/complete",
    config: { access: "read", audit: { action: "search.complete", as: "once" } },
    schema: {
      summary: "What could be written next in a filter",
      tags: ["flows"],
      querystring: completeQuerySchema,
      response: { 200: completionSchema, 400: errorSchema, 401: errorSchema, 422: errorSchema, 503: errorSchema },
    },
    handler: async (request, reply) => {
      const { q, at = q.length, from, to, network } = request.query;
      const range = questionRangeOf(from, to, now());
      const { value, suggestions, ...place } = completeFilter(q, Math.min(at, q.length));
      const known = suggestions.map((suggestion) => ({ ...suggestion, count: null as number | null }));
      reply.header("cache-control", "no-store");
      const inquiry = inquiryFor(request, reply, context);
      if (value === null) {
        // The language's own words.
        request.auditDone = true;
        return { ...place, suggestions: known, meta: inquiry.meta };
      }
      // Of which field and networks values were told; a line for each letter would hide the rest of the log.
      request.audited.target = value.field.name;
      if (network !== undefined) request.audited.details.asked = { network: [network].flat().sort() };
      // Networks themselves are offered whichever is looked at.
      const filter = value.field.name === "network" ? narrowed(scopeOf(request), allFilters([])) : filterOf(request, { network });
      const counted = await valuesOf(value.field, value.begun, { range, filter }, trafficSources, inquiry);
      const met = counted.map(({ value: given, count }) => {
        const text = spellValue(value.field, given);
        return { text, kind: "value" as const, detail: known.find((one) => one.text === text)?.detail ?? "", count };
      });
      const texts = new Set(met.map(({ text }) => text));
      return { ...place, suggestions: [...met, ...known.filter(({ text }) => !texts.has(text))], meta: inquiry.meta };
    },
  });
}
