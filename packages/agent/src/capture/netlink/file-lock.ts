/** flock(2): a lock that the kernel lets go of when its holder dies, however it dies. */
import { closeSync, openSync } from "node:fs";
import { CaptureError } from "../errors.ts";
import { errno, libc } from "./libc.ts";

const LOCK_EX = 2;

/**
 * Runs `work` alone among all processes that use this file, waiting for the others (who hold it for milliseconds).
 * @throws CaptureError CAPTURE_STATE_FILE
 */
export function withFileLock<T>(path: string, work: () => T): T {
  let fd: number;
  try {
    fd = openSync(path, "a", 0o600);
  } catch (cause) {
    throw new CaptureError({ code: "CAPTURE_STATE_FILE", path }, `can't open the lock ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
  try {
    if (libc().flock(fd, LOCK_EX) < 0) {
      throw new CaptureError({ code: "CAPTURE_STATE_FILE", path }, `can't lock ${path}: ${libc().strerror(errno())}`);
    }
    return work();
  } finally {
    closeSync(fd);
  }
}
