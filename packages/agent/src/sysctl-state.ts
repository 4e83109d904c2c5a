/** Where the kernel's settings from before us are noted: see capture/sysctl.ts. */
import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { networkNamespace } from "./capture/sysctl.ts";

const SHARED = "/run/flowtrail";

/** Agents of one network namespace share the note where they can; else it is in the agent's own state directory. */
export function sysctlStatePath(state: string): string {
  const name = `sysctl-${networkNamespace()}.json`;
  try {
    if (!existsSync(SHARED)) mkdirSync(SHARED, { mode: 0o755 });
    accessSync(SHARED, constants.W_OK);
    return join(SHARED, name);
  } catch {
    return join(state, name); // no right to write there: ours alone
  }
}
