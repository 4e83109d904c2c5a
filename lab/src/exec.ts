/** Runs a caller's program on a node of the lab. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { markerVariable, namespaceOf } from "./names.ts";
import { labPath } from "./programs.ts";
import { type RunOptions, type RunResult, tryRun } from "./run.ts";
import { type LabRef, requireLab } from "./state.ts";
import { nodeByName } from "./topology.ts";

/** The command that runs `argv` in a namespace. `ip netns exec` ends in execvp, so the pid is the program's own. */
export const inNamespace = (namespace: string, argv: readonly string[]): string[] => ["ip", "netns", "exec", namespace, ...argv];

export const labEnv = (lab: string, env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  ...env,
  PATH: env.PATH ?? labPath(),
  [markerVariable]: lab,
});

/**
 * Runs a program on a node to its end. A program's failure is a value (`code`), not a throw.
 * @throws LabError LAB_NOT_UP, LAB_UNKNOWN_NODE
 */
export async function execIn(ref: LabRef, node: string, argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  requireLab(ref);
  return tryRun(inNamespace(namespaceOf(ref.name, nodeByName(node).name), argv), {
    ...options,
    env: labEnv(ref.name, options.env),
  });
}

/**
 * Starts a program on a node. It lives at most as long as the lab: `labDown` ends it.
 * @throws LabError LAB_NOT_UP, LAB_UNKNOWN_NODE
 */
export function spawnIn(ref: LabRef, node: string, argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
  requireLab(ref);
  const [program, ...rest] = inNamespace(namespaceOf(ref.name, nodeByName(node).name), argv);
  return spawn(program!, rest, { ...options, env: labEnv(ref.name, options.env) });
}
