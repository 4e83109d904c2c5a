/** Runs the places that the inventory comes from, and hands what they say to the history. */
import type { Inventory } from "../inventory-schema.ts";
import type { InventorySource, SourceDeps, SourceState } from "./source.ts";

export interface SourcesDeps {
  readonly history: {
    apply(source: string, inventory: Inventory, change: { who: string; atMs?: number }): number;
    retire(source: string, change: { who: string }): number;
    readonly otherFile: string | null;
  };
  /** What may be kept of what a source tells: names of people may be under pseudonyms. Left out: all of it. */
  readonly kept?: (inventory: Inventory) => Inventory;
  readonly logger: SourceDeps["logger"];
  readonly now: () => number;
}

export class Sources {
  readonly #deps: SourcesDeps;
  readonly #sources = new Map<string, InventorySource>();
  /** As told. */
  readonly #told = new Map<string, Inventory>();
  #isStarted = false;

  constructor(deps: SourcesDeps) {
    this.#deps = deps;
  }

  /** Adds a source, also while the others run: then it is started at once. Its name is taken from its state, and must not change. */
  async add<S extends InventorySource>(make: (deps: SourceDeps) => S): Promise<S> {
    const { history, logger, now, kept = (inventory) => inventory } = this.#deps;
    const source: S = make({
      logger,
      now,
      onChange: (inventory, atMs = now()) => {
        this.#told.set(source.state.name, inventory);
        return history.apply(source.state.name, kept(inventory), { who: whoOf(source.state), atMs });
      },
    });
    this.#sources.get(source.state.name)?.stop();
    this.#sources.set(source.state.name, source);
    if (this.#isStarted) await source.start();
    return source;
  }

  /** Ends a source for good: what it held, it holds until now. */
  remove(name: string, who: string): void {
    this.#sources.get(name)?.stop();
    this.#sources.delete(name);
    this.#told.delete(name);
    this.#deps.history.retire(name, { who });
  }

  /** What all of them told last, once more: other names may be kept of it now. */
  tellAgain(): void {
    const { history, now, kept = (inventory) => inventory } = this.#deps;
    for (const [name, source] of this.#sources) {
      const told = this.#told.get(name);
      if (told !== undefined) history.apply(name, kept(told), { who: whoOf(source.state), atMs: now() });
    }
  }

  get states(): readonly SourceState[] {
    const { otherFile } = this.#deps.history;
    return [...this.#sources.values()].map(({ state }) =>
      state.kind === "file" && state.error === null && otherFile !== null
        ? { ...state, error: otherFileError(state, otherFile) }
        : state,
    );
  }

  /** Starts them all. Never throws: what is wrong with one is in its state. */
  async start(): Promise<void> {
    this.#isStarted = true;
    await Promise.all([...this.#sources.values()].map((source) => source.start()));
  }

  stop(): void {
    this.#isStarted = false;
    for (const source of this.#sources.values()) source.stop();
  }
}

function otherFileError({ where }: SourceState, who: string): string {
  return (
    `another server was told something else than ${where} says (${who}), and that is in force: give all servers the same file, or let one of ` +
    "them alone read it"
  );
}

/** Who made a change: `file:/etc/inventory.yaml`, `netmaker:https://…`, `agent:inetgw`. */
function whoOf({ kind, where }: SourceState): string {
  return `${kind}:${where}`;
}
