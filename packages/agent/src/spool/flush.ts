/** From the tracker's table to the disk: what changed becomes a batch, and the batch is spooled before anything else is collected. */
import { type BatchMetadata, encodeBatch, FlowBatch, SENDER_COLUMNS } from "@flowtrail/model";
import type { FlowTracker } from "../track/tracker.ts";
import type { RecordInfo } from "./record.ts";
import type { Spool } from "./spool.ts";

/** What the rest of the agent says in a batch's metadata. */
export interface FlushFacts {
  readonly agent_version: string;
  readonly addresses: BatchMetadata["addresses"];
  readonly gauges: BatchMetadata["gauges"];
  readonly declares?: NonNullable<BatchMetadata["declares"]>;
}

export interface FlushDeps {
  readonly tracker: Pick<FlowTracker, "collect" | "checkpoint">;
  readonly spool: Pick<Spool, "append" | "checkpoint" | "takeLosses">;
  readonly coverage: { take(nowMs: number): { fromMs: number; toMs: number } };
  readonly facts: () => FlushFacts;
  /** Monotonic counts of what was dropped, by reason. Those of the spool's own are added here. */
  readonly drops: () => Readonly<Record<string, number>>;
}

/** So many rows are about 1 MB: little memory, encoded in a few milliseconds, taken by every server. */
const MAX_ROWS = 8000;
const HEARTBEAT_MS = 10_000;
const CHECKPOINT_MS = 5000;
/** At most a twentieth of the time goes into checkpoints. */
const CHECKPOINT_SHARE = 20;

interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}
interface Pending {
  readonly bytes: Uint8Array;
  readonly info: RecordInfo;
}

export class Flusher {
  readonly #deps: FlushDeps;
  readonly #batch = new FlowBatch();
  /** Encoded, but not on the disk yet: it was full. Nothing more is collected until it is; changes wait in the tracker's table. */
  #pending: Pending[] = [];
  #told: Readonly<Record<string, number>> = {};
  #lastBatchMs = 0;
  #checkpointMs = 0;
  #checkpointDueMs = 0;
  #dirty = true;

  constructor(deps: FlushDeps) {
    this.#deps = deps;
  }

  /** Batches that could not be written yet. */
  get pending(): number {
    return this.#pending.length;
  }

  /**
   * Collects what changed and spools it; a batch without rows goes out now and then, so that the server knows that we are here.
   * Returns the number of batches spooled. Throws SpoolError; nothing is lost then, the next call tries again.
   */
  flush(nowMs: number, options: { force?: boolean } = {}): number {
    let spooled = this.#write();
    let period: Period | null = null;
    for (;;) {
      this.#deps.tracker.collect(this.#batch, nowMs, MAX_ROWS);
      if (this.#batch.length === 0 && (period !== null || !this.#isDue(nowMs, options))) return spooled;
      this.#dirty ||= this.#batch.length > 0;
      // What was collected at one time covers one time, in however many batches.
      period ??= this.#deps.coverage.take(nowMs);
      this.#encode(period, nowMs);
      spooled += this.#write();
    }
  }

  /** Is it time for a batch, whether or not there are rows? */
  #isDue(nowMs: number, { force = false }: { force?: boolean }): boolean {
    return force || nowMs - this.#lastBatchMs >= HEARTBEAT_MS || nowMs < this.#lastBatchMs;
  }

  /** Notes the open flows if something changed since the last time and enough time went by. Throws SpoolError. */
  checkpoint(nowMs: number, options: { force?: boolean } = {}): void {
    const isDue = nowMs >= this.#checkpointDueMs || nowMs < this.#checkpointMs || options.force === true;
    // A checkpoint says that its flows' rows are in the spool: not while some are not.
    if (!this.#dirty || !isDue || this.#pending.length > 0) return;
    const startedMs = performance.now();
    const bytes = this.#deps.tracker.checkpoint();
    this.#deps.spool.checkpoint(bytes);
    // Ten megabytes with 50,000 flows: given back now, and not when the garbage collector comes.
    bytes.buffer.transfer(0);
    this.#dirty = false;
    this.#checkpointMs = nowMs;
    this.#checkpointDueMs = nowMs + Math.max(CHECKPOINT_MS, (performance.now() - startedMs) * CHECKPOINT_SHARE);
  }

  #write(): number {
    let spooled = 0;
    for (let next = this.#pending[0]; next !== undefined; next = this.#pending[0]) {
      this.#deps.spool.append(next.bytes, next.info);
      this.#pending.shift();
      spooled++;
    }
    return spooled;
  }

  #encode({ fromMs, toMs }: Period, nowMs: number): void {
    const metadata: BatchMetadata = { ...this.#deps.facts(), covered_from: fromMs, covered_to: toMs, drops: this.#takeDrops() };
    const bytes = encodeBatch(this.#batch, { columns: SENDER_COLUMNS, metadata });
    this.#pending.push({ bytes, info: { rows: this.#batch.length, coveredFromMs: fromMs, coveredToMs: toMs } });
    this.#lastBatchMs = nowMs;
    this.#batch.clear();
  }

  /** What was dropped since the batch before. */
  #takeDrops(): Record<string, number> {
    const now = this.#deps.drops();
    const drops: Record<string, number> = {};
    for (const [reason, count] of Object.entries(now)) {
      const added = count - (this.#told[reason] ?? 0);
      if (added > 0) drops[reason] = added;
    }
    this.#told = { ...now };
    const losses = this.#deps.spool.takeLosses();
    if (losses !== null) Object.assign(drops, { spool_batches: losses.batches, spool_rows: losses.rows });
    return drops;
  }
}
