/** What the door counts. */
export interface NetmakerStats {
  readonly envelopes: number;
  /** That were stored. */
  readonly events: number;
  /** By code. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Envelopes that were answered with a failure. */
  readonly refused: number;
  /** Envelopes whose answer was held back while the store could not take them. */
  readonly held: number;
  /** Envelopes whose host sends more than it may. */
  readonly slowed: number;
  /** Flows that the store was asked about. */
  readonly lookups: number;
  /** Events by the numbering of their fields. */
  readonly dialects: Readonly<Record<"1.4" | "1.5", number>>;
  readonly rememberedFlows: number;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] extends object ? { -readonly [L in keyof T[K]]: T[K][L] } : T[K] };

export function makeStats(): Writable<NetmakerStats> {
  return {
    envelopes: 0,
    events: 0,
    rejected: {},
    refused: 0,
    held: 0,
    slowed: 0,
    lookups: 0,
    dialects: { "1.4": 0, "1.5": 0 },
    rememberedFlows: 0,
  };
}
