/** The agent of this node: what it says of itself in status.json, what its process may, what its spool holds. */
import { readFileSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { formatBytes, formatCount } from "@flowtrail/model";
import { hasCapability, hasMoreThanNeeded, NET_ADMIN, NET_RAW } from "../capabilities.ts";
import { isAlive } from "../local-server.ts";
import { type Finding, findings } from "./finding.ts";

const { ok, warn, fail, skip } = findings("agent");
/** It is written every 5 s. */
const OLD_MS = 30_000;
const LEAST_FREE_BYTES = 512 * 1024 * 1024;

/** The parts of status.json that are looked at. */
export interface KnownStatus {
  readonly pid: number;
  readonly node: string;
  readonly server: string;
  readonly updated: string;
  readonly state: string;
  readonly version: string;
  readonly problems: readonly string[];
  readonly networks: readonly { readonly id: string }[];
  readonly drops: Readonly<Record<string, number>>;
  /** Left out by an older agent. */
  readonly denied?: {
    readonly listening: boolean;
    readonly group: number;
    readonly rules: string;
    readonly logged: number;
    readonly traced: number;
  };
  readonly spool: { readonly batches: number; readonly bytes: number };
}

/** Null: no agent has used this directory. */
export function readStatus(state: string): KnownStatus | null {
  try {
    return JSON.parse(readFileSync(join(state, "status.json"), "utf8")) as KnownStatus;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

export function isRunning({ pid, state }: KnownStatus): boolean {
  return state !== "stopped" && isAlive(pid);
}

export async function agentFindings(state: string, status: KnownStatus | null): Promise<Finding[]> {
  if (status === null)
    return [
      skip("agent", `no agent has run on ${state}`, "flowtrail agent --server URL --token-file FILE, or --state where it runs"),
    ];
  if (!isRunning(status))
    return [
      fail(
        "agent",
        `the agent of ${status.node} does not run (last heard ${status.updated})`,
        "sudo systemctl start flowtrail-agent, or flowtrail agent …",
      ),
      ...(await spool(state, status)),
    ];
  const ageMs = Date.now() - Date.parse(status.updated);
  const said =
    ageMs < OLD_MS
      ? ok("agent", `the agent of ${status.node} is ${status.state} (${status.version}, process ${status.pid})`)
      : fail(
          "agent",
          `the agent of ${status.node} has said nothing for ${Math.round(ageMs / 1000)} s`,
          `see what holds it up: journalctl -u flowtrail-agent; then restart it`,
        );
  const problems = status.problems.map((problem) => fail("problem", problem));
  const networks =
    status.networks.length > 0
      ? ok("networks", `records ${status.networks.map(({ id }) => id).join(", ")}`)
      : warn(
          "networks",
          "it has found no overlay network: nothing is recorded",
          "bring the WireGuard interface up, or name it: --network ID=CIDR",
        );
  return [
    said,
    ...problems,
    networks,
    ...privileges(status.pid),
    ...denied(status),
    ...drops(status),
    ...(await spool(state, status)),
  ];
}

function privileges(pid: number): Finding[] {
  const text = readFileSync(`/proc/${pid}/status`, "latin1");
  if (!hasCapability(text, NET_ADMIN) || !hasCapability(text, NET_RAW))
    return [
      fail("privileges", "the agent's process lacks CAP_NET_ADMIN or CAP_NET_RAW", "start it by its systemd unit, or with sudo"),
    ];
  if (hasMoreThanNeeded(text))
    return [
      warn(
        "privileges",
        "the agent's process may do more than it needs",
        "packages/agent/systemd/flowtrail-agent.service gives it two capabilities only",
      ),
    ];
  return [ok("privileges", "the agent's process has the two capabilities that it needs, and no other")];
}

/** Whether rules tell of what they drop. Why it can't listen is among its problems. */
function denied({ denied }: KnownStatus): Finding[] {
  if (!denied?.listening) return [];
  const { group, rules, logged, traced } = denied;
  const heard = `denied attempts: ${formatCount(logged)} packets of nflog group ${group}${rules === "off" ? "" : `, ${formatCount(traced)} traced`}`;
  if (logged > 0 || rules !== "off") return [ok("denied", heard)];
  return [
    warn(
      "denied",
      `${heard}: nothing was dropped since its start, or no rule tells of it`,
      `nft list ruleset | grep 'group ${group}'; iptables-save | grep 'nflog-group ${group}'; docs/how-to/denied.md has lines to add`,
    ),
  ];
}

function drops({ drops }: KnownStatus): Finding[] {
  const lost = Object.entries(drops).filter(([reason, count]) => count > 0 && !/^(denied_)?excluded/.test(reason));
  if (lost.length === 0) return [ok("drops", "nothing was dropped since its start")];
  const text = lost.map(([reason, count]) => `${reason} ${formatCount(count)}`).join(", ");
  return [warn("drops", `dropped since its start: ${text}`, "docs/how-to/agents.md says what each reason means")];
}

async function spool(state: string, status: KnownStatus): Promise<Finding[]> {
  const { batches, bytes } = status.spool;
  const { bavail, bsize } = await statfs(state);
  const free = bavail * bsize;
  const held = `spool: ${formatCount(batches)} batches, ${formatBytes(bytes)}; ${formatBytes(free)} free on its disk`;
  const mode = statSync(state).mode & 0o777;
  return [
    free < LEAST_FREE_BYTES ? warn("spool", held, `make room on the disk of ${state}, or move it: --state`) : ok("spool", held),
    ...((mode & 0o007) === 0
      ? []
      : [warn("state", `every user of this machine can look into ${state} (mode ${mode.toString(8)})`, `chmod 700 ${state}`)]),
  ];
}
