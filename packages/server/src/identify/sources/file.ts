/** The inventory's YAML file, looked at again every second. A broken edit keeps the last good one in force and says where it broke. */
import { readFile, stat } from "node:fs/promises";
import { parseInventory } from "../inventory-yaml.ts";
import type { InventorySource, SourceDeps, SourceState } from "./source.ts";

/** Reading 1 MB (10,000 users) takes more than a second: a larger inventory has another source. */
const MAX_BYTES = 16 * 2 ** 20;

export class InventoryFile implements InventorySource {
  readonly #path: string;
  readonly #pollMs: number;
  readonly #deps: SourceDeps;
  #timer: NodeJS.Timeout | null = null;
  /** Of what is in force. */
  #stamp: string | null = null;
  /** Of the look before. */
  #seen: string | null = null;
  #lastSyncMs: number | null = null;
  #nextTryMs: number | null = null;
  #error: string | null = null;

  constructor(config: { path: string; pollMs: number }, deps: SourceDeps) {
    this.#path = config.path;
    this.#pollMs = config.pollMs;
    this.#deps = deps;
  }

  get state(): SourceState {
    return {
      name: "file",
      kind: "file",
      where: this.#path,
      lastSyncMs: this.#lastSyncMs,
      error: this.#error,
      nextTryMs: this.#nextTryMs,
    };
  }

  /** Reads it and goes on watching. A file that is broken or missing at the start is no reason not to start: flows come in all the same. */
  async start(): Promise<void> {
    await this.#look();
    this.#schedule();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#nextTryMs = null;
  }

  #schedule(): void {
    this.#nextTryMs = this.#deps.now() + this.#pollMs;
    this.#timer = setTimeout(() => {
      void this.#look().then(() => {
        if (this.#timer !== null) this.#schedule();
      });
    }, this.#pollMs);
    this.#timer.unref();
  }

  /** Polled and not watched with inotify: that misses a file which an editor or a config map replaces, and network file systems. */
  async #look(): Promise<void> {
    try {
      const { mtimeMs, size, ino } = await stat(this.#path);
      const stamp = `${mtimeMs} ${size} ${ino}`;
      const isSettled = stamp === this.#seen;
      this.#seen = stamp;
      if (stamp === this.#stamp) return this.#inForce();
      // Whoever writes in place empties it first: half an edit would take holders away for a moment, and the history would keep that for ever.
      if (this.#stamp !== null && !isSettled) return;
      if (size > MAX_BYTES) return this.#fail(`${this.#path} has ${size} bytes: more than ${MAX_BYTES} are not read`);
      const text = await readFile(this.#path, "utf8");
      if (this.#stamp !== null && text.trim() === "")
        return this.#fail(`${this.#path} is empty: write "networks: []" if nothing shall be known any more`);
      const inventory = parseInventory(text, this.#path);
      this.#stamp = stamp;
      this.#inForce();
      this.#deps.logger.info({ path: this.#path, networks: inventory.networks.length }, "the inventory was read");
      this.#deps.onChange(inventory);
    } catch (error) {
      this.#fail(reasonOf(error, this.#path));
    }
  }

  #inForce(): void {
    this.#lastSyncMs = this.#deps.now();
    this.#error = null;
  }

  #fail(message: string): void {
    if (message === this.#error) return;
    this.#error = message;
    this.#deps.logger.warn(
      { path: this.#path, error: message },
      "the inventory can't be used, the last good one (if there was one) stays in force",
    );
  }
}

function reasonOf(error: unknown, path: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return `${path} is not there: make it, or take inventory.file out of the configuration (ENOENT)`;
  if (code === "EACCES" || code === "EPERM") return `${path} may not be read by the user that the server runs as (${code})`;
  return message;
}
