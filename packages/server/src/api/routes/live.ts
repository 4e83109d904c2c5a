/** `GET /api/flows/live`: rows as they are stored, by Server-Sent Events. */
import type { ServerResponse } from "node:http";
import { refusal } from "../../auth/auth.ts";
import type { Identity } from "../../auth/identity.ts";
import type { LiveEvent, LiveSink } from "../../live/live.ts";
import { scopeOf } from "../ask.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema, tooManyFollowers } from "../errors.ts";
import { filterOf } from "../flow-params.ts";
import { liveQuerySchema } from "../schemas.ts";

/** Proxies close what is silent for a minute. */
const HEARTBEAT_MS = 15_000;
const RETRY_MS = 2_000;

/** @param heartbeatMs how soon a follower whose credentials were changed sees no more by the old ones */
export function liveRoutes(
  api: Api,
  { live, whoAsks, logger }: Pick<ApiContext, "live" | "whoAsks" | "logger">,
  heartbeatMs = HEARTBEAT_MS,
): void {
  api.route({
    method: "GET",
    url: "/api/flows/live",
    config: { access: "read", quota: "streams" },
    schema: {
      summary: "Flows as they are stored (Server-Sent Events)",
      description:
        "A message is a row as in GET /api/flows: a new flow, an update or its end. An event `dropped` with " +
        '{"dropped":n} says that this follower was too slow for n rows. Last-Event-ID resumes, as far as rows are still here.',
      tags: ["flows"],
      querystring: liveQuerySchema,
      produces: ["text/event-stream"],
      response: { 400: errorSchema, 401: errorSchema, 503: errorSchema },
    },
    handler: (request, reply) => {
      const lastId = request.headers["last-event-id"];
      const sink = new EventStream(reply.raw);
      const follower = live.follow(sink, filterOf(request, request.query));
      if (follower === null) throw tooManyFollowers();
      reply.hijack();
      // The headers that were set so far (helmet's) go along.
      reply.raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store, no-transform",
        // nginx would collect events otherwise.
        "x-accel-buffering": "no",
      });
      reply.raw.write(`retry: ${RETRY_MS}\n\n`);
      live.begin(follower, typeof lastId === "string" ? lastId : null);
      reply.raw.on("drain", () => follower.drain());
      const heartbeat = setInterval(() => {
        sink.stillHere();
        // Whoever was signed out meanwhile sees nothing more; whoever may see less or more now comes back and is told that.
        whoAsks.identify(request).then(
          (identity) => maySeeTheSame(request.identity, identity) || sink.end(),
          (error: unknown) => logger.debug({ err: error }, "the credentials of a follower could not be looked up"),
        );
      }, heartbeatMs);
      heartbeat.unref();
      reply.raw.once("close", () => {
        clearInterval(heartbeat);
        live.leave(follower);
      });
    },
  });
}

function maySeeTheSame(before: Identity | null, identity: Identity | null): boolean {
  const scope = (one: Identity | null) => JSON.stringify(scopeOf({ identity: one }));
  return refusal(identity, "read") === null && scope(identity) === scope(before);
}

/** Nothing in an event holds a line break: ids are ours and rows are JSON. */
class EventStream implements LiveSink {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  send({ id, json }: LiveEvent): boolean {
    return this.#write(`id: ${id}\ndata: ${json}\n\n`);
  }

  dropped(count: number): boolean {
    return this.#write(`event: dropped\ndata: ${JSON.stringify({ dropped: count })}\n\n`);
  }

  stillHere(): void {
    this.#write(": still here\n\n");
  }

  /** Between its end and the moment that it is closed, a stream must not be written to. */
  #write(text: string): boolean {
    return this.#response.writableEnded || this.#response.destroyed || this.#response.write(text);
  }

  end(): void {
    this.#response.end();
  }
}
