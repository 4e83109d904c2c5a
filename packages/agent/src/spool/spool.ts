/**
 * Batches on disk between `track` and the server. A batch that `append` has returned survives the process and the machine; it goes when the server has
 * taken it and a checkpoint includes it, or when the spool is full (then the oldest go, counted). All calls are synchronous.
 */
import { randomBytes } from "node:crypto";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { keepAside } from "./aside.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint-file.ts";
import { CursorFile } from "./cursor.ts";
import { SpoolError, spoolError } from "./errors.ts";
import { makeDirectory } from "./files.ts";
import { DirectoryLock } from "./lock.ts";
import { Queue } from "./queue.ts";
import { HEADER_BYTES, type RecordInfo } from "./record.ts";
import { Segments } from "./segments.ts";
import { type Losses, newStats, type RecoveryReport, type SpoolConfig, type SpooledBatch, type SpoolStats } from "./types.ts";

export class Spool {
  readonly #config: SpoolConfig;
  readonly #maxSegmentBytes: number;
  readonly #newEpoch: () => string;
  readonly #lock: DirectoryLock;
  readonly #cursor: CursorFile;
  readonly #segments: Segments;
  readonly #queue: Queue;
  readonly stats: SpoolStats = newStats();
  #isOpen = false;
  #epoch = "";
  #lastSequence = 0;
  #checkpointSequence = 0;

  constructor(config: SpoolConfig, deps: { newEpoch?: () => string } = {}) {
    this.#config = config;
    this.#maxSegmentBytes = Math.min(config.maxSegmentBytes, Math.floor(config.maxBytes / 4));
    this.#newEpoch = deps.newEpoch ?? (() => randomBytes(8).toString("hex"));
    this.#lock = new DirectoryLock(join(config.dir, "lock"));
    this.#cursor = new CursorFile(join(config.dir, "cursor"));
    this.#segments = new Segments(config.dir);
    this.#queue = new Queue(this.#segments, this.stats);
  }

  /** Made once per state directory: a batch is `<epoch>-<sequence>` for ever. */
  get epoch(): string {
    return this.#epoch;
  }

  /** The number given last; 0 before the first. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** What waits for the server. */
  get depth(): { batches: number; bytes: number } {
    return this.#queue.depth;
  }

