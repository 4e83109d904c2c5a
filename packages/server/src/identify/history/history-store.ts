/** What the history needs of the store. */
import type { InventoryChange } from "./change.ts";
import type { Correction } from "./corrections.ts";

export interface HistoryStore {
  append(changes: readonly InventoryChange[]): Promise<void>;
  addCorrection(correction: Correction): Promise<void>;
  /** The newest changes (at most `limit`), what was in force before them, and when each network of each source was first told of. */
  load(limit: number): Promise<LoadedHistory>;
  /** What was written since a cursor of `load` or of this, and a moment before; null: there was nothing yet. */
  since(cursor: string | null): Promise<{ changes: InventoryChange[]; corrections: Correction[]; cursor: string | null }>;
}

export interface LoadedHistory {
  readonly changes: readonly InventoryChange[];
  readonly corrections: readonly Correction[];
  readonly firsts: readonly { readonly source: string; readonly network: string; readonly atMs: number }[];
  /** What was over before is not among the changes, ms since 1970; null: everything is. */
  readonly completeSinceMs: number | null;
  readonly cursor: string | null;
}
