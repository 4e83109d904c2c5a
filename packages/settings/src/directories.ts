/** Where our programs keep what is theirs if nobody says otherwise. */
import { homedir } from "node:os";
import { join } from "node:path";

type Part = "server" | "agent";

/** The system's folder for root, the user's own (XDG) for everybody else. */
export function defaultDirectory(
  part: Part,
  env: Readonly<Record<string, string | undefined>> = process.env,
  uid = process.getuid?.(),
): string {
  if (uid === 0) return `/var/lib/flowtrail/${part}`;
  // An empty XDG_STATE_HOME counts as none (XDG Base Directory Specification).
  return join(env.XDG_STATE_HOME || join(env.HOME || homedir(), ".local", "state"), "flowtrail", part);
}

/** The same in words, for help and reference pages that are to be alike on every machine. */
export function defaultDirectoryText(part: Part): string {
  return `/var/lib/flowtrail/${part}, or ~/.local/state/flowtrail/${part} without root`;
}
