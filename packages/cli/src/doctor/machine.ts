/** What capture needs of the kernel: read from /proc, changed by nobody. */
import { readFileSync } from "node:fs";
import { release } from "node:os";
import { hasCapability, NET_ADMIN, NET_RAW } from "../capabilities.ts";
import { type Finding, findings } from "./finding.ts";

const { ok, warn, fail, skip } = findings("machine");
const NETFILTER = "/proc/sys/net/netfilter";
/** Of Node, as package.json says. */
const LEAST_NODE = 20;
/** The agent's table is owned by its socket from this version on. */
const LEAST_KERNEL = [5, 12] as const;
/** Above it new connections may soon find no room. */
const NEARLY_FULL = 0.8;

/** The switches that an agent sets while it runs, and why. */
const SWITCHES = [
  ["nf_conntrack_acct", "without it there are no bytes and packets"],
  ["nf_conntrack_timestamp", "without it starts and ends are as exact as events arrive"],
  ["nf_conntrack_events", "without it nothing is heard of connections"],
] as const;

/** @param captures whether an agent runs here: the switches are its business */
export function machineFindings({ captures }: { captures: boolean }): Finding[] {
  if (process.platform !== "linux")
    return [fail("platform", `this is ${process.platform}: flows are captured on Linux only`, "run the agent on a Linux node")];
  return [node(), kernel(), ...conntrack(captures), ...privileges(captures)];
}

function node(): Finding {
  const major = Number(process.versions.node.split(".")[0]);
  const what = `Node ${process.versions.node}`;
  return major >= LEAST_NODE ? ok("node", what) : fail("node", `${what} is too old`, `install Node ${LEAST_NODE} or newer`);
}

function kernel(): Finding {
  const [major = 0, minor = 0] = release().split(/[.-]/).map(Number);
  const isNew = major > LEAST_KERNEL[0] || (major === LEAST_KERNEL[0] && minor >= LEAST_KERNEL[1]);
  return isNew
    ? ok("kernel", `Linux ${release()}`)
    : warn("kernel", `Linux ${release()} is older than ${LEAST_KERNEL.join(".")}: it was not tried`, "update the kernel");
}

function conntrack(captures: boolean): Finding[] {
  const count = numberOf("nf_conntrack_count");
  const max = numberOf("nf_conntrack_max");
  if (count === null || max === null)
    return [
      fail("conntrack", "this kernel has no connection tracking, or its module is not loaded", "sudo modprobe nf_conntrack"),
    ];
  const share = count / Math.max(1, max);
  const room = `connection table: ${count} of ${max} entries`;
  const table =
    share < NEARLY_FULL
      ? ok("conntrack", room)
      : warn(
          "conntrack",
          `${room}: nearly full, new connections will be dropped by the kernel`,
          `sudo sysctl -w net.netfilter.nf_conntrack_max=${max * 4}`,
        );
  if (!captures) return [table];
  return [table, ...SWITCHES.map(([name, why]) => switched(name, why))];
}

function switched(name: string, why: string): Finding {
  const value = numberOf(name);
  if (value === null) return warn("sysctl", `${name} can't be read here: ${why}`, "run this in the host's network namespace");
  if (value > 0) return ok("sysctl", `${name} = ${value}`);
  return warn("sysctl", `${name} is off: ${why}. A running agent switches it on`, `sudo sysctl -w net.netfilter.${name}=1`);
}

/** Of this process: of the agent's own, see agent.ts. */
function privileges(captures: boolean): Finding[] {
  if (captures) return [];
  const status = readFileSync("/proc/self/status", "latin1");
  if (hasCapability(status, NET_ADMIN) && hasCapability(status, NET_RAW))
    return [ok("privileges", "this user may capture (CAP_NET_ADMIN, CAP_NET_RAW)")];
  return [
    skip(
      "privileges",
      "this user may not capture: an agent needs CAP_NET_ADMIN and CAP_NET_RAW",
      "packages/agent/systemd/flowtrail-agent.service gives it both and nothing else; or start it with sudo",
    ),
  ];
}

function numberOf(name: string): number | null {
  try {
    return Number(readFileSync(`${NETFILTER}/${name}`, "utf8"));
  } catch {
    return null; // not in this kernel, or not in this namespace: told as such
  }
}
