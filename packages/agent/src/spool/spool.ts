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
import { HEADER_BYTES, type RecordHeader, type RecordInfo } from "./record.ts";
import { type Segment, type SegmentDamage, Segments } from "./segments.ts";

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

/** A batch that was given out and is not acknowledged. */
interface Given {
  readonly sequence: number;
  readonly segment: Segment;
  readonly nextOffset: number;
  readonly recordBytes: number;
}

export class Spool {
  readonly #config: SpoolConfig;
  readonly #maxSegmentBytes: number;
  readonly #newEpoch: () => string;
  readonly #lock: DirectoryLock;
  readonly #cursor: CursorFile;
  readonly #segments: Segments;
  readonly stats: SpoolStats = {
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
  #isOpen = false;
  #epoch = "";
  #done = 0;
  #lastSequence = 0;
  #checkpointSequence = 0;
  /** In order, the oldest first. */
  #given: Given[] = [];
  /** Where reading goes on. */
  #offset = 0;
  #reading: Segment | null = null;
  #pending = { batches: 0, bytes: 0 };
  #losses: Losses | null = null;

  constructor(config: SpoolConfig, deps: { newEpoch?: () => string } = {}) {
    this.#config = config;
    this.#maxSegmentBytes = Math.min(config.maxSegmentBytes, Math.floor(config.maxBytes / 4));
    this.#newEpoch = deps.newEpoch ?? (() => randomBytes(8).toString("hex"));
    this.#lock = new DirectoryLock(join(config.dir, "lock"));
    this.#cursor = new CursorFile(join(config.dir, "cursor"));
    this.#segments = new Segments(config.dir);
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
    return { ...this.#pending };
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
    this.#done = cursor?.doneSequence ?? 0;
    const damage = this.#segments.open((header) => {
      if (cursor === null && isFirst) this.#done = header.sequence - 1;
      isFirst = false;
      if (header.sequence > this.#done) this.#addPending(1, header.payloadBytes + HEADER_BYTES);
    });
    const { list } = this.#segments;
    const isNew = list.length === 0 && checkpoint === "none";
    this.#epoch = cursor?.epoch ?? this.#newEpoch();
    if (cursor === null) this.#cursor.write({ epoch: this.#epoch, doneSequence: this.#done });
    this.#cursor.sync();
    this.#lastSequence = Math.max(this.#done, checkpointSequence, list.at(-1)?.lastSequence ?? 0);
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
    this.#addPending(1, recordBytes);
    return sequence;
  }

  /** The oldest batch that is not acknowledged; the same one until it is. Throws SpoolError. */
  next(): SpooledBatch | null {
    this.#mustBeOpen();
    try {
      return this.#next();
    } catch (cause) {
      throw spoolError(cause, "cannot read a batch from", this.#config.dir);
    }
  }

  #next(): SpooledBatch | null {
    for (;;) {
      const segment = this.#currentSegment();
      if (segment === null) return null;
      const found = this.#segments.find(segment, this.#offset);
      if (found.kind === "end" || found.kind === "torn") {
        const following = this.#segments.list[this.#segments.list.indexOf(segment) + 1];
        if (following === undefined) {
          // A header that was damaged since it was written was counted when it was, and could not be taken off.
          this.#pending = { batches: 0, bytes: 0 };
          return null;
        }
        this.#reading = following;
        this.#offset = 0;
        continue;
      }
      if (found.kind === "record" && found.header.sequence > this.#done) {
        const batch = this.#give(segment, found.header, found.offset, found.nextOffset);
        if (batch) return batch;
      }
      this.#offset = found.nextOffset;
    }
  }

  #give(segment: Segment, header: RecordHeader, offset: number, nextOffset: number): SpooledBatch | null {
    const { sequence, rows } = header;
    // Numbers are given without gaps: what lies between was damaged beyond recognition.
    if (sequence > this.#done + 1) this.#lose(sequence - this.#done - 1, 0, this.#done + 1, sequence - 1);
    this.#done = sequence - 1;
    const bytes = this.#segments.readPayload(segment, offset, header);
    if (bytes === null) {
      this.stats.damaged++;
      this.#lose(1, rows, sequence, sequence);
      this.#done = sequence;
      this.#addPending(-1, offset - nextOffset);
      return null;
    }
    this.#given = [{ sequence, segment, nextOffset, recordBytes: nextOffset - offset }];
    return { sequence, bytes, rows };
  }

  /** Where reading goes on; the segment it was in may have been removed. */
  #currentSegment(): Segment | null {
    if (this.#reading === null || !this.#segments.list.includes(this.#reading)) {
      this.#reading = this.#segments.list.find((segment) => segment.lastSequence > this.#done) ?? null;
      this.#offset = 0;
    }
    return this.#reading;
  }

  /**
   * The oldest batches that are not acknowledged: `next` and those right behind it, as long as nothing is wrong with them and they fit the limits
   * (the first one always does). Throws SpoolError.
   */
  nextFew(maxBatches: number, maxBytes: number): SpooledBatch[] {
    const first = this.next();
    if (first === null) return [];
    const few = [first];
    for (let bytes = first.bytes.length; few.length < maxBatches; ) {
      const batch = this.#following(maxBytes - bytes);
      if (batch === null) break;
      few.push(batch);
      bytes += batch.bytes.length;
    }
    return few;
  }

