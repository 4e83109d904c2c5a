/** What a source says now, compared with what it said before → changes. */
import { randomUUID } from "node:crypto";
import type { Inventory } from "../inventory-schema.ts";
import { type EntityRef, entityKey, type InventoryChange } from "./change.ts";
import { piecesOf } from "./entities.ts";
import type { EntityLogs } from "./entity-logs.ts";

export interface Differences {
  readonly changes: readonly InventoryChange[];
  /** Entities that were left out: others before them have the same id. */
  readonly duplicates: number;
}

/** Nothing for what is as it was. */
export function differences(
  logs: EntityLogs,
  source: string,
  inventory: Inventory,
  { who, atMs }: { readonly who: string; readonly atMs: number },
): Differences {
  const changeId = randomUUID();
  const changes: InventoryChange[] = [];
  const change = (ref: EntityRef, newest: InventoryChange | undefined, entity: string | null) => {
    // Clocks of servers differ: what comes later must not lie before what it follows.
    const at = newest === undefined ? atMs : Math.max(atMs, newest.atMs + 1);
    changes.push({ ...ref, atMs: at, changeId, entity, who, what: whatChanged(newest?.entity ?? null, entity) });
  };
  const gone = new Set(logs.inForce(source));
  const seen = new Set<string>();
  let duplicates = 0;
  for (const piece of piecesOf(inventory)) {
    const { network, kind, id, told } = piece;
    const ref = { source, network, kind, id };
    const key = entityKey(ref);
    if (seen.has(key)) {
      duplicates++;
      continue;
    }
    seen.add(key);
    const log = logs.find(ref);
    if (log !== undefined) gone.delete(log);
    if (log?.told === told) continue;
    const { entity } = piece;
    if (log !== undefined && log.newest?.entity === entity) log.told = told;
    else change(ref, log?.newest, entity);
  }
  for (const { ref, newest } of gone) change(ref, newest, null);
  return { changes, duplicates };
}

/** A few words on what became different. */
function whatChanged(before: string | null, after: string | null): string {
  if (after === null) return "removed";
  if (before === null) return "added";
  const [old, now] = [JSON.parse(before), JSON.parse(after)] as [Record<string, unknown>, Record<string, unknown>];
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort();
  return `changed ${keys.filter((key) => JSON.stringify(old[key]) !== JSON.stringify(now[key])).join(", ")}`;
}
