/** What whoever starts a server should know of who can reach it, and how. */
import type { ServerConfig } from "../config/schema.ts";
import { ServerError } from "../errors.ts";
import { formatListen, isLoopbackHost } from "../listen.ts";

interface Log {
  warn(fields: object, message: string): void;
}

/** @throws ServerError INSECURE_ADDRESS */
export function assertNotExposed({ listen, insecure_no_auth }: ServerConfig, logger: Log): void {
  if (!insecure_no_auth) return;
  const address = formatListen(listen);
  if (!isLoopbackHost(listen.host)) {
    throw new ServerError(
      { code: "INSECURE_ADDRESS", address },
      `--insecure-no-auth is for a try-out on this machine only: it can't be combined with --listen ${address}, where others could ` +
        "read everything. Leave it out, or listen on 127.0.0.1",
    );
  }
  logger.warn(
    { address },
    "INSECURE: every program and every user of this machine can read and change everything here (--insecure-no-auth)",
  );
}

export function sayWhoGetsIn(config: ServerConfig, accounts: readonly unknown[], logger: Log): void {
  for (const message of [exposureWarning(config), firstSteps(config, accounts.length)])
    if (message !== null) logger.warn({}, message);
}

/** Null: all is well, or meant. */
export function exposureWarning({ listen, tls, auth }: Pick<ServerConfig, "listen" | "tls" | "auth">): string | null {
  if (isLoopbackHost(listen.host) || tls.cert !== undefined || tls.off || auth.proxy.from.length > 0) return null;
  return (
    `NO TLS: others can reach ${formatListen(listen)}, and whoever is on their way reads passwords, tokens and flows. Give it a certificate ` +
    "(--tls-cert FILE --tls-key FILE), name the proxy that does it (--auth-proxy-from CIDR), or say that it is meant (tls: off)"
  );
}

/** What is to be done before anybody can sign in; null: somebody can. */
export function firstSteps(
  { listen, data, auth }: Pick<ServerConfig, "listen" | "data" | "auth">,
  accounts: number,
): string | null {
  if (isLoopbackHost(listen.host) || accounts > 0 || auth.oidc.issuer !== undefined || auth.proxy.from.length > 0) return null;
  return (
    "there is no account yet, and nobody is let in without one. On this machine: " +
    `flowtrail account add NAME --role admin --data ${data} makes one, flowtrail link --data ${data} prints a link that signs one browser in, once`
  );
}

/** The address that people are told: what was said, else the certificate's name where the server listens on all addresses. */
export function pageUrl(config: Pick<ServerConfig, "listen" | "web">, url: string, names: readonly string[]): string {
  if (config.web.url !== undefined) return config.web.url.replace(/\/$/, "");
  const { host } = config.listen;
  const name = names.find((one) => !one.includes("*"));
  if (name === undefined || names.includes(host)) return url;
  const { port } = new URL(url);
  return `https://${name.includes(":") ? `[${name}]` : name}:${port}`;
}