  /** Locks the directory and takes stock of it. Throws SpoolError. */
  open(): RecoveryReport {
    try {
      return this.#open();
    } catch (cause) {
      this.close();
      throw spoolError(cause, "cannot use the spool directory", this.#config.dir);
    }
  }

  #open(): RecoveryReport {
    const { dir } = this.#config;
    makeDirectory(dir);
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
    this.#lock.acquire();
    const cursor = this.#cursor.open();
    const checkpoint = readCheckpoint(join(dir, "checkpoint"));
    const checkpointSequence = typeof checkpoint === "object" ? checkpoint.sequence : 0;
    let isFirst = true;
    this.#queue.doneSequence = cursor?.doneSequence ?? 0;
    const damage = this.#segments.open((header) => {
      if (cursor === null && isFirst) this.#queue.doneSequence = header.sequence - 1;
      isFirst = false;
      this.#queue.add(header);
    });
    const { list } = this.#segments;
    const isNew = list.length === 0 && checkpoint === "none";
    this.#epoch = cursor?.epoch ?? this.#newEpoch();
    if (cursor === null) this.#cursor.write({ epoch: this.#epoch, doneSequence: this.#queue.doneSequence });
    this.#cursor.sync();
    this.#lastSequence = Math.max(this.#queue.doneSequence, checkpointSequence, list.at(-1)?.lastSequence ?? 0);
    this.#checkpointSequence = checkpointSequence;
    this.stats.damaged += damage.length;
    this.#isOpen = true;
    return {
      ...this.depth,
      damage,
      checkpoint: typeof checkpoint === "object" ? "ok" : checkpoint,
      epoch: cursor !== null ? "kept" : isNew ? "new" : "replaced",
    };
  }

  /**
   * Adds a batch and returns its sequence; it is durable then. Throws SpoolError; nothing was added then, and the same call may be repeated.
   */
  append(bytes: Uint8Array, info: RecordInfo): number {
    this.#mustBeOpen();
    const recordBytes = HEADER_BYTES + bytes.length;
    if (recordBytes > this.#config.maxBytes) {
      throw new SpoolError(
        { code: "SPOOL_BATCH_TOO_LARGE", bytes: recordBytes, limitBytes: this.#config.maxBytes },
        `a batch of ${recordBytes} bytes is larger than the whole spool may be (spool.max_bytes ${this.#config.maxBytes})`,
      );
    }
    const sequence = this.#lastSequence + 1;
    try {
      this.#makeRoom(this.#config.maxBytes - recordBytes);
      this.#segments.append(sequence, bytes, info, this.#maxSegmentBytes);
    } catch (cause) {
      this.stats.appendErrors++;
      throw spoolError(cause, "cannot write a batch to", this.#config.dir);
    }
    this.#lastSequence = sequence;
    this.stats.appended++;
    this.#queue.add({ sequence, payloadBytes: bytes.length });
    return sequence;
  }

  /** The oldest batch that is not acknowledged; the same one until it is. Throws SpoolError. */
  next(): SpooledBatch | null {
    return this.nextFew(1, 0)[0] ?? null;
  }

  /** The oldest batch that is not acknowledged, and as many of those right behind it as fit the limits. Throws SpoolError. */
  nextFew(maxBatches: number, maxBytes: number): SpooledBatch[] {
    this.#mustBeOpen();
    try {
      return this.#queue.next(maxBatches, maxBytes);
    } catch (cause) {
      throw spoolError(cause, "cannot read a batch from", this.#config.dir);
    }
  }

  /** The server has taken the batches that were given out, up to this one. Of one that was dropped meanwhile, nothing is to be noted. */
  acknowledge(sequence: number): void {
    this.#mustBeOpen();
    if (this.#queue.acknowledge(sequence)) this.#tidy();
  }

  /** The server will never take the batch that `next` gave out (400): a copy goes to the side folder, and it is not tried again. */
  setAside(sequence: number, reason: string): void {
    const batch = this.next();
    if (batch?.sequence !== sequence) return;
    this.keepAside(String(sequence), batch.bytes, reason);
    this.acknowledge(sequence);
  }

  /** Keeps a part of a batch in the side folder. `label`: `<sequence>.<part>`. Never throws: a full disk costs the copy only. */
  keepAside(label: string, bytes: Uint8Array, reason: string): void {
    this.#mustBeOpen();
    this.stats.setAside++;
    try {
      const name = label.replace(/^\d+/, (sequence) => sequence.padStart(16, "0"));
      keepAside(join(this.#config.dir, "aside"), name, bytes, reason, Math.floor(this.#config.maxBytes / 8));
    } catch {
      this.stats.setAsideNotKept++;
    }
  }

  /** Replaces the checkpoint; it includes every batch appended so far. Throws SpoolError (the checkpoint before stays). */
  checkpoint(bytes: Uint8Array): void {
    this.#mustBeOpen();
    const sequence = this.#lastSequence;
    const path = join(this.#config.dir, "checkpoint");
    try {
      writeCheckpoint(path, { sequence, bytes });
    } catch (cause) {
      throw spoolError(cause, "cannot write", path);
    }
    this.stats.checkpoints++;
    this.#checkpointSequence = sequence;
    this.#tidy();
  }

  /** The checkpoint and the batches after it, whether acknowledged or not. To be read before the next append. Throws SpoolError. */
  recover(): { checkpoint: Uint8Array | null; since: Iterable<Uint8Array> } {
    this.#mustBeOpen();
    const path = join(this.#config.dir, "checkpoint");
    try {
      const checkpoint = readCheckpoint(path);
      return {
        checkpoint: typeof checkpoint === "object" ? checkpoint.bytes : null,
        since: this.#since(this.#checkpointSequence),
      };
    } catch (cause) {
      throw spoolError(cause, "cannot read", path);
    }
  }

  *#since(sequence: number): Iterable<Uint8Array> {
    let last = sequence;
    for (const segment of this.#segments.list) {
      for (const { header, offset } of this.#segments.records(segment)) {
        if (header.sequence <= last) continue;
        last = header.sequence;
        const bytes = this.#segments.readPayload(segment, offset, header);
        if (bytes) yield bytes;
        // Batches not acknowledged are counted when it is their turn to be sent.
        else if (last <= this.#queue.doneSequence) this.stats.damaged++;
      }
    }
  }

  /** What was lost since the last call, to be declared with the next batch. Null if nothing. */
  takeLosses(): Losses | null {
    return this.#queue.takeLosses();
  }

  close(): void {
    this.#isOpen = false;
    this.#segments.close();
    this.#cursor.close();
    this.#lock.release();
  }

  #makeRoom(maxBytes: number): void {
    if (this.#segments.totalBytes <= maxBytes) return;
    while (this.#segments.list.length > 0 && this.#segments.totalBytes > maxBytes) this.#queue.dropOldest();
    this.#tidy();
  }

  /** Notes how far we are and removes what nobody needs any more. The newest segment stays: it tells the last number that was given. */
  #tidy(): void {
    try {
      this.#cursor.write({ epoch: this.#epoch, doneSequence: this.#queue.doneSequence });
      const needed = Math.min(this.#queue.doneSequence, this.#checkpointSequence);
      const isFree = () => this.#segments.list.length > 1 && this.#segments.list[0]!.lastSequence <= needed;
      if (!isFree()) return;
      this.#cursor.sync();
      while (isFree()) this.#segments.removeOldest();
    } catch {
      // Nothing is lost by it: a batch sent twice is taken once, and a segment too many counts towards the limit.
      this.stats.cleanupErrors++;
    }
  }

  #mustBeOpen(): void {
    if (!this.#isOpen) throw new SpoolError({ code: "SPOOL_CLOSED" }, "the spool is not open");
  }
}
