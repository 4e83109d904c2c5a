/** Addresses to listen on. */
import type { ListenAddress } from "./config/schema.ts";
import { ServerError } from "./errors.ts";

export function formatListen({ host, port }: ListenAddress): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Where a program of this machine reaches a server that listens there. */
export function localUrl({ host, port }: ListenAddress, scheme: "http" | "https" = "http"): string {
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `${scheme}://${formatListen({ host: reachable, port })}`;
}

/** Names are not believed but for `localhost`: they may mean another address tomorrow. */
export function isLoopbackHost(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** What `listen(2)` says, in words that help. */
export function listenError(address: ListenAddress, cause: unknown, flag = "--listen"): ServerError {
  const text = formatListen(address);
  const { code: errno = "UNKNOWN" } = cause as NodeJS.ErrnoException;
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: `another program listens there already; stop it, or choose another port with ${flag}`,
    EADDRNOTAVAIL: `this machine has no such address; choose one that it has with ${flag}`,
    EACCES: `ports below 1024 need a privilege (CAP_NET_BIND_SERVICE); choose a higher one with ${flag}`,
    ENOTFOUND: `no such host; give an address with ${flag}`,
  };
  return new ServerError(
    { code: "LISTEN", address: text, errno },
    `can't listen on ${text} (${errno}): ${why[errno] ?? `see ${flag}`}`,
    {
      cause,
    },
  );
}
