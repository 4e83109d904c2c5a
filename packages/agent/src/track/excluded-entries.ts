/**
 * Connections that are left out for their names, over a restart of the agent: the kernel still has them, but what told their names is gone. Known by
 * the kernel's number and stamp alone, as no address of them may be on the disk.
 */
import type { ConntrackRecord } from "../capture/conntrack/record.ts";

/** CTA_ID and start stamp in µs, 0 where it is not known. */
export type ExcludedEntry = readonly [id: number, startUs: number];

export class ExcludedEntries {
  readonly #startOf = new Map<number, number>();

  set(entries: readonly ExcludedEntry[]): void {
    this.#startOf.clear();
    for (const [id, startUs] of entries) this.#startOf.set(id, startUs);
  }

  /** Was the entry, which is new to us, one of these? */
  take(record: ConntrackRecord): boolean {
    if (this.#startOf.size === 0) return false;
    const startUs = this.#startOf.get(record.id);
    if (startUs === undefined || (startUs > 0 && record.startUs > 0 && Math.abs(record.startUs - startUs) >= 1)) return false;
    this.#startOf.delete(record.id);
    return true;
  }
}
