/** "Enable traffic logs": what agents record, for the fleet, for a network, for a node. */

import { allFilters, type Filter, FlowtrailError } from "@flowtrail/model";
import type { FastifyBaseLogger } from "fastify";
import { z } from "zod";
import { PrivacyError } from "../../privacy/errors.ts";
import { columnIs } from "../../query/filters.ts";
import { narrowed } from "../../query/narrowed.ts";
import { SAMPLE_NETWORK } from "../../receive/check.ts";
import { type CaptureEffect, captureEffect } from "../../settings/capture-effect.ts";
import { captureReport } from "../../settings/capture-report.ts";
import { type CaptureChange, type CaptureState, captureAfter } from "../../settings/capture-state.ts";
import { Places } from "../../settings/places.ts";
import { inquiryFor, scopeOf } from "../ask.ts";
import { captureChangeSchema, captureSchema, captureSetSchema } from "../capture-schemas.ts";
import type { Api, ApiContext } from "../context.ts";
import { badRequest, errorSchema } from "../errors.ts";
import { whoIs } from "../who-is.ts";

const URL = "/api/settings/capture";
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const tags = ["settings"];
const errors = { 401: errorSchema, 403: errorSchema, 503: errorSchema };
const notSample = columnIs("network", [SAMPLE_NETWORK], true);

export function settingsCaptureRoutes(api: Api, context: ApiContext): void {
  const { capture, privacy, health, history, roster, identify, counts, now } = context;

  const placesOf = (state: CaptureState) => {
    const reporters = [...roster.coverages].flatMap(([id, { name }]) => (roster.isRemoved(id) ? [] : [{ id, name }]));
    return new Places({ inventory: history.current(), agents: health.agents(), reporters, state });
  };

  api.route({
    method: "GET",
    url: URL,
    config: { access: "audit" },
    schema: {
      summary: "What agents record, for the fleet, each network and each node",
      tags,
      response: { 200: captureSchema, ...errors },
    },
    handler: async (_request, reply) => {
      await capture.refresh();
      reply.header("cache-control", "no-store");
      return captureReport(capture.state, placesOf(capture.state));
    },
  });

  api.route({
    method: "PUT",
    url: URL,
    config: { access: "admin", audit: "settings.capture.change" },
    schema: {
      summary: "Set what agents record",
      description:
        "What is left out stays as it is; null is as configured again. It is in force at once here and within seconds on other servers; agents " +
        "ask every half minute. `dry_run=true` sets nothing and answers what would become different (`effect`).",
      tags,
      querystring: z.strictObject({ dry_run: z.enum(["true", "false"]).default("false") }),
      body: captureChangeSchema,
      response: { 200: captureSetSchema, 400: errorSchema, ...errors, 409: errorSchema, 422: errorSchema },
    },
    handler: async (request, reply) => {
      await capture.refresh();
      const by = { ms: now(), who: whoIs(request.identity) };
      const places = placesOf(capture.state);
      const change = places.resolved(request.body as CaptureChange, nodeOf);
      const inquiry = inquiryFor(request, reply, context);
      if (change.pseudonyms === true) assertKey();
      const count = (filter: Filter, isOfDay: boolean) =>
        counts
          .count(
            { fromMs: by.ms - (isOfDay ? DAY_MS : HOUR_MS), toMs: by.ms },
            narrowed(scopeOf(request), allFilters([filter, notSample])),
            inquiry,
          )
          .then(({ count }) => count, uncounted(request.log));
      reply.header("cache-control", "no-store");
      if (request.query.dry_run === "true") {
        const after = captureAfter(capture.state, change, by);
        const effect = await effectOf(capture.state, after, places, { count, inventory: history.current() });
        return { ...captureReport(after, placesOf(after)), effect };
      }
      // A store that is too busy to count must not keep anybody from switching off what makes it busy.
      const inventory = history.current();
      const before = await capture.set(change, by, places.nameOf);
      privacy.follow();
      const effect = await effectOf(before, captureAfter(before, change, by), places, { count, inventory });
      return { ...captureReport(capture.state, placesOf(capture.state)), effect };
    },
  });

  /** Nobody switches on what can't be done. */
  function assertKey(): void {
    try {
      privacy.check(true);
    } catch (error) {
      if (error instanceof PrivacyError) throw badRequest(error.message);
      throw error;
    }
  }

  /** A node that has no agent yet, but that the inventory knows. */
  function nodeOf(word: string): string | null {
    const isKnown = history.networks().some((network) => history.nodeAt(network, word, now()) !== null);
    return isKnown ? identify.node(word).id : null;
  }
}

/** What can't be counted now is told without a figure. */
function uncounted(log: Pick<FastifyBaseLogger, "warn">) {
  return (error: unknown): null => {
    if (!(error instanceof FlowtrailError)) throw error;
    log.warn({ err: error }, "what a change of what agents record does could not be counted");
    return null;
  };
}

function effectOf(
  before: CaptureState,
  after: CaptureState,
  places: Places,
  facts: Pick<Parameters<typeof captureEffect>[2], "count" | "inventory">,
): Promise<CaptureEffect> {
  const agents = places.nodes.flatMap(({ id, name, agent }) =>
    agent === undefined || agent.silent ? [] : [{ id, name, networks: Object.keys(agent.addresses) }],
  );
  const inventoryNames = (network: string) => places.networks.find(({ id }) => id === network)?.inventoryNames;
  return captureEffect(before, after, { agents, inventoryNames, nameOf: places.nameOf, ...facts });
}
