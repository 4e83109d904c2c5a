/** All changes of one entity, in the order of their times, and its versions. */
import type { EntityRef, EntityVersion, InventoryChange } from "./change.ts";
import { readEntity } from "./entities.ts";

export class EntityLog {
  readonly ref: EntityRef;
  /** In which words its source told what is in force, where that is known: to see soon that nothing changed. */
  told: string | null = null;
  #changes: InventoryChange[] = [];
  /** What `versions` answered last: of a large network, few entities change. */
  #versions: { readonly firstMs: number; readonly list: EntityVersion[] } | null = null;

  constructor(ref: EntityRef) {
    this.ref = ref;
  }

  get newest(): InventoryChange | undefined {
    return this.#changes.at(-1);
  }

  get changes(): readonly InventoryChange[] {
    return this.#changes;
  }

  /** Takes a change, which may be older than others and may come again. False if it is known. */
  add(change: InventoryChange): boolean {
    let place = this.#changes.length;
    while (place > 0 && compareChanges(this.#changes[place - 1] as InventoryChange, change) > 0) place--;
    const before = this.#changes[place - 1];
    if (before !== undefined && compareChanges(before, change) === 0) return false;
    this.#changes.splice(place, 0, change);
    this.told = null;
    this.#versions = null;
    return true;
  }

  /** Lets go of what was over before that time. Returns how many changes that were. */
  forget(beforeMs: number): number {
    const first = this.#changes.findIndex(({ atMs }) => atMs >= beforeMs);
    const over = (first < 0 ? this.#changes.length : first) - 1;
    // The last one before that time was in force then, unless it said that the entity is gone.
    const drop = this.#changes[over]?.entity === null ? over + 1 : Math.max(0, over);
    this.#changes.splice(0, drop);
    this.#versions = null;
    return drop;
  }

  /** A change that changes nothing (two servers saw the same) makes no version. */
  versions(firstMs: number): readonly EntityVersion[] {
    if (this.#versions?.firstMs === firstMs) return this.#versions.list;
    const { source, network, kind, id } = this.ref;
    const versions: EntityVersion[] = [];
    let open: InventoryChange | null = null;
    const close = (toMs: number) => {
      if (open === null || open.entity === null) return;
      const entity = readEntity(kind, open.entity);
      const isFirst = open.atMs <= firstMs;
      versions.push({ source, network, kind, id, entity, fromMs: open.atMs, toMs, isFirst } as EntityVersion);
    };
    for (const change of this.#changes) {
      if (open !== null && open.entity === change.entity) continue;
      close(change.atMs);
      open = change;
    }
    close(Number.POSITIVE_INFINITY);
    this.#versions = { firstMs, list: versions };
    return versions;
  }
}

function compareChanges(a: InventoryChange, b: InventoryChange): number {
  return a.atMs - b.atMs || (a.changeId < b.changeId ? -1 : a.changeId > b.changeId ? 1 : 0);
}
