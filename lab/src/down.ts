/** Takes a lab down, also one that was left half built or whose maker was killed: nothing here trusts what was written down. */
import { readdirSync, realpathSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { stopAgents } from "./agent-processes.ts";
import { LabError } from "./errors.ts";
import {
  checkLabName,
  deviceOf,
  labDir,
  labsRoot,
  namespacesOf,
  netnsConfigDir,
  wireguardSocket,
  wireguardSocketDir,
} from "./names.ts";
import { findLabProcesses, findUsersOf, sendSignal, waitForEnd } from "./processes.ts";
import { checkRoot } from "./programs.ts";
import { run } from "./run.ts";
import { claimedLabs, type LabRef, removeFile } from "./state.ts";
import { wireguardNodes } from "./wireguard.ts";

export interface DownOptions extends LabRef {
  /** A directory outside of the lab's own that goes with it. */
  dataDir?: string;
  onProgress?: (message: string) => void;
}

/** How long a server's engine may take to end when its server is gone. */
const dataTimeoutMs = 20_000;

/**
 * Removes every trace of a lab: agents (asked to stop first), all other processes in its namespaces, namespaces, sockets, files. Does nothing if there is none.
 * @returns whether there was anything to remove
 * @throws LabError LAB_NOT_ROOT, LAB_BAD_NAME, LAB_STILL_THERE
 */
export async function labDown(options: DownOptions): Promise<{ removed: boolean }> {
  const lab = checkLabName(options.name);
  checkRoot();
  const progress = options.onProgress ?? (() => undefined);
  const agents = await stopAgents(lab);
  if (agents.length > 0) progress(`stopped the agents on ${agents.join(", ")}`);
  const processes = await endProcesses(lab);
  if (processes > 0) progress(`ended ${processes} processes`);
  const namespaces = await removeNamespaces(lab);
  if (namespaces > 0) progress(`removed ${namespaces} namespaces`);
  if (options.dataDir !== undefined) await removeData(lab, options.dataDir);
  const claimed = removeFiles(lab);
  return { removed: claimed || processes > 0 || namespaces > 0 || agents.length > 0 };
}

/** A process may start another one while we look: so look until there is none. */
async function endProcesses(lab: string): Promise<number> {
  let ended = 0;
  for (let round = 0; round < 20; round++) {
    const found = findLabProcesses(lab);
    if (found.length === 0) return ended;
    ended += found.filter((id) => sendSignal(id, "SIGKILL")).length;
    await waitForEnd(found, 500);
  }
  const what = findLabProcesses(lab).map((id) => `process ${id.pid}`);
  if (what.length === 0) return ended;
  throw new LabError(
    { code: "LAB_STILL_THERE", name: lab, what },
    `lab "${lab}" does not end: ${what.join(", ")} survived SIGKILL`,
  );
}

async function removeNamespaces(lab: string): Promise<number> {
  const present = new Set(readdirIfThere("/run/netns"));
  const ours = namespacesOf(lab).filter((namespace) => present.has(namespace));
  if (ours.length > 0)
    await run(["ip", "-batch", "-"], { input: ours.map((namespace) => `netns delete ${namespace}\n`).join("") });
  return ours.length;
}

/** A process that outlives its server for a moment would write its files again after they are removed: the store's engine, whose environment has no mark. */
async function removeData(lab: string, dir: string): Promise<void> {
  const path = realpathIfThere(dir);
  const left = await waitForEnd(findUsersOf(path), dataTimeoutMs);
  if (left.length > 0) {
    const what = left.map((id) => `process ${id.pid}`);
    const message = `lab "${lab}" is down, but ${what.join(", ")} still has files of ${path} open: end it, then take the lab down again`;
    throw new LabError({ code: "LAB_STILL_THERE", name: lab, what }, message);
  }
  removeFile(path);
}

/** Folders that labs share go with the last lab: nobody else is just about to put something there. */
function removeFiles(lab: string): boolean {
  for (const node of wireguardNodes) removeFile(wireguardSocket(deviceOf(lab, node.short!)));
  for (const namespace of namespacesOf(lab)) removeFile(join(netnsConfigDir, namespace));
  const claimed = claimedLabs();
  if (claimed.every((other) => other === lab)) {
    removeIfEmpty(wireguardSocketDir);
    removeIfEmpty(netnsConfigDir);
  }
  if (!claimed.includes(lab)) return false;
  // With a directory of the caller's choice ours is a link to it.
  removeFile(realpathIfThere(labDir(lab)));
  removeFile(labDir(lab));
  removeIfEmpty(labsRoot);
  return true;
}

function realpathIfThere(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return path;
    throw error;
  }
}

function readdirIfThere(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function removeIfEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch (error) {
    if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
