/** Whether this process may capture, and what to do if not. */
import { readFileSync } from "node:fs";
import { hasCapability, NET_ADMIN } from "./capabilities.ts";

/** Null if flows can be captured; else why not, in words for a person. Outside of Linux the agent itself says what is missing. */
export function missingPrivilege(): string | null {
  if (process.platform !== "linux" || hasNetAdmin()) return null;
  const start = "Nothing is captured on this machine: reading the kernel's connection table needs ";
  if (process.getuid?.() === 0)
    return `${start}the capability CAP_NET_ADMIN, which root does not have here (a container?). Start it with --cap-add NET_ADMIN --cap-add NET_RAW`;
  return `${start}root. Stop this and start it with: sudo npm start`;
}

function hasNetAdmin(): boolean {
  return hasCapability(readFileSync("/proc/self/status", "latin1"), NET_ADMIN);
}
