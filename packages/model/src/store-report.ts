/** What a server tells of its store, as JSON: what is kept, how much room it takes, and what becomes of it. */

/** How many days each kind of table is kept, and up to which size. */
export interface RetentionPolicy {
  readonly flows_days: number;
  readonly deltas_days: number;
  readonly minutes_days: number;
  readonly hours_days: number;
  readonly rejected_days: number;
  readonly batches_days: number;
  readonly audit_days: number;
  /** As people write it: `200GiB`, `80%` (of the disk) or `none`. */
  readonly max_size: string;
}

/** A part of a table that is deleted. Times are RFC 3339. */
export interface DropStep {
  readonly table: string;
  readonly from: string;
  readonly until: string;
  readonly rows: number;
  readonly bytes: number;
  readonly why: "age" | "size";
  /** A whole partition, or those of its rows that ended long ago. */
  readonly how: "whole" | "rows";
}

/** What must not be deleted. */
export interface LegalHold {
  readonly id: string;
  readonly from: string;
  /** Null: it goes on. */
  readonly to: string | null;
  /** Null: all. */
  readonly network: string | null;
  readonly reason: string;
  readonly who: string;
  readonly created: string;
  /** Null: it is in force. */
  readonly released: string | null;
  readonly released_by: string | null;
  /** Of the days that it touches. */
  readonly rows: number;
  readonly bytes: number;
}

export interface StoreReport {
  /** In force. */
  readonly settings: RetentionPolicy;
  /** As configured. */
  readonly defaults: RetentionPolicy;
  /** What was set at run time. */
  readonly set: Partial<RetentionPolicy>;
  readonly changed: { readonly time: string; readonly who: string } | null;
  readonly size: {
    readonly bytes: number;
    readonly leaving_bytes: number;
    readonly limit_bytes: number | null;
    readonly free_bytes: number | null;
    readonly disk_bytes: number | null;
    readonly held_bytes: number;
  };
  readonly tables: readonly {
    readonly table: string;
    readonly rows: number;
    readonly bytes: number;
    readonly oldest: string | null;
    readonly kept_days: number | null;
  }[];
  readonly forecast: {
    /** For people. */
    readonly text: string;
    readonly basis_days: number;
    readonly bytes_per_day: number;
    readonly full_in_days: number | null;
    readonly kept_days: number | null;
    readonly steady_bytes: number | null;
    readonly next: (Omit<DropStep, "rows" | "how"> & { readonly at: string }) | null;
  };
  /** What the next run deletes; of a dry run: what it would. */
  readonly due: { readonly rows: number; readonly bytes: number; readonly steps: readonly DropStep[] };
  readonly holds: readonly LegalHold[];
  /** Newest first. */
  readonly last_drops: readonly (DropStep & { readonly time: string })[];
  /** What keeps retention from doing its work; null: nothing. */
  readonly problem: string | null;
}
