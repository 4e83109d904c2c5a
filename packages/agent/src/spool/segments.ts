/** The segment files of a spool: appended to at the newest, read anywhere, removed from the oldest. Knows nothing of who has taken what. */
import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { readFully, syncDirectory, writeFully } from "./files.ts";
import { encodeHeader, HEADER_BYTES, type RecordHeader, type RecordInfo } from "./record.ts";
import { type Found, findRecord } from "./scan.ts";

export interface Segment {
  readonly path: string;
  readonly firstSequence: number;
  lastSequence: number;
  /** In use: whole records, and what is damaged between them. */
  bytes: number;
}

/** What opening found wrong; nothing of it stops the spool. */
export interface SegmentDamage {
  readonly path: string;
  readonly offset: number;
  readonly bytes: number;
  /** The last record was being written when the process died; it has been cut off. */
  readonly tornTail: boolean;
}

const NAME = /^(\d{16})\.seg$/;

export class Segments {
  readonly #dir: string;
  #list: Segment[] = [];
  /** The one that is appended to: always the newest, and only if this process made it. */
  #writeFd = -1;
  /** The last append failed half-way, and its bytes could not be cut off yet. */
  #dirtyTail = false;
  #read: { segment: Segment; fd: number } | null = null;

  constructor(dir: string) {
    this.#dir = dir;
  }

  get list(): readonly Segment[] {
    return this.#list;
  }

  get totalBytes(): number {
    return this.#list.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** Takes stock of what is on the disk. `onRecord` hears of every record, in order. Throws errors of node:fs. */
  open(onRecord: (header: RecordHeader) => void): SegmentDamage[] {
    const damage: SegmentDamage[] = [];
    const names = readdirSync(this.#dir)
      .filter((name) => NAME.test(name))
      .sort();
    for (const name of names) {
      const isNewest = name === names.at(-1);
      const segment = this.#takeStock(join(this.#dir, name), Number(NAME.exec(name)?.[1]), isNewest, onRecord, damage);
      if (segment) this.#list.push(segment);
    }
    return damage;
  }

  #takeStock(
    path: string,
    firstSequence: number,
    isNewest: boolean,
    onRecord: (header: RecordHeader) => void,
    damage: SegmentDamage[],
  ): Segment | null {
    const fd = openSync(path, "r+");
    try {
      const segment = { path, firstSequence, lastSequence: firstSequence - 1, bytes: fstatSync(fd).size };
      for (let offset = 0; ; ) {
        const found = findRecord(fd, offset, segment.bytes);
        if (found.kind === "end") break;
        if (found.kind === "record") {
          if (found.header.sequence > segment.lastSequence) onRecord(found.header);
          segment.lastSequence = Math.max(segment.lastSequence, found.header.sequence);
        } else {
          const tornTail = found.kind === "torn" && isNewest;
          damage.push({ path, offset, bytes: found.nextOffset - offset, tornTail });
          if (tornTail) {
            ftruncateSync(fd, offset);
            fdatasyncSync(fd);
            segment.bytes = offset;
            break;
          }
          // Something stood here whose number is not known: it is not given to another batch.
          segment.lastSequence++;
        }
        offset = found.nextOffset;
      }
      if (segment.bytes > 0) return segment;
      unlinkSync(path);
      return null;
    } finally {
      closeSync(fd);
    }
  }

  /**
   * Writes one record and makes it durable. If it throws (errors of node:fs), nothing was added.
   * A segment that would grow over `maxSegmentBytes` is left for a new one.
   */
  append(sequence: number, payload: Uint8Array, info: RecordInfo, maxSegmentBytes: number): Segment {
    const recordBytes = HEADER_BYTES + payload.length;
    let segment = this.#list.at(-1);
    if (segment === undefined || this.#writeFd < 0 || (segment.bytes > 0 && segment.bytes + recordBytes > maxSegmentBytes)) {
      segment = this.#startSegment(sequence);
    }
    if (this.#dirtyTail) ftruncateSync(this.#writeFd, segment.bytes);
    this.#dirtyTail = true;
    try {
      writeFully(this.#writeFd, encodeHeader(sequence, payload, info), segment.bytes);
      writeFully(this.#writeFd, payload, segment.bytes + HEADER_BYTES);
      fdatasyncSync(this.#writeFd);
    } catch (cause) {
      this.#cutTail(segment);
      throw cause;
    }
    this.#dirtyTail = false;
    segment.bytes += recordBytes;
    segment.lastSequence = sequence;
    return segment;
  }

  /** Cutting off needs no space; if it fails all the same, the next append tries again before it writes. */
  #cutTail(segment: Segment): void {
    try {
      ftruncateSync(this.#writeFd, segment.bytes);
      this.#dirtyTail = false;
    } catch {
      this.#dirtyTail = true;
    }
  }

  #startSegment(sequence: number): Segment {
    const path = join(this.#dir, `${String(sequence).padStart(16, "0")}.seg`);
    const fd = openSync(path, "wx", 0o600);
    try {
      syncDirectory(this.#dir);
    } catch (cause) {
      closeSync(fd);
      unlinkSync(path);
      throw cause;
    }
    if (this.#writeFd >= 0) closeSync(this.#writeFd);
    this.#writeFd = fd;
    this.#dirtyTail = false;
    const segment = { path, firstSequence: sequence, lastSequence: sequence - 1, bytes: 0 };
    this.#list.push(segment);
    return segment;
  }

  /** What is at `offset` of a segment. Throws errors of node:fs. */
  find(segment: Segment, offset: number): Found {
    return findRecord(this.#readFd(segment), offset, segment.bytes);
  }

  /** The one that was begun after it; null if there is none. */
  after(segment: Segment): Segment | null {
    return this.#list[this.#list.indexOf(segment) + 1] ?? null;
  }

  /** Its intact headers, in order. Throws errors of node:fs. */
  *records(segment: Segment): Generator<{ header: RecordHeader; offset: number; recordBytes: number }> {
    for (let offset = 0; ; ) {
      const found = this.find(segment, offset);
      if (found.kind === "end") return;
      if (found.kind === "record") yield { header: found.header, offset, recordBytes: found.nextOffset - offset };
      offset = found.nextOffset;
    }
  }

  /** The payload of a record, or null if it is not what was written. Throws errors of node:fs. */
  readPayload(segment: Segment, offset: number, header: RecordHeader): Uint8Array | null {
    const bytes = new Uint8Array(header.payloadBytes);
    const count = readFully(this.#readFd(segment), bytes, offset + HEADER_BYTES);
    return count === bytes.length && crc32(bytes) === header.payloadCrc ? bytes : null;
  }

  /** Removes the oldest. Throws errors of node:fs. */
  removeOldest(): void {
    const segment = this.#list[0];
    if (segment === undefined) return;
    unlinkSync(segment.path);
    this.#list.shift();
    if (this.#read?.segment === segment) this.#closeRead();
    if (this.#list.length === 0) this.#closeWrite();
  }

  close(): void {
    this.#closeRead();
    this.#closeWrite();
    this.#list = [];
  }

  /** One file is kept open for reading: records are read in order. */
  #readFd(segment: Segment): number {
    if (this.#read?.segment !== segment) {
      this.#closeRead();
      this.#read = { segment, fd: openSync(segment.path, "r") };
    }
    return this.#read.fd;
  }

  #closeRead(): void {
    if (this.#read) closeSync(this.#read.fd);
    this.#read = null;
  }

  #closeWrite(): void {
    if (this.#writeFd >= 0) closeSync(this.#writeFd);
    this.#writeFd = -1;
  }
}
