/** `GET /api/flows/live`: rows as they are stored, by Server-Sent Events. */
import type { ServerResponse } from "node:http";
import { filterTest } from "@flowtrail/model";
import { SESSION_COOKIE } from "../../auth/auth.ts";
import type { LiveEvent, LiveSink } from "../../live/live.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema, tooManyFollowers } from "../errors.ts";
import { filterOf } from "../flow-params.ts";
import { liveQuerySchema } from "../schemas.ts";

/** Proxies close what is silent for a minute. */
const HEARTBEAT_MS = 15_000;
const RETRY_MS = 2_000;

export function liveRoutes(api: Api, { live, auth, logger }: ApiContext): void {
  api.route({
    method: "GET",
    url: "/api/flows/live",
    config: { access: "read" },
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
      const passes = filterTest(filterOf(request.query));
      const lastId = request.headers["last-event-id"];
      const sink = new EventStream(reply.raw);
      const follower = live.follow(sink, passes);
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
        // What was signed out or revoked meanwhile sees nothing more.
        auth.identify(request.headers, request.cookies[SESSION_COOKIE]).then(
          (identity) => identity === null && sink.end(),
          (error: unknown) => logger.debug({ err: error }, "the credentials of a follower could not be looked up"),
        );
      }, HEARTBEAT_MS);
      heartbeat.unref();
      reply.raw.once("close", () => {
        clearInterval(heartbeat);
        live.leave(follower);
      });
    },
  });
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
