/** The page: the files that Vite built. Whatever is no file and no route of ours is a place within the page. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fastifyStatic from "@fastify/static";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Api } from "../context.ts";
import { notFound } from "../errors.ts";

const BUILT = fileURLToPath(new URL("../../../../web/dist", import.meta.url));
/** Not the page's. */
const OURS = /^\/(api|agent|ingest|metrics)(\/|$)/;

export async function pageRoutes(api: Api, dir: string = BUILT): Promise<void> {
  await api.register(fastifyStatic, { root: dir, serve: false });
  const handler = (request: FastifyRequest, reply: FastifyReply) => {
    const path = decodeURIComponent(request.url.split("?", 1)[0] ?? "/");
    if (OURS.test(path)) throw notFound(`${request.method} ${path}: there is nothing here. See /api/openapi.json`);
    if (!existsSync(join(dir, "index.html"))) {
      return reply
        .code(404)
        .type("text/plain")
        .send("The page is not built: npm run build\nThe API is described at /api/openapi.json\n");
    }
    // Vite puts a hash of the content into the names of what it builds.
    if (path.startsWith("/assets/")) return reply.sendFile(path, { maxAge: "365d", immutable: true });
    if (/\.\w+$/.test(path)) return reply.sendFile(path, { maxAge: 0 });
    return reply.header("cache-control", "no-cache").sendFile("index.html", { cacheControl: false });
  };
  api.route({ method: "GET", url: "/*", config: { access: "public" }, schema: { hide: true }, handler });
}
