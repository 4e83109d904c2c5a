/**
 * Who has a data directory. The engine's own lock (a kernel lock on its `status` file) decides; this file only tells a person whom
 * to stop, and a restarted server whether waiting makes sense (its killed predecessor's engine needs a moment to go).
 */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { EngineError } from "./errors.ts";

interface Owner {
  readonly pid: number;
  readonly startTicks: string;
  readonly host: string;
}

const ownerPath = (dataDir: string) => join(dataDir, "owner.json");

/** When a process began, in clock ticks since boot: with the pid it names a process for good. Field 22 of proc(5) stat. */
async function startTicks(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in brackets and may hold anything, brackets too.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null; // no such process, or no /proc: it can't be named then
  }
}

/** Notes that this process has the directory. To be called by whoever holds the engine's lock. */
export async function noteOwner(dataDir: string): Promise<void> {
  const owner: Owner = { pid: process.pid, startTicks: (await startTicks(process.pid)) ?? "", host: hostname() };
  await writeFile(ownerPath(dataDir), JSON.stringify(owner), { mode: 0o600 });
}

export async function forgetOwner(dataDir: string): Promise<void> {
  await rm(ownerPath(dataDir), { force: true });
}

/** The pid of the living server that has the directory, or null when there is none (or none that can be seen from here). */
export async function livingOwner(dataDir: string): Promise<number | null> {
  let owner: Partial<Owner>;
  try {
    owner = JSON.parse(await readFile(ownerPath(dataDir), "utf8")) as Partial<Owner>;
  } catch {
    return null; // not written yet, half written, or left by nobody
  }
  if (typeof owner.pid !== "number" || owner.host !== hostname()) return null;
  return (await startTicks(owner.pid)) === owner.startTicks ? owner.pid : null;
}

/**
 * Makes the directory (0700) and proves that it can be written.
 * @throws EngineError ENGINE_DATA_DIR
 */
export async function prepareDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const probe = join(dataDir, `.probe-${process.pid}`);
    await writeFile(probe, "");
    await rm(probe);
  } catch (error) {
    const { code: errno = "UNKNOWN", path = dataDir } = error as NodeJS.ErrnoException;
    throw new EngineError(
      { code: "ENGINE_DATA_DIR", path: dataDir, errno },
      `The data directory ${dataDir} can't be written (${errno}${path === dataDir ? "" : ` at ${path}`}): ` +
        `give it to the server's user (chown, chmod u+rwx), or choose another one with --data.`,
      { cause: error },
    );
  }
}
