/** Whether this process may capture, and what to do if not. */
import { readFileSync } from "node:fs";

/** CAP_NET_ADMIN in <linux/capability.h>. */
const CAP_NET_ADMIN = 12n;

/** Null if flows can be captured; else why not, in words for a person. Outside of Linux the agent itself says what is missing. */
export function missingPrivilege(): string | null {
  if (process.platform !== "linux" || hasNetAdmin()) return null;
  const start = "Nothing is captured on this machine: reading the kernel's connection table needs ";
  if (process.getuid?.() === 0)
    return `${start}the capability CAP_NET_ADMIN, which root does not have here (a container?). Start it with --cap-add NET_ADMIN --cap-add NET_RAW`;
  return `${start}root. Stop this and start it with: sudo npm start`;
}

/** Effective capabilities of this process: proc(5), /proc/PID/status. */
function hasNetAdmin(): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1];
  return mask !== undefined && ((BigInt(`0x${mask}`) >> CAP_NET_ADMIN) & 1n) === 1n;
}
