/** What can go wrong with the spool. The message says what, where and what to do. */
import { FlowtrailError } from "@flowtrail/model";

export type SpoolErrorData =
  /** Operator: another agent works in this directory. */
  | { code: "SPOOL_LOCKED"; path: string }
  /** Operator: missing rights, a read-only file system, or the path is no directory. */
  | { code: "SPOOL_UNWRITABLE"; path: string; errno: string }
  /** Environment: no space (or quota) left. What was asked for did not happen; the same call may be repeated. */
  | { code: "SPOOL_DISK_FULL"; path: string; errno: string }
  /** Environment: any other failure of the disk. */
  | { code: "SPOOL_IO"; path: string; errno: string }
  /** Programmer: one batch larger than the whole spool may be. */
  | { code: "SPOOL_BATCH_TOO_LARGE"; bytes: number; limitBytes: number }
  /** Programmer: a method was called before open() or after close(). */
  | { code: "SPOOL_CLOSED" };

export class SpoolError extends FlowtrailError<SpoolErrorData> {}

/** Translates an error of node:fs. `what`: what was tried, such as "cannot write". */
export function spoolError(cause: unknown, what: string, path: string): SpoolError {
  if (cause instanceof SpoolError) return cause;
  const errno = (cause as NodeJS.ErrnoException).code ?? "unknown";
  const options = { cause };
  switch (errno) {
    case "ENOSPC":
    case "EDQUOT":
      return new SpoolError(
        { code: "SPOOL_DISK_FULL", path, errno },
        `${what} ${path}: no space left on the disk (${errno}). Free some space there, or move the state directory (--state)`,
        options,
      );
    case "EACCES":
    case "EPERM":
    case "EROFS":
    case "ENOTDIR":
    case "ENOENT":
    case "EEXIST":
      return new SpoolError(
        { code: "SPOOL_UNWRITABLE", path, errno },
        `${what} ${path} (${errno}). The agent needs a directory that its user may write to: choose another with --state, or change its owner`,
        options,
      );
    default:
      return new SpoolError(
        { code: "SPOOL_IO", path, errno },
        `${what} ${path} (${errno}: ${cause instanceof Error ? cause.message : String(cause)}). Look for disk errors in the kernel's log`,
        options,
      );
  }
}