  /** The batch right behind those given out; null if there is none, it is larger than `maxBytes`, or damaged (then `next` deals with it in its turn). */
  #following(maxBytes: number): SpooledBatch | null {
    const last = this.#given.at(-1)!;
    const { list } = this.#segments;
    let segment = last.segment;
    let found = this.#segments.find(segment, last.nextOffset);
    if (found.kind === "end") {
      const following = list[list.indexOf(segment) + 1];
      if (following === undefined) return null;
      segment = following;
      found = this.#segments.find(segment, 0);
    }
    if (found.kind !== "record" || found.header.sequence !== last.sequence + 1 || found.header.payloadBytes > maxBytes)
      return null;
    const bytes = this.#segments.readPayload(segment, found.offset, found.header);
    if (bytes === null) return null;
    const { sequence, rows } = found.header;
    this.#given.push({ sequence, segment, nextOffset: found.nextOffset, recordBytes: found.nextOffset - found.offset });
    return { sequence, bytes, rows };
  }

  /** The server has taken the batches that were given out, up to this one. Of one that was dropped meanwhile, nothing is to be noted. */
  acknowledge(sequence: number): void {
    this.#mustBeOpen();
    const at = this.#given.findIndex((given) => given.sequence === sequence);
    if (at < 0) return;
    for (const { segment, nextOffset, recordBytes } of this.#given.splice(0, at + 1)) {
      this.#reading = segment;
      this.#offset = nextOffset;
      this.#addPending(-1, -recordBytes);
    }
    this.#done = sequence;
    this.#tidy();
  }

  /** The server will never take the batch that `next` gave out (400): a copy goes to the side folder, and it is not tried again. */
  setAside(sequence: number, reason: string): void {
    const batch = this.#given[0]?.sequence === sequence ? this.next() : null;
    if (batch === null) return;
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
      for (let offset = 0; ; ) {
        const found = this.#segments.find(segment, offset);
        if (found.kind === "end") break;
        offset = found.nextOffset;
        if (found.kind !== "record" || found.header.sequence <= last) continue;
        last = found.header.sequence;
        const bytes = this.#segments.readPayload(segment, found.offset, found.header);
        if (bytes) yield bytes;
        // Batches not acknowledged are counted when it is their turn to be sent.
        else if (last <= this.#done) this.stats.damaged++;
      }
    }
  }

  /** What was lost since the last call, to be declared with the next batch. Null if nothing. */
  takeLosses(): Losses | null {
    const losses = this.#losses;
    this.#losses = null;
    return losses;
  }

  close(): void {
    this.#isOpen = false;
    this.#segments.close();
    this.#cursor.close();
    this.#lock.release();
  }

  #makeRoom(maxBytes: number): void {
    if (this.#segments.totalBytes <= maxBytes) return;
    while (this.#segments.list.length > 0 && this.#segments.totalBytes > maxBytes) this.#dropOldest();
    this.#tidy();
  }

  /** Removes the oldest segment, whatever is in it, and counts what nobody has taken. */
  #dropOldest(): void {
    const segment = this.#segments.list[0]!;
    let batches = 0;
    let rows = 0;
    let bytes = 0;
    for (let offset = 0; ; ) {
      const found = this.#segments.find(segment, offset);
      if (found.kind === "end") break;
      if (found.kind === "record" && found.header.sequence > this.#done) {
        batches++;
        rows += found.header.rows;
        bytes += found.nextOffset - found.offset;
      }
      offset = found.nextOffset;
    }
    this.#segments.removeOldest();
    if (segment.lastSequence <= this.#done) return;
    this.#lose(segment.lastSequence - this.#done, rows, this.#done + 1, segment.lastSequence);
    this.#done = segment.lastSequence;
    this.#addPending(-batches, -bytes);
    this.#given = [];
  }

  #lose(batches: number, rows: number, fromSequence: number, toSequence: number): void {
    this.stats.droppedBatches += batches;
    this.stats.droppedRows += rows;
    this.#losses = {
      batches: batches + (this.#losses?.batches ?? 0),
      rows: rows + (this.#losses?.rows ?? 0),
      fromSequence: Math.min(fromSequence, this.#losses?.fromSequence ?? fromSequence),
      toSequence: Math.max(toSequence, this.#losses?.toSequence ?? toSequence),
    };
  }

  /** Notes how far we are and removes what nobody needs any more. The newest segment stays: it tells the last number that was given. */
  #tidy(): void {
    try {
      this.#cursor.write({ epoch: this.#epoch, doneSequence: this.#done });
      const needed = Math.min(this.#done, this.#checkpointSequence);
      const isFree = () => this.#segments.list.length > 1 && this.#segments.list[0]!.lastSequence <= needed;
      if (!isFree()) return;
      this.#cursor.sync();
      while (isFree()) this.#segments.removeOldest();
    } catch {
      // Nothing is lost by it: a batch sent twice is taken once, and a segment too many counts towards the limit.
      this.stats.cleanupErrors++;
    }
  }

  #addPending(batches: number, bytes: number): void {
    this.#pending.batches += batches;
    this.#pending.bytes += bytes;
  }

  #mustBeOpen(): void {
    if (!this.#isOpen) throw new SpoolError({ code: "SPOOL_CLOSED" }, "the spool is not open");
  }
}
