/**
 * `flowtrail agent` becomes the agent: the process image is replaced (execve), so pid, parent, standard streams and signals stay what they are, and
 * nothing is left of what the command line had loaded. docs/decisions/0002-agent-memory.md has the numbers.
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CliError } from "./errors.ts";

/** The agent in one file of JavaScript: without Node's TypeScript compiler in memory. */
const BUNDLE = fileURLToPath(new URL("../dist/agent.js", import.meta.url));
const SOURCE = fileURLToPath(new URL("./agent-main.ts", import.meta.url));
const PACKAGES = fileURLToPath(new URL("../..", import.meta.url));
/** What the bundle is made of, below `packages`. */
const BUNDLED = ["agent/src", "model/src", "settings/src", "cli/src/agent-main.ts", "cli/src/lifeline.ts"];

/** Young objects are few and short-lived in an agent: Node's 16 MiB for them would only be touched and left. */
const NODE_FLAGS = ["--max-semi-space-size=1"];
/** glibc, mallopt(3): large buffers go back to the kernel when they are freed, and one arena serves all threads. Other libcs ignore it. */
const MALLOC = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_TRIM_THRESHOLD_: "131072" };

/** Does not return. @throws CliError PLATFORM where a process can't be replaced */
export function becomeAgent(args: readonly string[]): never {
  if (!process.execve)
    throw new CliError(
      { code: "PLATFORM" },
      `flows are captured from the Linux kernel, and this is ${process.platform}: run the agent on a Linux machine`,
    );
  const main = isFresh(BUNDLE) ? BUNDLE : SOURCE;
  // Whoever set one of them knows better.
  return process.execve(process.execPath, [process.execPath, ...NODE_FLAGS, main, ...args], { ...MALLOC, ...process.env });
}

/** A bundle that is older than a source is that of another agent: then the sources run as they are. */
function isFresh(bundle: string): boolean {
  const made = statSync(bundle, { throwIfNoEntry: false });
  return made !== undefined && BUNDLED.every((part) => newestMs(join(PACKAGES, part)) <= made.mtimeMs);
}

function newestMs(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return Number.POSITIVE_INFINITY;
  if (!stat.isDirectory()) return stat.mtimeMs;
  const sources = readdirSync(path, { encoding: "utf8", recursive: true }).filter((name) => /(?<!\.test)\.ts$/.test(name));
  return Math.max(...sources.map((name) => statSync(join(path, name)).mtimeMs));
}
