import type { FastifyReply } from "fastify";

/** Aborts when the client is gone before it got its answer: nobody waits for the query any more. */
export function whenGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
