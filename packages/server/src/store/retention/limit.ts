/** How much the store may hold: what `max_size` comes to on the disks that there are. */
import type { RetentionPolicy } from "@flowtrail/model";
import { parseSizeLimit } from "./policy.ts";
import type { NodeSpace } from "./survey.ts";

export interface LimitRules {
  /** Free space below which the engine takes no more rows (the embedded one's `store.min_free_disk`); 0: it is not ours to know. */
  readonly minFreeDiskBytes: number;
}

export interface Limit {
  /** Of all nodes together; null: there is none. */
  readonly bytes: number | null;
  /** By node, where a node's own disk limits it. */
  readonly byNode: readonly (number | null)[];
}

/** Inserts must go on while a limit is reached: it leaves twice the reserve free. */
const RESERVES = 2;

export function limitOf(policy: Pick<RetentionPolicy, "max_size">, nodes: readonly NodeSpace[], rules: LimitRules): Limit {
  const limit = parseSizeLimit(policy.max_size) ?? { kind: "none" };
  if (limit.kind === "none") return { bytes: null, byNode: nodes.map(() => null) };
  const present = nodes.filter(({ isAway }) => isAway !== true);
  const byNode = nodes.map(({ bytes, leavingBytes, freeBytes }) => {
    if (freeBytes === null) return null;
    // What was dropped a moment ago is still on the disk: it counts as free, else it would be dropped for again and again.
    const available = bytes + leavingBytes + freeBytes;
    const reserveBytes = RESERVES * rules.minFreeDiskBytes;
    // Where others have filled the disk, to delete everything would not help either.
    const beforeReserve = available > reserveBytes ? available - reserveBytes : available;
    return Math.floor(limit.kind === "share" ? Math.min(available * limit.share, beforeReserve) : beforeReserve);
  });
  const onDisks = present.every(({ freeBytes }) => freeBytes !== null)
    ? byNode.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0)
    : null;
  if (limit.kind === "share") return { bytes: onDisks, byNode };
  return { bytes: Math.min(limit.bytes, onDisks ?? limit.bytes), byNode };
}

/** Of a store whose own reserve is not ours to know. */
const LEAST_SHARE = 0.01;

/** True when a node takes no more rows, and what was deleted a moment ago will not change that. */
export function isDiskFull(nodes: readonly NodeSpace[], { minFreeDiskBytes }: LimitRules): boolean {
  return nodes.some(
    ({ freeBytes, leavingBytes, diskBytes }) =>
      freeBytes !== null && freeBytes + leavingBytes < Math.max(minFreeDiskBytes, LEAST_SHARE * (diskBytes ?? 0)),
  );
}
