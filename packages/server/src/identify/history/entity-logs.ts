/** The logs of all entities, by source and by network. */
import { type EntityRef, type EntityVersion, entityKey, type InventoryChange, sourceKind } from "./change.ts";
import { EntityLog } from "./entity-log.ts";

export class EntityLogs {
  /** By `entityKey`. */
  readonly #logs = new Map<string, EntityLog>();
  readonly #bySource = new Map<string, Set<EntityLog>>();
  readonly #byNetwork = new Map<string, Set<EntityLog>>();
  /** By source and network: when it was first told of. */
  readonly #firsts = new Map<string, number>();
  #size = 0;

  /** Changes. */
  get size(): number {
    return this.#size;
  }

  find(ref: EntityRef): EntityLog | undefined {
    return this.#logs.get(entityKey(ref));
  }

  /** False: it is known. */
  add(change: InventoryChange): boolean {
    this.noteFirst(change.source, change.network, change.atMs);
    if (!this.#log(change).add(change)) return false;
    this.#size++;
    return true;
  }

  /** When a source first told of a network, as far as that is known from elsewhere, ms since 1970. */
  noteFirst(source: string, network: string, atMs: number): void {
    const key = JSON.stringify([source, network]);
    const known = this.#firsts.get(key);
    if (known === undefined || atMs < known) this.#firsts.set(key, atMs);
  }

  sources(): readonly string[] {
    return [...this.#bySource.keys()];
  }

  /** By id, in order: those that are gone, too. */
  networks(): readonly string[] {
    return [...this.#byNetwork.keys()].sort();
  }

  hasNetwork(network: string): boolean {
    return this.#byNetwork.has(network);
  }

  /** Does a source tell of anything now? */
  tells(source: string): boolean {
    for (const { newest } of this.#bySource.get(source) ?? []) if (newest?.entity !== null) return true;
    return false;
  }

  /** Entities that a source tells of now. */
  inForce(source: string): EntityLog[] {
    return [...(this.#bySource.get(source) ?? [])].filter(({ newest }) => newest?.entity !== null);
  }

  /** Of every entity of a network, of every source. */
  versions(network: string): EntityVersion[] {
    return [...(this.#byNetwork.get(network) ?? [])].flatMap((log) =>
      log.versions(this.#firsts.get(JSON.stringify([log.ref.source, network])) ?? Number.NEGATIVE_INFINITY),
    );
  }

  /** Lets go of what was over longest ago, so that `count` changes are left, or as many as are in force. Returns before when, ms since 1970. */
  forget(count: number): number {
    const times = [...this.#logs.values()].flatMap((log) => log.changes.map(({ atMs }) => atMs)).sort((a, b) => b - a);
    const beforeMs = times[count] ?? 0;
    for (const [key, log] of this.#logs) {
      this.#size -= log.forget(beforeMs);
      if (log.changes.length > 0) continue;
      this.#logs.delete(key);
      dropFrom(this.#bySource, log.ref.source, log);
      dropFrom(this.#byNetwork, log.ref.network, log);
    }
    // Agents may name any number of networks: when they first did is known to the store.
    for (const key of this.#firsts.keys()) {
      const [source, network] = JSON.parse(key) as [string, string];
      if (sourceKind(source) === "agent" && !this.#byNetwork.has(network)) this.#firsts.delete(key);
    }
    return beforeMs;
  }

  #log({ source, network, kind, id }: InventoryChange): EntityLog {
    const ref = { source, network, kind, id };
    const key = entityKey(ref);
    let log = this.#logs.get(key);
    if (log === undefined) {
      log = new EntityLog(ref);
      this.#logs.set(key, log);
      addTo(this.#bySource, source, log);
      addTo(this.#byNetwork, network, log);
    }
    return log;
  }
}

function dropFrom(map: Map<string, Set<EntityLog>>, key: string, log: EntityLog): void {
  const set = map.get(key);
  set?.delete(log);
  if (set?.size === 0) map.delete(key);
}

function addTo(map: Map<string, Set<EntityLog>>, key: string, log: EntityLog): void {
  const set = map.get(key);
  if (set === undefined) map.set(key, new Set([log]));
  else set.add(log);
}
