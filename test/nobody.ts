/** Runs a program as nobody, also in a checkout that only its owner may read (a clone in /root, or in a directory of mktemp's as in .ci/run). */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

export const NOBODY = 65534;
const CHECKOUT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/**
 * The argv to put before the program's: root becomes nobody with exactly these capabilities (`net_admin`, …), and can't get others.
 * Where a directory above the checkout is closed to others, the program gets a mount namespace in which it is open, with nothing but the checkout in it.
 */
export function asNobody(...capabilities: string[]): string[] {
  const set = ["-all", ...capabilities.map((name) => `+${name}`)].join(",");
  const user = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--no-new-privs"];
  return [...withOpenCheckout(), ...user, `--inh-caps=${set}`, `--ambient-caps=${set}`, `--bounding-set=${set}`];
}

function withOpenCheckout(): string[] {
  const closed = closedDirectories(CHECKOUT).at(-1);
  if (closed === undefined) return [];
  const script = `
    set -e
    mount --bind "$1" /mnt
    mount -t tmpfs -o mode=755 open "$2"
    mkdir -p -m 755 "$1"
    mount --bind /mnt "$1"
    umount /mnt
    shift 2
    exec "$@"`;
  return ["unshare", "--mount", "sh", "-c", script, "open-checkout", CHECKOUT, closed];
}

/** From the path itself to the root. */
function closedDirectories(path: string): string[] {
  const closed = statSync(path).mode & 0o001 ? [] : [path];
  return path === "/" ? closed : [...closed, ...closedDirectories(dirname(path))];
}
