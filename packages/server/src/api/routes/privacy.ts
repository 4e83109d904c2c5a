/** Pseudonyms back into names: for an admin, with a reason, and noted in the audit log. */
import { PSEUDONYM_KINDS, readPseudonym } from "@flowtrail/model";
import { z } from "zod";
import type { Api, ApiContext } from "../context.ts";
import { badRequest, errorSchema, notFound } from "../errors.ts";

export function privacyRoutes(api: Api, { privacy }: Pick<ApiContext, "privacy">): void {
  api.route({
    method: "POST",
    url: "/api/privacy/reveal",
    config: { access: "admin", audit: "reveal" },
    schema: {
      summary: "Reveal whose pseudonym it is",
      description: "Who asked, for which pseudonym and why is in the audit log; the name is not.",
      tags: ["privacy"],
      body: z.strictObject({
        pseudonym: z.string().min(1).max(2048).describe("As rows and lists have it: user-…, config-… or device-…"),
        reason: z.string().trim().min(3).max(500).describe("Why the name has to be known: it is kept in the audit log"),
      }),
      response: {
        200: z.object({ pseudonym: z.string(), kind: z.enum(PSEUDONYM_KINDS), name: z.string() }),
        400: errorSchema,
        401: errorSchema,
        403: errorSchema,
        404: errorSchema,
        503: errorSchema,
      },
    },
    handler: async ({ body: { pseudonym } }, reply) => {
      reply.header("cache-control", "no-store");
      if (readPseudonym(pseudonym) === null) throw badRequest("that is no pseudonym: it begins with user-, config- or device-");
      const revealed = privacy.reveal(pseudonym);
      if (revealed === null)
        throw notFound("none of the keys of privacy.key_file made this pseudonym: its key is gone, or it is another server's");
      return { pseudonym, ...revealed };
    },
  });
}
