/** What the spool is told and what it tells. */
import type { SegmentDamage } from "./segments.ts";

export interface SpoolConfig {
  readonly dir: string;
  /** All segments together; at the limit the oldest go. */
  readonly maxBytes: number;
  /** At most a quarter of `maxBytes` is used. */
  readonly maxSegmentBytes: number;
}

export interface RecoveryReport {
  /** Waiting for the server. */
  readonly batches: number;
  readonly bytes: number;
  readonly damage: readonly SegmentDamage[];
  readonly checkpoint: "none" | "ok" | "damaged";
  /** "new": a new directory. "replaced": the cursor file was damaged or missing although there are batches; they go out under a new epoch. */
  readonly epoch: "kept" | "new" | "replaced";
}

export interface SpooledBatch {
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly rows: number;
}

/** Batches that will never reach the server. `rows` counts what is known: a damaged header does not tell. */
export interface Losses {
  readonly batches: number;
  readonly rows: number;
  readonly fromSequence: number;
  readonly toSequence: number;
}

/** Monotonic since open(). */
export interface SpoolStats {
  appended: number;
  /** Appends that failed (disk full and others). */
  appendErrors: number;
  droppedBatches: number;
  droppedRows: number;
  /** Records and stretches of a segment that could not be read. */
  damaged: number;
  setAside: number;
  /** Set aside without a copy: there was no room for it. */
  setAsideNotKept: number;
  /** The cursor could not be written or a segment not removed; it is tried again at the next acknowledgement. */
  cleanupErrors: number;
  checkpoints: number;
}

export function newStats(): SpoolStats {
  return {
    appended: 0,
    appendErrors: 0,
    droppedBatches: 0,
    droppedRows: 0,
    damaged: 0,
    setAside: 0,
    setAsideNotKept: 0,
    cleanupErrors: 0,
    checkpoints: 0,
  };
}
