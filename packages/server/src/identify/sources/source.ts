/** A place that the inventory comes from. */
import type { Inventory } from "../inventory-schema.ts";

/** The lower counts where two sources name different holders of one address: what people wrote, what the control plane says, what agents see. */
export const PRECEDENCE = { file: 0, netmaker: 1, agent: 2 } as const;
export type SourceKind = keyof typeof PRECEDENCE;

export interface SourceState {
  /** `file`, `netmaker`, `agent:<reporter id>`. */
  readonly name: string;
  readonly kind: SourceKind;
  /** A path, a URL, a node's name. */
  readonly where: string;
  /** When it last said what is in force, ms since 1970; null: never. */
  readonly lastSyncMs: number | null;
  /** Why what it says now is not in force: what, where, and what to do. Null: all is well. */
  readonly error: string | null;
  /** When it is asked again, ms since 1970; null: it comes by itself. */
  readonly nextTryMs: number | null;
}

export interface SourceDeps {
  readonly logger: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  readonly now: () => number;
  /**
   * Called with all that the source says now, whenever that has changed, and the first time.
   * `atMs`: since when it is so, ms since 1970; left out: since now.
   */
  readonly onChange: (inventory: Inventory, atMs?: number) => void;
}

export interface InventorySource {
  readonly state: SourceState;
  /** Asks it once and goes on doing so. Never throws: what is wrong is in `state.error`, and flows come in all the same. */
  start(): Promise<void>;
  stop(): void;
}
