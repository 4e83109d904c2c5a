/** The server of this machine, as its own administrator: where it listens and the API token that it keeps in its data directory (0600). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CliError, withAccess } from "./errors.ts";

export interface LocalServer {
  /** For programs of this machine: never needs to know the server's certificate. */
  readonly url: string;
  /** For people. */
  readonly page: string;
  readonly pid: number;
  readonly token: string | null;
}

/** The running server of a data directory, or null if none runs there. @throws CliError NO_ACCESS */
export function findLocalServer(data: string): LocalServer | null {
  const text = readIfThere(join(data, "server.json"));
  if (text === null) return null;
  // A server of before this had one address for all.
  const { url, page = url, pid } = JSON.parse(text) as { url: string; page?: string; pid: number };
  if (!isAlive(pid)) return null;
  return { url, page, pid, token: readIfThere(join(data, "admin.token"))?.trim() ?? null };
}

function readIfThere(path: string): string | null {
  return withAccess(path, () => {
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** @throws CliError NO_SERVER */
export function requireServer(data: string): LocalServer {
  const server = findLocalServer(data);
  if (server) return server;
  throw new CliError(
    { code: "NO_SERVER", data },
    `no server is running on ${data}: start one (flowtrail up, flowtrail server), or name its directory with --data`,
  );
}

/** One JSON request to a server. A refusal becomes a CliError with the server's own words. */
export async function callServer<T>(
  server: Pick<LocalServer, "url" | "token">,
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const headers: Record<string, string> = {};
  if (server.token) headers.authorization = `Bearer ${server.token}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  const response = await fetch(new URL(path.slice(1), server.url.endsWith("/") ? server.url : `${server.url}/`), {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((cause) => {
    throw unreachable(server.url, cause);
  });
  const text = await response.text();
  if (!response.ok) throw refused(server.url, `${method} ${path}`, response.status, text);
  return (text ? JSON.parse(text) : null) as T;
}

export function unreachable(url: string, cause: unknown): CliError {
  return new CliError(
    { code: "SERVER_UNREACHABLE", url },
    `no answer from ${url}: is the server running there? (${causeOf(cause)})`,
    { cause },
  );
}

/** @param what was asked for: method and path; parameters are not told */
export function refused(url: string, what: string, status: number, text: string): CliError {
  const reason = reasonOf(text);
  const data = { code: "SERVER_REFUSED", url, status, ...(reason === null ? {} : { reason }) } as const;
  return new CliError(data, `${what.split("?")[0]}: ${status} ${messageOf(text)}`);
}

function causeOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error ? inner.message : String(inner);
}

function reasonOf(text: string): string | null {
  try {
    return (JSON.parse(text) as { error?: { code?: string } }).error?.code ?? null;
  } catch {
    return null;
  }
}

/** What a server says of what went wrong. */
export function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { error?: { message?: string } }).error?.message ?? text;
  } catch {
    return text.slice(0, 200);
  }
}
