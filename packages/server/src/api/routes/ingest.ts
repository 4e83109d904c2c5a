/** Where agents and other senders deliver, and where agents ask what to do. */
import type { IncomingHttpHeaders } from "node:http";
import { ARROW_CONTENT_TYPE, HEADER_ROTATE, NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import { z } from "zod";
import type { Identity } from "../../auth/identity.ts";
import { AgentConfigs } from "../../identify/agent-config.ts";
import type { NodeRef } from "../../identify/lookup.ts";
import { readHeaders } from "../../receive/headers.ts";
import type { Sender } from "../../receive/receive.ts";
import { isTransient, StoreError } from "../../store/errors.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema } from "../errors.ts";
import { agentConfigSchema, ingestSchema } from "../schemas.ts";

export function ingestRoutes(
  api: Api,
  { config, receive, history, identify, capture, privacy, rotate, tokens, now }: ApiContext,
): void {
  const agentConfigs = new AgentConfigs();
  // Not the parsers of the rest: a body that is no upload must not be read as JSON first.
  api.register((uploads, _options, done) => {
    uploads.removeAllContentTypeParsers();
    uploads.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: config.ingest.max_body }, (_request, body, done) =>
      done(null, body),
    );
    uploads.route({
      method: "POST",
      url: "/ingest/v1/flows",
      config: { access: "agent" },
      bodyLimit: config.ingest.max_body,
      schema: {
        summary: "Deliver flows",
        description: "Answered when the rows are durable. The same rows may come any number of times.",
        tags: ["agents"],
        consumes: [ARROW_CONTENT_TYPE, NDJSON_CONTENT_TYPE],
        response: { 200: ingestSchema, 400: errorSchema, 413: errorSchema, 429: errorSchema, 503: errorSchema },
      },
      handler: async (request) => {
        const { identity, headers } = request;
        const sender = identity?.kind === "agent" ? senderOf(identity) : null;
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        try {
          return await receive.receive({ contentType: headers["content-type"] ?? "", headers, body }, sender);
        } catch (error) {
          throw laterIfTransient(error);
        }
      },
    });
    done();
  });

  api.route({
    method: "GET",
    url: "/agent/v1/config",
    config: { access: "agent" },
    schema: {
      summary: "What an agent shall do",
      tags: ["agents"],
      response: { 200: agentConfigSchema, 304: z.null(), 401: errorSchema },
    },
    handler: async (request, reply) => {
      const { identity } = request;
      const reporter = identity?.kind === "agent" ? { id: identity.node, name: identity.name } : namedIn(request.headers);
      const nodeOf = (network: string, word: string) => history.nodeAt(network, word, now());
      privacy.follow();
      const answer = agentConfigs.get(history.described(), capture.state, { reporter, nodeOf }, privacy.told());
      const tag = `"${answer.version}"`;
      if (identity?.kind === "agent" && rotate.isAsked(identity.id)) reply.header(HEADER_ROTATE, "1");
      reply.header("etag", tag).header("cache-control", "no-cache");
      if (request.headers["if-none-match"] === tag) return reply.code(304).send(null);
      return reply.send(answer as z.infer<typeof agentConfigSchema>);
    },
  });

  function senderOf({ id, node, name }: Identity & { kind: "agent" }): Sender {
    // What was revoked in this moment was known a moment ago.
    return { node, name, networks: tokens.peek(id)?.grant.scope.networks ?? null };
  }

  /** Where nobody is asked for credentials, an agent's word is taken for who it is, as with what it delivers. */
  function namedIn(headers: IncomingHttpHeaders): NodeRef | null {
    const { node } = readHeaders(headers);
    return node === null ? null : { id: identify.node(node).id, name: node };
  }
}

/** An agent sets aside what is refused with another 4xx or 5xx: whatever may pass is "later". */
function laterIfTransient(error: unknown): unknown {
  if (!isTransient(error) || !(error instanceof StoreError) || "retryAfterMs" in error.data) return error;
  return new StoreError({ code: "STORE_UNAVAILABLE", retryAfterMs: 2000 }, error.message, { cause: error });
}
