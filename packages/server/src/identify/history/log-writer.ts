/** Writes changes to the store in the background, and tries again until they are there. */
import { setTimeout as sleep } from "node:timers/promises";
import type { InventoryChange } from "./change.ts";

export interface LogWriterDeps {
  readonly append: (changes: readonly InventoryChange[]) => Promise<void>;
  /** Called when everything is stored. */
  readonly onDone: () => void;
  readonly logger: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** Rows of one INSERT. */
const MAX_AT_ONCE = 10_000;

export class LogWriter {
  readonly #deps: LogWriterDeps;
  readonly #ending = new AbortController();
  #waiting: InventoryChange[] = [];
  #running: Promise<void> | null = null;
  #failures = 0;
  #error: string | null = null;

  constructor(deps: LogWriterDeps) {
    this.#deps = deps;
  }

  /** Changes that are in force but not yet in the store. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Attempts to write that failed, since the start. */
  get failures(): number {
    return this.#failures;
  }

  /** Why the last attempt failed; null: it did not. */
  get error(): string | null {
    return this.#error;
  }

  add(changes: readonly InventoryChange[]): void {
    if (changes.length === 0) return;
    this.#waiting = [...this.#waiting, ...changes];
    this.#running ??= this.#run();
  }

  /** One last attempt. What the store does not take now is found out again by comparing, at the next start. */
  async stop(): Promise<void> {
    const failures = this.#failures;
    this.#ending.abort();
    await this.#running;
    if (this.#waiting.length === 0) return;
    try {
      // The attempt that was under way was the last one: a store that is away must not hold up the end twice.
      if (this.#failures === failures) await this.#write();
    } catch (error) {
      this.#error = error instanceof Error ? error.message : String(error);
    }
    if (this.#waiting.length > 0)
      this.#deps.logger.warn(
        { error: this.#error, changes: this.#waiting.length },
        "the inventory's last changes could not be stored: sources tell them again at the next start",
      );
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    for (let waitMs = FIRST_WAIT_MS; this.#waiting.length > 0 && !signal.aborted; ) {
      try {
        await this.#write();
        if (this.#error !== null) this.#deps.logger.info({}, "the inventory's changes are stored again");
        this.#error = null;
        waitMs = FIRST_WAIT_MS;
      } catch (error) {
        this.#failures++;
        const message = error instanceof Error ? error.message : String(error);
        if (message !== this.#error)
          this.#deps.logger.warn(
            { err: error, changes: this.#waiting.length },
            "the inventory's changes are in force but could not be stored, it is tried again",
          );
        this.#error = message;
        await sleep(waitMs, undefined, { signal, ref: false }).catch(() => undefined); // stop() ends the wait
        waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      }
    }
    this.#running = null;
    if (!signal.aborted) this.#deps.onDone();
  }

  async #write(): Promise<void> {
    const batch = this.#waiting.slice(0, MAX_AT_ONCE);
    await this.#deps.append(batch);
    this.#waiting = this.#waiting.slice(batch.length);
  }
}
