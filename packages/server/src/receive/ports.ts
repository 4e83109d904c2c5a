/** What `receive` needs of the stages behind it. */
import type { FlowBatch } from "@flowtrail/model";

export interface Reporter {
  readonly id: string;
  readonly name: string;
}

/** What is noted about an upload, beside its rows. */
export interface Delivery {
  readonly reporterId: string;
  readonly reporter: string;
  readonly epoch: string;
  readonly sequence: number;
  readonly part: string;
  readonly receivedMs: number;
  readonly rows: number;
  readonly rejected: number;
  readonly coveredFromMs: number | null;
  readonly coveredToMs: number | null;
  readonly spoolBatches: number;
  readonly spoolBytes: number;
  readonly drops: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
  readonly clockSkewMs: number | null;
  readonly agentVersion: string;
  readonly addresses: Readonly<Record<string, readonly string[]>>;
}

export interface DeadLetter {
  readonly receivedMs: number;
  readonly reporterId: string;
  readonly batch: string;
  readonly row: number;
  readonly code: string;
  readonly message: string;
  readonly json: string;
}

export interface Submission {
  readonly rows: FlowBatch;
  readonly deliveries: readonly Delivery[];
  readonly deadLetters: readonly DeadLetter[];
}

export interface ReceiveDeps {
  readonly now: () => number;
  /** Rows that ended before it are older than what is kept. */
  readonly oldestMs: (nowMs: number) => number;
  readonly identify: {
    node(idOrName: string): Reporter;
    declare(reporter: Reporter, addresses: Readonly<Record<string, readonly string[]>>): void;
    fill(batch: FlowBatch): void;
  };
  /** Resolves when all of it is durable. */
  readonly submit: (submission: Submission) => Promise<void>;
  readonly onDelivery: (delivery: Delivery) => void;
  readonly onStored: (batch: FlowBatch) => void;
}
