/** Beginnings of TCP streams that go on in another packet: what came so far, in order, for a moment and in bounded memory. */
import type { FlowKey } from "../track/flow-key.ts";
import { KeyedTable } from "./keyed-table.ts";

export interface StreamsConfig {
  readonly maxStreams: number;
  readonly maxBytesEach: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

interface Stream {
  bytes: Uint8Array;
  length: number;
  /** As long as there are fewer, nothing new can be read. */
  needed: number;
  /** Sequence number of the byte that is expected next. */
  nextSeq: number;
  readonly untilMs: number;
}

export class Streams {
  readonly #config: StreamsConfig;
  readonly #table: KeyedTable;
  readonly #streams: (Stream | undefined)[] = [];
  #heldBytes = 0;
  #evicted = 0;

  constructor(config: StreamsConfig) {
    this.#config = config;
    this.#table = new KeyedTable(config.maxStreams, (entry) => this.#drop(entry));
  }

  get size(): number {
    return this.#table.size;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Streams that had to go before they were read. */
  get evicted(): number {
    return this.#evicted;
  }

  /**
   * Keeps the bytes from `start` to `end` as the beginning of a stream, in the place of a former one; `seq` is the number of the first.
   * @param needed bytes from `start` on without which nothing new can be read
   */
  begin(tuple: FlowKey, seq: number, bytes: Uint8Array, start: number, end: number, needed: number, atMs: number): void {
    this.forget(tuple);
    const length = end - start;
    if (length > this.#config.maxBytesEach) return;
    const entry = this.#table.add(tuple);
    this.#streams[entry] = {
      bytes: new Uint8Array(bytes.subarray(start, end)),
      length,
      needed,
      nextSeq: (seq + length) >>> 0,
      untilMs: atMs + this.#config.maxAgeMs,
    };
    this.#heldBytes += length;
    this.#makeRoom();
  }

  /** Is the byte of this number there already? So is that of a packet that is seen again. */
  has(tuple: FlowKey, seq: number, atMs: number): boolean {
    const stream = this.#streams[this.#table.find(tuple)];
    if (stream === undefined || stream.untilMs <= atMs) return false;
    const behind = (stream.nextSeq - seq) >>> 0;
    return behind > 0 && behind <= stream.length;
  }

  /**
   * Adds what follows. Returns all so far, valid until the next call, or that it waits for what is needed; null if it does not follow what is there,
   * or nothing is.
   */
  append(tuple: FlowKey, seq: number, bytes: Uint8Array, start: number, end: number, atMs: number): Uint8Array | "waits" | null {
    const entry = this.#table.find(tuple);
    const stream = this.#streams[entry];
    if (entry < 0 || stream === undefined || stream.nextSeq !== seq || end <= start) return null;
    const length = stream.length + end - start;
    if (stream.untilMs <= atMs || length > this.#config.maxBytesEach) {
      this.#evicted++;
      this.#forget(entry);
      return null;
    }
    if (length > stream.bytes.length) {
      const larger = new Uint8Array(Math.min(this.#config.maxBytesEach, Math.max(length, stream.bytes.length * 2)));
      larger.set(stream.bytes.subarray(0, stream.length));
      this.#heldBytes += larger.length - stream.bytes.length;
      stream.bytes = larger;
    }
    stream.bytes.set(bytes.subarray(start, end), stream.length);
    stream.length = length;
    stream.nextSeq = (seq + end - start) >>> 0;
    const whole = stream.bytes.subarray(0, length);
    this.#makeRoom();
    return length < stream.needed ? "waits" : whole;
  }

  /** So many bytes of the stream are needed to read on. */
  need(tuple: FlowKey, needed: number): void {
    const stream = this.#streams[this.#table.find(tuple)];
    if (stream) stream.needed = needed;
  }

  forget(tuple: FlowKey): void {
    const entry = this.#table.find(tuple);
    if (entry >= 0) this.#forget(entry);
  }

  sweep(nowMs: number): void {
    for (let entry = this.#table.oldest; entry >= 0 && this.#streams[entry]!.untilMs <= nowMs; entry = this.#table.oldest) {
      this.#evicted++;
      this.#forget(entry);
    }
  }

  clear(): void {
    while (this.#table.oldest >= 0) this.#forget(this.#table.oldest);
  }

  #makeRoom(): void {
    while (this.#heldBytes > this.#config.maxBytes && this.#table.size > 1) {
      this.#evicted++;
      this.#forget(this.#table.oldest);
    }
  }

  #forget(entry: number): void {
    this.#heldBytes -= this.#streams[entry]!.bytes.length;
    this.#streams[entry] = undefined;
    this.#table.remove(entry);
  }

  #drop(entry: number): void {
    this.#evicted++;
    this.#heldBytes -= this.#streams[entry]!.bytes.length;
    this.#streams[entry] = undefined;
  }
}
