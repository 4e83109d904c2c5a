/** What `receive` needs of the stages behind it. */
import type { FlowBatch } from "@flowtrail/model";
import type { Declaration } from "../identify/sources/agents/declared.ts";
import type { RejectCode } from "./rows.ts";

export interface Reporter {
  readonly id: string;
  readonly name: string;
}

/** One stored batch: the agent's coverage, losses and health at that moment. */
export interface Delivery {
  readonly reporterId: string;
  readonly reporter: string;
  /** Of `Flowtrail-Batch: <epoch>-<sequence>[.part]`. */
  readonly epoch: string;
  readonly sequence: number;
  readonly part: string;
  readonly receivedMs: number;
  readonly rows: number;
  readonly rejected: number;
  readonly coveredFromMs: number | null;
  readonly coveredToMs: number | null;
  /** The earliest start of its rows, ms since 1970; null: it has none. Not stored. */
  readonly firstStartMs?: number | null;
  readonly spoolBatches: number;
  readonly spoolBytes: number;
  /** Since the batch before, by reason. */
  readonly drops: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
  /** The agent's clock minus ours; null when it did not tell. */
  readonly clockSkewMs: number | null;
  readonly agentVersion: string;
  /** By network id. */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
}

/** A row that was refused. */
export interface DeadLetter {
  readonly receivedMs: number;
  readonly reporterId: string;
  /** Which upload it was in, such as the text of `Flowtrail-Batch`. With the row's number it names the letter. */
  readonly batch: string;
  readonly row: number;
  readonly code: RejectCode;
  readonly message: string;
  /** What was sent, as far as it could be read. */
  readonly json: string;
}

/** What comes in with one request: rows, what is noted about them, and what was refused. */
export interface Submission {
  /** All columns filled, the server's too. Must not be changed until the submission is done. */
  readonly rows: FlowBatch;
  readonly deliveries: readonly Delivery[];
  readonly deadLetters: readonly DeadLetter[];
}

/** What of an upload says for which time its reporter speaks. */
export type CoverageNote = Pick<
  Delivery,
  "reporterId" | "reporter" | "epoch" | "sequence" | "receivedMs" | "coveredFromMs" | "coveredToMs" | "firstStartMs"
> & {
  /** Out of somebody else's log: nobody waits for more of this reporter. */
  readonly imported?: true;
};

export interface ReceiveDeps {
  readonly now: () => number;
  /** Resolves when rows of this upload may be stored: what they stand before does not count any more. `hasMoved`: its reporter has other addresses. */
  readonly admit: (note: CoverageNote, hasMoved: boolean) => Promise<void>;
  /** Rows that ended before it are older than what is kept. */
  readonly oldestMs: (nowMs: number) => number;
  readonly identify: {
    node(idOrName: string): Reporter;
    fill(batch: FlowBatch): void;
  };
  /** Takes note of what an agent says of its networks, so that the batch's own rows are named by it. True if its own addresses are others now. */
  readonly declare: (reporter: Reporter, declaration: Declaration) => boolean;
  /** What of named rows may be stored and shown; they are changed. */
  readonly privacy: { apply(batch: FlowBatch): FlowBatch; readonly keepsContent: boolean };
  /** Resolves when all of it is durable. */
  readonly submit: (submission: Submission) => Promise<void>;
  readonly onDelivery: (delivery: Delivery) => void;
  readonly onStored: (batch: FlowBatch) => void;
}
