/** How much of a name may be kept. */
import { secondLevel } from "./decode/second-level.ts";
import type { NameMode } from "./policy.ts";

export function shown(name: string, mode: NameMode): string {
  return mode === "second-level" ? secondLevel(name) : name;
}
