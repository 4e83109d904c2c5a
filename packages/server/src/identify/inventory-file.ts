/** The inventory's YAML file, looked at again every second or two. A broken edit keeps the last good one in force and says where it broke. */
import { readFile, stat } from "node:fs/promises";
import { EMPTY_INVENTORY, type Inventory } from "./inventory-schema.ts";
import { parseInventory } from "./inventory-yaml.ts";

export interface InventoryFileState {
  readonly path: string;
  /** When the inventory in force was read, ms since 1970; null: never. */
  readonly loadedMs: number | null;
  /** Why the file as it is now is not in force. */
  readonly error: string | null;
}

export interface InventoryFileDeps {
  readonly logger: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
  readonly now: () => number;
  /** Called with each new version, the first one too. */
  readonly onChange: (inventory: Inventory) => void;
}

export class InventoryFile {
  readonly #path: string;
  readonly #pollMs: number;
  readonly #deps: InventoryFileDeps;
  #timer: NodeJS.Timeout | null = null;
  #stamp = "";
  #loadedMs: number | null = null;
  #error: string | null = null;

  constructor(config: { path: string; pollMs: number }, deps: InventoryFileDeps) {
    this.#path = config.path;
    this.#pollMs = config.pollMs;
    this.#deps = deps;
  }

  get state(): InventoryFileState {
    return { path: this.#path, loadedMs: this.#loadedMs, error: this.#error };
  }

  /** Reads it and goes on watching. A file that is broken or missing at the start is no reason not to start: flows come in all the same. */
  async start(): Promise<void> {
    await this.#look();
    if (this.#loadedMs === null) this.#deps.onChange(EMPTY_INVENTORY);
    this.#schedule();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #schedule(): void {
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
      if (stamp === this.#stamp) return;
      const inventory = parseInventory(await readFile(this.#path, "utf8"), this.#path);
      this.#stamp = stamp;
      this.#loadedMs = this.#deps.now();
      this.#error = null;
      this.#deps.logger.info({ path: this.#path, networks: inventory.networks.length }, "the inventory was read");
      this.#deps.onChange(inventory);
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  #fail(message: string): void {
    if (message === this.#error) return;
    this.#error = message;
    const inForce = this.#loadedMs === null ? "no inventory is in force" : "the last good one stays in force";
    this.#deps.logger.warn({ path: this.#path, error: message }, `the inventory can't be used, ${inForce}`);
  }
}
