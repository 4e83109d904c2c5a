/**
 * One agent per directory. SQLite's exclusive transaction on an empty file is a POSIX record lock, which Node cannot take by itself:
 * the kernel gives it back when the process dies, however that happens, and it holds across network and pid namespaces.
 */
import { DatabaseSync } from "node:sqlite";
import { SpoolError, spoolError } from "./errors.ts";

/** SQLITE_BUSY (https://sqlite.org/rescode.html#busy). */
const SQLITE_BUSY = 5;

export class DirectoryLock {
  readonly #path: string;
  #database: DatabaseSync | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** Throws SPOOL_LOCKED if another process, or another spool of this one, holds it. */
  acquire(): void {
    try {
      this.#database = new DatabaseSync(this.#path, { timeout: 0 });
      // Nothing is ever written: the transaction is held for its lock, and its journal would be one more file.
      this.#database.prepare("PRAGMA journal_mode=MEMORY").get();
      this.#database.exec("BEGIN EXCLUSIVE");
    } catch (cause) {
      this.release();
      if ((cause as { errcode?: number }).errcode !== SQLITE_BUSY) throw spoolError(cause, "cannot lock", this.#path);
      throw new SpoolError(
        { code: "SPOOL_LOCKED", path: this.#path },
        `another flowtrail agent is running on this directory (lock ${this.#path}). Stop it first, or give this one a --state of its own`,
        { cause },
      );
    }
  }

  release(): void {
    this.#database?.close();
    this.#database = null;
  }
}
