/** A server that is being stopped: what still comes is told to come back, in the words of every other "later". */
import { StoreError } from "../store/errors.ts";
import type { Api } from "./context.ts";

/** A restart takes a second or two. */
const RETRY_AFTER_MS = 2000;

/** To be added before any other hook; fastify's own answer (`return503OnClosing`) names no time and has another form. */
export function refuseWhileClosing(app: Api): void {
  let isClosing = false;
  app.addHook("preClose", (done) => {
    isClosing = true;
    done();
  });
  app.addHook("onRequest", (_request, _reply, done) => {
    if (isClosing)
      done(new StoreError({ code: "STORE_UNAVAILABLE", retryAfterMs: RETRY_AFTER_MS }, "the server is being stopped"));
    else done();
  });
}
