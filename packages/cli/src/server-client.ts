/** What the command line asks of a running server. */
import { setTimeout as sleep } from "node:timers/promises";
import { CliError } from "./errors.ts";
import { callServer, findLocalServer, type LocalServer } from "./local-server.ts";

export interface NewToken {
  readonly id: string;
  readonly token: string;
}

export function createAgentToken(server: LocalServer, node: string): Promise<NewToken> {
  return callServer(server, "POST", "/api/tokens", { kind: "agent", node });
}

/** A link that signs one browser in, once. The code is in the fragment, which browsers do not send: it is in no log. */
export async function signInLink(server: LocalServer): Promise<string> {
  const { token } = await callServer<NewToken>(server, "POST", "/api/tokens", { kind: "signin" });
  return `${server.page.replace(/\/$/, "")}/#signin=${encodeURIComponent(token)}`;
}

/** Waits until the server of a data directory answers that it is well. @throws CliError NO_SERVER when it takes too long, or has failed for good */
export async function waitForServer(data: string, options: { timeoutMs: number; failed: () => boolean }): Promise<LocalServer> {
  const deadline = Date.now() + options.timeoutMs;
  while (Date.now() < deadline && !options.failed()) {
    const server = findLocalServer(data);
    if (server && (await isHealthy(server.url))) return server;
    await sleep(100);
  }
  throw new CliError(
    { code: "NO_SERVER", data },
    `the server did not come up within ${options.timeoutMs / 1000} s; its messages above say why`,
  );
}

const SETTLE_MS = 20_000;

/** The server that runs on a data directory and is well, or null. One that is just stopping gets the time to do so. */
export async function settledServer(data: string): Promise<LocalServer | null> {
  for (const deadline = Date.now() + SETTLE_MS; ; await sleep(200)) {
    const server = findLocalServer(data);
    if (server === null || Date.now() > deadline) return null;
    if (await isHealthy(server.url)) return server;
  }
}

function isHealthy(url: string): Promise<boolean> {
  return fetch(new URL("/api/health", url)).then(
    (response) => response.ok,
    () => false,
  );
}
