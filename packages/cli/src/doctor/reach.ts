/** The way from a node to its server, step by step: name, connection, certificate, credentials, clock. */
import { lookup } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { type Finding, findings } from "./finding.ts";

const { ok, warn, fail } = findings("agent");
const TIMEOUT_MS = 10_000;
/** Flows of a node whose clock is off by more stand at the wrong time. */
const SKEW_MS = 2_000;

export interface Way {
  readonly server: URL;
  /** Null: none is known here. */
  readonly token: string | null;
  readonly node: string;
  readonly ca: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

interface Reply {
  readonly status: number;
  readonly date: string | undefined;
}

export async function reachFindings(way: Way): Promise<Finding[]> {
  const { server } = way;
  const name = server.hostname.replaceAll(/[[\]]/g, "");
  const address = await lookup(name).catch((error: NodeJS.ErrnoException) => error);
  if (address instanceof Error)
    return [
      fail(
        "server",
        `the name ${name} can't be resolved (${address.code})`,
        `check DNS, or name the server by its address: --server`,
      ),
    ];
  const sentMs = Date.now();
  const health = await ask(way, "api/health", {}).catch((error: NodeJS.ErrnoException) => error);
  if (health instanceof Error)
    return [fail("server", `no answer from ${server.origin}: ${health.message}`, mendOf(health, server))];
  const reached = ok("server", `${server.origin} answers (${Date.now() - sentMs} ms)`);
  const up =
    health.status === 200
      ? []
      : [
          warn(
            "server",
            `${server.origin} says that it is not well (${health.status})`,
            "run flowtrail doctor where the server runs",
          ),
        ];
  return [reached, ...up, ...clock(health, sentMs), await credentials(way)];
}

/** The server tells whole seconds. */
function clock({ date }: Reply, sentMs: number): Finding[] {
  const theirs = Date.parse(date ?? "");
  if (Number.isNaN(theirs)) return [];
  const skewMs = (sentMs + Date.now()) / 2 - (theirs + 500);
  const text = `this clock and the server's differ by ${(Math.abs(skewMs) / 1000).toFixed(1)} s`;
  return [Math.abs(skewMs) < SKEW_MS ? ok("clock", text) : warn("clock", text, "sudo timedatectl set-ntp true")];
}

async function credentials(way: Way): Promise<Finding> {
  if (way.token === null) return warn("token", "no token is known here: name the agent's configuration with --config", null);
  const headers = { authorization: `Bearer ${way.token}`, "flowtrail-node": way.node };
  const reply = await ask(way, "agent/v1/config", headers).catch((error: Error) => error);
  if (reply instanceof Error) return fail("token", `the server went away when it was asked: ${reply.message}`);
  if (reply.status === 200) return ok("token", "the server takes this node's token");
  const rotate = `flowtrail token create --node ${way.node}, where the server runs; put it into the token file`;
  if (reply.status === 401)
    return fail("token", "the server does not know this node's token: it was revoked, or is another server's", rotate);
  if (reply.status === 403)
    return fail("token", "the server refuses this node's token: it is for another node, or no agent's", rotate);
  return warn("token", `the server could not say whether the token is good (${reply.status})`);
}

function ask({ server, ca, cert, key }: Way, path: string, headers: Record<string, string>): Promise<Reply> {
  const base = server.pathname.endsWith("/") ? server : new URL(`${server.href}/`);
  const url = new URL(path, base);
  const files = { ca: fileOf(ca), cert: fileOf(cert), key: fileOf(key) };
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, { headers, ...files, signal: AbortSignal.timeout(TIMEOUT_MS) }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, date: answer.headers.date }));
      answer.on("error", reject);
    });
    request.on("error", reject);
    request.end();
  });
}

const fileOf = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path));

function mendOf({ code = "", name }: NodeJS.ErrnoException, { host }: URL): string {
  if (/CERT|SELF_SIGNED|ISSUER|ALTNAME|SIGNATURE/.test(code))
    return `its certificate is not trusted here (${code}): name the authority with --ca-file, or give the server a certificate for ${host}`;
  if (code === "ECONNREFUSED")
    return `nothing listens on ${host}: start the server there, and let it listen on an address that others reach (--listen 0.0.0.0:8080)`;
  if (name === "TimeoutError" || code === "EHOSTUNREACH" || code === "ETIMEDOUT")
    return `a firewall or a route on the way to ${host}: nc -vz ${host.replace(":", " ")}`;
  if (code === "EPROTO") return `${host} speaks no TLS: is its URL http://?`;
  return `curl -v http://${host}/api/health`;
}
