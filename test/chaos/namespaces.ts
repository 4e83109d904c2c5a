/** Network namespaces and directories of beds whose process was killed: they are taken down by the next one. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TwoNamespaces } from "../integration/harness/two-namespaces.ts";

const PREFIX = "flowtrail-chaos-";
/** The process id of whoever made it follows. */
export const DIRECTORY = join(tmpdir(), PREFIX);

export const partName = (pid: number): string => `chaos${pid}`;
/** What `ip netns exec` shows a namespace instead of /etc. */
export const etcOf = (namespace: string): string => `/etc/netns/${namespace}`;

export function removeAbandoned(): void {
  const isAlive = (pid: string) => existsSync(`/proc/${pid}`);
  const ends = new Map<string, TwoNamespaces>();
  for (const name of existsSync("/run/netns") ? readdirSync("/run/netns") : []) {
    const [, pid = "", stem = ""] = /^(?=ft-chaos(\d+)-)(.*)-[ab]$/.exec(name) ?? [];
    if (pid === "" || isAlive(pid)) continue;
    ends.set(stem, Object.assign(new TwoNamespaces(""), { a: `${stem}-a`, b: `${stem}-b` }));
    rmSync(etcOf(name), { recursive: true, force: true });
  }
  for (const both of ends.values()) both.down();
  for (const name of readdirSync(tmpdir())) {
    const [, pid = ""] = new RegExp(`^${PREFIX}(\\d+)-`).exec(name) ?? [];
    if (pid === "" || isAlive(pid)) continue;
    endProcessesOf(join(tmpdir(), name));
    removeDirectory(join(tmpdir(), name));
  }
}

/** A server of a bed that was killed lives on, outside of its namespaces. */
function endProcessesOf(dir: string): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`${dir}/`)) process.kill(Number(pid), "SIGKILL");
    } catch (error) {
      // It ended by itself.
      if (!["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
}

/** With the disks that are mounted in it. */
export function removeDirectory(dir: string): void {
  const mounts = execFileSync("findmnt", ["-rn", "-o", "TARGET"], { encoding: "utf8" }).split("\n");
  for (const mount of mounts.reverse()) if (`${mount}/`.startsWith(`${dir}/`)) execFileSync("umount", ["--lazy", mount]);
  rmSync(dir, { recursive: true, force: true });
}
