/** What a fault is. */
import type { ChaosBed } from "./bed.ts";

export interface Fault {
  readonly name: string;
  /** One line: what is done. */
  readonly about: string;
  /** Breaks it, under traffic. What has to be so while it is broken is looked at here: throws if it is not. */
  readonly begin: (bed: ChaosBed) => Promise<void>;
  /** Mends what does not mend by itself. Left out: there is nothing to do. */
  readonly end?: (bed: ChaosBed) => Promise<void>;
  /** Looked at when everything has arrived. Throws if it is not as it has to be. */
  readonly after?: (bed: ChaosBed) => Promise<void>;
  /** How long it lasts, from and to. */
  readonly lastsMs: readonly [number, number];
  /** Times in the store may be off by so much. Default: 0. */
  readonly offMs?: number;
  /** Traffic beyond the usual, flows a second while it lasts. */
  readonly rate?: number;
}
