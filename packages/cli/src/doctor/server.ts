/** The server of this machine: its directory, and what it says of itself. */
import { existsSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { formatBytes } from "@flowtrail/model";
import { callServer, findLocalServer } from "../local-server.ts";
import { type Finding, findings } from "./finding.ts";

const { ok, warn, fail, skip } = findings("server");
const LEAST_FREE_BYTES = 1024 * 1024 * 1024;
const FULL_SOON_DAYS = 7;
const SKEW_MS = 2_000;
/** Rollups are computed every quarter of a minute; a busy store takes its time. */
const BEHIND_MS = 15 * 60_000;

/** The parts of `GET /api/health` that are looked at. */
export interface KnownHealth {
  readonly status: string;
  readonly version?: string;
  readonly store?: {
    readonly up: boolean;
    readonly error: string | null;
    readonly engine: { readonly restarts: number; readonly last_error: string | null } | null;
    readonly retention: { readonly forecast: { readonly full_in_days: number | null } } | null;
    readonly rollups: { readonly last_error: string | null; readonly behind_ms: number };
  };
  readonly agents?: readonly {
    readonly name: string;
    readonly silent: boolean;
    readonly off_by_settings: boolean;
    readonly last_seen: string;
    readonly clock_skew_ms: number | null;
    readonly lost_batches: readonly unknown[];
  }[];
  readonly inventory?: { readonly sources?: readonly { readonly name: string; readonly error: string | null }[] };
  readonly netmaker?: { readonly certificate_problem: string | null } | null;
  readonly tls?: { readonly problem: string | null } | null;
  readonly audit?: { readonly dropped: number; readonly problem: string | null };
  readonly reelections?: { readonly last_error: string | null };
}

export interface ServerLook {
  readonly found: readonly Finding[];
  /** For the support bundle; null: it does not answer. */
  readonly health: KnownHealth | null;
}

export async function serverLook(data: string): Promise<ServerLook> {
  if (!existsSync(data))
    return { found: [skip("server", `no server has run on ${data}`, "flowtrail server, or --data where it runs")], health: null };
  const { bavail, bsize } = await statfs(data);
  const free = bavail * bsize;
  const mode = statSync(data).mode & 0o777;
  const place = [
    free < LEAST_FREE_BYTES
      ? fail(
          "disk",
          `${formatBytes(free)} free on the disk of ${data}`,
          "flowtrail store retention --set max_size=…, or a larger disk",
        )
      : ok("disk", `${formatBytes(free)} free on the disk of ${data}`),
    ...((mode & 0o077) === 0
      ? []
      : [
          fail(
            "directory",
            `other users can look into ${data} (mode ${mode.toString(8)}): it holds an administrator's token`,
            `chmod 700 ${data}`,
          ),
        ]),
  ];
  const server = findLocalServer(data);
  if (server === null)
    return { found: [...place, fail("server", `no server runs on ${data}`, `flowtrail server --data ${data}`)], health: null };
  const health = await callServer<KnownHealth>(server, "GET", "/api/health").catch((error: Error) => error);
  if (health instanceof Error) {
    const mend = `see its log; a server that does not answer is ended with: kill ${server.pid}`;
    return {
      found: [...place, fail("server", `process ${server.pid} does not say that it is well: ${health.message}`, mend)],
      health: null,
    };
  }
  return { found: [...place, ...healthFindings(health, server.url)], health };
}

/** What a server's own report of its health means. */
export function healthFindings(health: KnownHealth, url: string): Finding[] {
  const { store, agents = [], inventory, netmaker, tls, audit, reelections } = health;
  return [
    ok("server", `Flowtrail ${health.version ?? ""} answers on ${url}`),
    ...storeFindings(store),
    ...agentsFindings(agents),
    ...(inventory?.sources ?? []).map(({ name, error }) =>
      error === null
        ? ok("inventory", `inventory source ${name} is read`)
        : fail("inventory", `inventory source ${name}: ${error}`, "flowtrail inventory check FILE, or flowtrail netmaker check"),
    ),
    ...(netmaker?.certificate_problem ? [fail("netmaker", netmaker.certificate_problem, "renew the files of netmaker.tls")] : []),
    ...(tls?.problem
      ? [warn("tls", tls.problem, "renew the files of tls.cert and tls.key: they are read again by themselves")]
      : []),
    ...(audit?.problem ? [fail("audit", `the audit log can't be written: ${audit.problem}`, "see the store, above")] : []),
    ...(reelections?.last_error
      ? [fail("reelections", `primary reports can't be elected again: ${reelections.last_error}`, "see the server's log")]
      : []),
  ];
}

function storeFindings(store: KnownHealth["store"]): Finding[] {
  if (store === undefined) return [];
  if (!store.up)
    return [
      fail(
        "store",
        `the store is away: ${store.error ?? "no reason is known"}`,
        "the server starts its engine again by itself; with store.url: is ClickHouse up, is the password right?",
      ),
    ];
  const { engine, retention, rollups } = store;
  const fullInDays = retention?.forecast.full_in_days ?? Number.POSITIVE_INFINITY;
  return [
    engine !== null && engine.restarts > 0
      ? warn(
          "store",
          `the engine died ${engine.restarts} times since the server's start: ${engine.last_error ?? ""}`,
          "give it more memory: --store-memory 2GiB",
        )
      : ok("store", "the store is up"),
    ...(fullInDays < FULL_SOON_DAYS
      ? [
          warn(
            "retention",
            `the store is full within ${Math.ceil(fullInDays)} days`,
            "flowtrail store retention --set …; flowtrail store status says what is large",
          ),
        ]
      : []),
    ...(rollups.last_error === null
      ? []
      : [fail("rollups", `sums for charts can't be computed: ${rollups.last_error}`, "see the server's log")]),
    ...(rollups.behind_ms < BEHIND_MS
      ? []
      : [
          warn(
            "rollups",
            `sums for charts are ${Math.round(rollups.behind_ms / 60_000)} minutes behind: charts read rows, and are slow`,
            "less load, or more cores",
          ),
        ]),
  ];
}

function agentsFindings(agents: NonNullable<KnownHealth["agents"]>): Finding[] {
  if (agents.length === 0)
    return [
      warn("agents", "no agent has reported so far", "flowtrail token create --node NAME, then flowtrail agent on that node"),
    ];
  const silent = agents.filter((agent) => agent.silent && !agent.off_by_settings);
  const heard = agents.length - silent.length;
  return [
    silent.length === 0
      ? ok("agents", `all ${heard} agents report`)
      : warn("agents", `${heard} of ${agents.length} agents report`),
    ...silent.map(({ name, last_seen }) =>
      warn("agent", `${name} is silent since ${last_seen}`, "run flowtrail doctor on that node"),
    ),
    ...agents.flatMap(({ name, clock_skew_ms: skew }) =>
      skew !== null && Math.abs(skew) > SKEW_MS
        ? [
            warn(
              "clock",
              `the clock of ${name} is off by ${(skew / 1000).toFixed(1)} s`,
              "sudo timedatectl set-ntp true, on that node",
            ),
          ]
        : [],
    ),
    ...agents.flatMap(({ name, lost_batches: lost }) =>
      lost.length > 0
        ? [
            warn(
              "lost",
              `uploads of ${name} are missing (${lost.length} gaps)`,
              "its spool was full or its disk lost: the health page shows when",
            ),
          ]
        : [],
    ),
  ];
}
