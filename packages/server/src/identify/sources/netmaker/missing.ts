/** What Netmaker will not tell us, why, and what to do about it. */
import type { NetmakerCheck } from "./check.ts";

export interface MissingPart {
  readonly what: string;
  readonly why: string;
  /** Null: nothing can be done about it. */
  readonly instead: string | null;
}

type Facts = Omit<NetmakerCheck, "missing"> & {
  /** Status of what the endpoint answered; null: it is there. */
  readonly groups: number | null;
  readonly userIps: number | null;
};

const MAX_SKEW_MS = 2000;
const AGENTS = "install Flowtrail's agent on the nodes: docs/how-to/agents.md";

export function missingParts(facts: Facts): MissingPart[] {
  return [...ofFlows(facts), ...ofHosts(facts), ...ofInventory(facts), ...ofClock(facts)];
}

function* ofFlows({ way, edition, flowLogs, licenseError }: Facts): Generator<MissingPart> {
  if (way === "agents") {
    const why =
      edition === "community"
        ? "this is the community edition: its agents never start their flow logs"
        : "the licence of this server has no flow logs, so its agents never start them";
    yield { what: "flows from Netmaker's own agents", why, instead: AGENTS };
    return;
  }
  if (flowLogs.enabled === false) {
    const instead =
      "switch flow logs on in its settings; hosts that are there already need it set for each, or PUT /api/server/settings?force=true";
    yield { what: "flows", why: "flow logs are switched off in Netmaker's settings", instead };
  }
  if (licenseError !== null)
    yield { what: "what the licence allows", why: `Netmaker says of it: ${licenseError}`, instead: "see to its licence" };
  yield {
    what: "DNS lookups (UDP port 53), ICMP and NAT addresses",
    why: "Netmaker's agents leave them out",
    instead: AGENTS,
  };
  yield {
    what: "the traffic of a connection while it lasts",
    why: "Netmaker's agents tell of its beginning and of its end only",
    instead: AGENTS,
  };
}

function* ofHosts({ way, hosts }: Facts): Generator<MissingPart> {
  if (way === "agents") return;
  const off = hosts.filter(({ reports }) => reports === false);
  if (off.length > 0)
    yield {
      what: `flows of ${some(off.map(({ name }) => name))}`,
      why: "flow logs are off for these hosts",
      instead: "switch them on for each host in Netmaker",
    };
  const other = hosts.filter(({ os }) => os !== "" && os !== "linux");
  if (other.length > 0)
    yield {
      what: `flows of ${some(other.map(({ name, os }) => `${name} (${os})`))}`,
      why: "Netmaker's agents report flows on Linux only",
      instead: "their traffic is told by the node that it goes to, or by their gateway",
    };
  const old = hosts.filter(({ version }) => isBefore(version, 1, 5));
  if (old.length > 0)
    yield {
      what: `names and domains in flows of ${some(old.map(({ name, version }) => `${name} (${version})`))}`,
      why: "agents before 1.5 tell ids only",
      instead: "names come from the inventory; for domains update them to 1.5.1",
    };
}

function* ofInventory({ groups, userIps, problems }: Facts): Generator<MissingPart> {
  if (groups !== null) yield absent("user groups", groups, "users have no groups here");
  if (userIps !== null) yield absent("the map of users' addresses", userIps, "users' devices are known by ext clients alone");
  for (const problem of problems) yield { what: "a part of the inventory", why: problem, instead: null };
}

function absent(what: string, status: number, then: string): MissingPart {
  if (status === 403)
    return { what, why: "the token's user may not read it (403)", instead: "use a token of an auditor or an administrator" };
  return { what, why: `this version or edition does not have it (${status}): ${then}`, instead: null };
}

function* ofClock({ clockSkewMs }: Facts): Generator<MissingPart> {
  if (clockSkewMs === null || Math.abs(clockSkewMs) < MAX_SKEW_MS) return;
  const side = clockSkewMs > 0 ? "ahead of" : "behind";
  yield {
    what: "one time",
    why: `Netmaker's clock is ${(Math.abs(clockSkewMs) / 1000).toFixed(0)} s ${side} this machine's`,
    instead: "let both follow NTP",
  };
}

const TOLD = 5;
function some(names: readonly string[]): string {
  const told = names.slice(0, TOLD).join(", ");
  return names.length > TOLD ? `${told} and ${names.length - TOLD} more` : told;
}

function isBefore(version: string, major: number, minor: number): boolean {
  const [, a = "", b = ""] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  return a !== "" && (Number(a) < major || (Number(a) === major && Number(b) < minor));
}
