/** Which batches of the segments still wait for the server: given out in order, taken off as they are acknowledged, counted when they are lost. */
import { HEADER_BYTES, type RecordHeader } from "./record.ts";
import type { Segment, Segments } from "./segments.ts";
import type { Losses, SpooledBatch, SpoolStats } from "./types.ts";

/** A batch that was given out and is not acknowledged. */
interface Given {
  readonly sequence: number;
  readonly segment: Segment;
  readonly nextOffset: number;
  readonly recordBytes: number;
}

export class Queue {
  readonly #segments: Segments;
  readonly #stats: SpoolStats;
  #done = 0;
  /** In order, the oldest first. */
  #given: Given[] = [];
  /** Where reading goes on. */
  #reading: Segment | null = null;
  #offset = 0;
  #waiting = { batches: 0, bytes: 0 };
  #losses: Losses | null = null;

  constructor(segments: Segments, stats: SpoolStats) {
    this.#segments = segments;
    this.#stats = stats;
  }

  /** Everything up to here was acknowledged, set aside or lost. */
  get doneSequence(): number {
    return this.#done;
  }

  set doneSequence(sequence: number) {
    this.#done = sequence;
  }

  /** What waits. */
  get depth(): { batches: number; bytes: number } {
    return { ...this.#waiting };
  }

  /** A batch is in the segments, found there or just written. */
  add({ sequence, payloadBytes }: Pick<RecordHeader, "sequence" | "payloadBytes">): void {
    if (sequence > this.#done) this.#addWaiting(1, payloadBytes + HEADER_BYTES);
  }

  /**
   * The oldest batches that wait: the first one, and those right behind it as long as nothing is wrong with them and they fit the limits. The same
   * ones again until they are acknowledged. Throws errors of node:fs.
   */
  next(maxBatches: number, maxBytes: number): SpooledBatch[] {
    const first = this.#first();
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

  /** Takes off what was given out, up to this one. False if it was not given out, or was lost meanwhile. */
  acknowledge(sequence: number): boolean {
    const at = this.#given.findIndex((given) => given.sequence === sequence);
    for (const { segment, nextOffset, recordBytes } of this.#given.splice(0, at + 1)) {
      this.#reading = segment;
      this.#offset = nextOffset;
      this.#addWaiting(-1, -recordBytes);
    }
    if (at >= 0) this.#done = sequence;
    return at >= 0;
  }

  /** Removes the oldest segment, whatever is in it, and counts what nobody has taken. Throws errors of node:fs. */
  dropOldest(): void {
    const segment = this.#segments.list[0]!;
    let batches = 0;
    let rows = 0;
    let bytes = 0;
    for (const { header, recordBytes } of this.#segments.records(segment)) {
      if (header.sequence <= this.#done) continue;
      batches++;
      rows += header.rows;
      bytes += recordBytes;
    }
    this.#segments.removeOldest();
    if (segment.lastSequence <= this.#done) return;
    this.#lose(rows, this.#done + 1, segment.lastSequence);
    this.#addWaiting(-batches, -bytes);
    this.#given = [];
  }

  /** What was lost since the last call. Null if nothing. */
  takeLosses(): Losses | null {
    const losses = this.#losses;
    this.#losses = null;
    return losses;
  }

  #first(): SpooledBatch | null {
    for (;;) {
      const segment = this.#currentSegment();
      if (segment === null) return null;
      const found = this.#segments.find(segment, this.#offset);
      if (found.kind === "end" || found.kind === "torn") {
        this.#reading = this.#segments.after(segment);
        this.#offset = 0;
        if (this.#reading !== null) continue;
        // A header that was damaged since it was written was counted when it was, and could not be taken off.
        this.#waiting = { batches: 0, bytes: 0 };
        this.#reading = segment;
        this.#offset = segment.bytes;
        return null;
      }
      const batch = found.kind === "record" && found.header.sequence > this.#done ? this.#give(segment, found) : null;
      if (batch !== null) return batch;
      this.#offset = found.nextOffset;
    }
  }

  #give(segment: Segment, record: { header: RecordHeader; offset: number; nextOffset: number }): SpooledBatch | null {
    const { header, offset, nextOffset } = record;
    const { sequence, rows } = header;
    const recordBytes = nextOffset - offset;
    // Numbers are given without gaps: what lies between was damaged beyond recognition.
    if (sequence > this.#done + 1) this.#lose(0, this.#done + 1, sequence - 1);
    const bytes = this.#segments.readPayload(segment, offset, header);
    if (bytes === null) {
      this.#stats.damaged++;
      this.#lose(rows, sequence, sequence);
      this.#addWaiting(-1, -recordBytes);
      return null;
    }
    this.#given = [{ sequence, segment, nextOffset, recordBytes }];
    return { sequence, bytes, rows };
  }

  /** The batch right behind those given out; null if there is none, it is larger than `maxBytes`, or damaged (then it is dealt with in its turn). */
  #following(maxBytes: number): SpooledBatch | null {
    const last = this.#given.at(-1)!;
    let segment: Segment | null = last.segment;
    let found = this.#segments.find(segment, last.nextOffset);
    if (found.kind === "end") {
      segment = this.#segments.after(segment);
      if (segment === null) return null;
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

  /** Where reading goes on; the segment it was in may have been removed. */
  #currentSegment(): Segment | null {
    if (this.#reading === null || !this.#segments.list.includes(this.#reading)) {
      this.#reading = this.#segments.list.find((segment) => segment.lastSequence > this.#done) ?? null;
      this.#offset = 0;
    }
    return this.#reading;
  }

  /** All numbers of this range are lost; `rows` of them are known. */
  #lose(rows: number, fromSequence: number, toSequence: number): void {
    const batches = toSequence - fromSequence + 1;
    this.#done = toSequence;
    this.#stats.droppedBatches += batches;
    this.#stats.droppedRows += rows;
    this.#losses = {
      batches: batches + (this.#losses?.batches ?? 0),
      rows: rows + (this.#losses?.rows ?? 0),
      fromSequence: Math.min(fromSequence, this.#losses?.fromSequence ?? fromSequence),
      toSequence: Math.max(toSequence, this.#losses?.toSequence ?? toSequence),
    };
  }

  #addWaiting(batches: number, bytes: number): void {
    this.#waiting.batches += batches;
    this.#waiting.bytes += bytes;
  }
}
