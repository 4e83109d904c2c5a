/** A disk of a fixed size for one program: ext4 on a file, so that it can be really full, and really read-only under open files. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

const run = (program: string, ...args: string[]): string => execFileSync(program, args, { encoding: "utf8", stdio: "pipe" });

export class Disk {
  readonly path: string;
  readonly #image: string;
  #mounted = false;

  constructor(dir: string, name: string) {
    this.path = join(dir, name);
    this.#image = join(dir, `${name}.img`);
  }

  create(mebibytes: number): void {
    mkdirSync(this.path);
    writeFileSync(this.#image, "");
    truncateSync(this.#image, mebibytes * 2 ** 20);
    // Without blocks that are reserved for root: we are root.
    run("mkfs.ext4", "-q", "-m", "0", this.#image);
    this.#mount();
  }

  #mount(): void {
    run("mount", "-o", "loop,errors=remount-ro", this.#image, this.path);
    this.#mounted = true;
  }

  /** Takes all the room that there is. */
  fill(): void {
    // From large to small: the last block, too.
    for (const [i, bytes] of [2 ** 28, 2 ** 24, 2 ** 20, 2 ** 16, 2 ** 12].entries()) {
      for (let n = 0; this.#take(`ballast-${i}-${n}`, bytes); n++);
    }
  }

  #take(name: string, bytes: number): boolean {
    try {
      run("fallocate", "-l", String(bytes), join(this.path, name));
      return true;
    } catch (error) {
      if (!String((error as { stderr?: string }).stderr).includes("No space left")) throw error;
      rmSync(join(this.path, name), { force: true });
      return false;
    }
  }

  free(): void {
    run("find", this.path, "-maxdepth", "1", "-name", "ballast-*", "-delete");
  }

  /** What an error of the disk does: from now on it is read-only, for those who have files open, too. */
  fail(): void {
    const device = basename(run("findmnt", "-n", "-o", "SOURCE", this.path).trim());
    writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, "1");
  }

  /** What an operator does about it; nobody may have a file open there. */
  repair(): void {
    this.#unmount();
    // Exit code 1: it has corrected something.
    run("sh", "-c", `e2fsck -p "${this.#image}" >/dev/null || [ $? -eq 1 ]`);
    this.#mount();
  }

  #unmount(): void {
    run("umount", this.path);
    this.#mounted = false;
  }

  /** The image goes with its directory. */
  down(): void {
    if (this.#mounted) run("umount", "--lazy", this.path);
    this.#mounted = false;
  }
}
