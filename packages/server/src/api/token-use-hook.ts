/** Notes when and from where a token was used, and ends those that it replaces. After the guard: what it refused is no use. */
import type { Api, ApiContext } from "./context.ts";

export function noteTokenUses(
  app: Api,
  { tokenUses, rotate, logger }: Pick<ApiContext, "tokenUses" | "rotate" | "logger">,
): void {
  app.addHook("onRequest", (request, _reply, done) => {
    const { identity } = request;
    if (identity !== null && "id" in identity) tokenUses.note(identity.id, request.ip);
    if (identity?.kind === "agent")
      rotate
        .onUse(identity.id)
        .catch((error: unknown) => logger.warn({ err: error }, "a token that was replaced could not be revoked yet"));
    done();
  });
}
