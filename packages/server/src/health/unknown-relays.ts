/** Forwarders whose reports count although the inventory does not know that they are on the way: of two on one way, both would. */

export interface UnknownRelay {
  readonly reporter_id: string;
  readonly reporter: string;
  /** Since the start of this server. */
  readonly rows: number;
  readonly last_seen: string;
}

const MAX_RELAYS = 1000;

export class UnknownRelays {
  readonly #now: () => number;
  readonly #relays = new Map<string, { name: string; rows: number; lastMs: number }>();

  constructor(deps: { now: () => number }) {
    this.#now = deps.now;
  }

  note({ id, name }: { readonly id: string; readonly name: string }): void {
    const known = this.#relays.get(id);
    if (known === undefined && this.#relays.size >= MAX_RELAYS) return;
    this.#relays.set(id, { name, rows: (known?.rows ?? 0) + 1, lastMs: this.#now() });
  }

  /** By name. */
  report(): UnknownRelay[] {
    return [...this.#relays]
      .map(([id, { name, rows, lastMs }]) => ({
        reporter_id: id,
        reporter: name,
        rows,
        last_seen: new Date(lastMs).toISOString(),
      }))
      .sort((a, b) => (a.reporter < b.reporter ? -1 : 1));
  }
}
