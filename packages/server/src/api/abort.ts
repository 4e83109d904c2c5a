import type { FastifyReply } from "fastify";

/** Aborts when the client is gone before it got its answer: nobody waits for the query any more. */
export function whenGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  const look = () => {
    if (reply.raw.destroyed && !reply.raw.writableFinished) gone.abort();
  };
  reply.raw.once("close", look);
  // Who left while it was looked up who they are, has closed it before anybody listened.
  look();
  return gone.signal;
}
