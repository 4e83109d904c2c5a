/** Sinks, as the API tells them: where every record is handed to. */

export interface Sink {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly q: string;
  readonly events: readonly ("opened" | "ended")[];
  readonly reports: "primary" | "all";
  readonly format?: string;
  readonly transport: Readonly<Record<string, unknown>> & { readonly kind: string };
  /** Names of those that are set; what they are is not told. */
  readonly secrets: Readonly<Record<string, boolean>>;
  readonly status: SinkStatus | null;
  readonly parked: readonly { readonly reason: string; readonly records: number }[];
  readonly backfills: readonly Backfill[];
}

export interface SinkStatus {
  /** `silent`: no server runs it, or none says so. */
  readonly state: "running" | "trouble" | "paused" | "silent";
  readonly lag_ms: number;
  readonly waiting: number | null;
  readonly taken: number;
  readonly per_second: number;
  /** RFC 3339; null: never. */
  readonly last_taken: string | null;
  readonly trouble: {
    readonly reason: string;
    readonly message: string;
    /** What to do. */
    readonly advice: string;
    readonly failures: number;
    readonly next: string;
  } | null;
  /** Share of the time that flows are kept for that the lag has reached. */
  readonly of_retention: number | null;
  readonly lost: number;
  readonly unnamed: number;
}

export interface Backfill {
  readonly id: string;
  readonly state: "waiting" | "running" | "done" | "cancelled";
  readonly from: string;
  readonly to: string;
  readonly sent: number;
  /** 0 to 1. */
  readonly progress: number;
}

export interface ParkedRecord {
  readonly event: string;
  readonly parked: string;
  readonly attempts: number;
  readonly reason: string;
  readonly message: string;
}
