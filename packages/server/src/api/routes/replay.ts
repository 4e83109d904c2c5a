/** Names of stored flows are made anew, after the inventory was wrong: first what would change, then the change. Both are kept: who, when, what. */
import { z } from "zod";
import type { Job } from "../../identify/reattribute/job.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema, notFound } from "../errors.ts";
import { rangeOf } from "../flow-params.ts";
import { newReplaySchema, replaySchema, replaysSchema } from "../replay-schemas.ts";
import { whoIs } from "../who-is.ts";

const URL = "/api/inventory/replay";
const TOLD = 100;
const errors = { 400: errorSchema, 401: errorSchema, 503: errorSchema };

export function replayRoutes(api: Api, { reattribute, history, now }: ApiContext): void {
  api.route({
    method: "POST",
    url: URL,
    config: { access: "admin", audit: "inventory.replay" },
    schema: {
      summary: "Name the ends of flows of a time again, after a mistake of the inventory",
      description:
        "Begins it; GET …/replay/{id} tells how it goes. A dry run (the default) changes nothing and tells what would change. Otherwise the rows " +
        "are written again, and flows of that time that come late are named alike.",
      tags: ["inventory"],
      body: newReplaySchema,
      response: { 202: replaySchema, ...errors },
    },
    handler: async ({ body, identity }, reply) => {
      const nowMs = now();
      const range = rangeOf(body.from, body.to, nowMs);
      const asOfMs = body.inventory === "now" ? nowMs : null;
      const network = body.network ?? null;
      const who = whoIs(identity);
      // First for what comes from now on: rows that come while it runs must not miss it.
      if (!body.dry_run) await history.addCorrection({ ...range, asOfMs, who, ...(network === null ? {} : { network }) });
      const job = await reattribute.replay({ kind: "replay", ...range, network, asOfMs, isDryRun: body.dry_run }, who);
      return reply.code(202).send(replayJson(job));
    },
  });

  api.route({
    method: "GET",
    url: URL,
    config: { access: "audit" },
    schema: {
      summary: "Replays, newest first: who had which time named again, and what became of it",
      tags: ["inventory"],
      response: { 200: replaysSchema, 401: errorSchema, 503: errorSchema },
    },
    handler: async (_request, reply) => {
      reply.header("cache-control", "no-store");
      return { replays: (await reattribute.replays(TOLD)).map(replayJson) };
    },
  });

  api.route({
    method: "GET",
    url: `${URL}/:id`,
    config: { access: "audit" },
    schema: {
      summary: "How a replay goes",
      tags: ["inventory"],
      params: z.object({ id: z.string() }),
      response: { 200: replaySchema, 401: errorSchema, 404: errorSchema, 503: errorSchema },
    },
    handler: async ({ params }, reply) => {
      const job = await reattribute.get(params.id);
      if (job?.task.kind !== "replay") throw notFound(`there is no replay ${params.id}`);
      reply.header("cache-control", "no-store");
      return replayJson(job);
    },
  });
}

const iso = (ms: number) => new Date(ms).toISOString();

function replayJson({ id, task, state, who, requestedMs, changedMs, progress, error }: Job): z.infer<typeof replaySchema> {
  if (task.kind !== "replay") throw new TypeError(`job ${id} is no replay`);
  const { rowsRead, rowsChanged, nowPrimary, noLongerPrimary, changes, atMs } = progress;
  return {
    id,
    state,
    who,
    requested: iso(requestedMs),
    changed: iso(changedMs),
    from: iso(task.fromMs),
    to: iso(task.toMs),
    network: task.network,
    as_of: task.asOfMs === null ? null : iso(task.asOfMs),
    dry_run: task.isDryRun,
    rows_read: rowsRead,
    rows_changed: rowsChanged,
    now_primary: nowPrimary,
    no_longer_primary: noLongerPrimary,
    changes: [...changes],
    at: atMs === null ? null : iso(atMs),
    error: error === "" ? null : error,
  };
}
