/** Where people reach the page, for links in what is sent to them. */
import type { ServerConfig } from "../config/schema.ts";

/** What was said (`web.url`), else the address that the server listens on; null: it listens on all, or on any free port, and nobody said how it is reached. */
export function pageBase({ web, listen, tls }: Pick<ServerConfig, "web" | "listen" | "tls">): string | null {
  if (web.url !== undefined) return web.url.replace(/\/$/, "");
  const { host, port } = listen;
  if (port === 0 || host === "::" || host === "0.0.0.0") return null;
  return `${tls.cert === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
