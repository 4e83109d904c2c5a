/**
 * How far the spool has been emptied, and its epoch: two slots of one file, written in turn, in place. So a write that is cut short leaves the
 * other slot, and a full disk cannot keep us from noting what the server has taken (which is what frees the disk).
 */
import { closeSync, existsSync, fdatasyncSync, openSync } from "node:fs";
import { crc32 } from "node:zlib";
import { readFully, replaceFile, writeFully } from "./files.ts";

/** A slot has a disk block of its own. */
const SLOT_BYTES = 4096;
const USED_BYTES = 48;
const MAGIC = "FTCURSR1";

export interface CursorState {
  /** 16 hex digits. */
  readonly epoch: string;
  /** Everything up to here was accepted, set aside or dropped. */
  readonly doneSequence: number;
}

export class CursorFile {
  readonly path: string;
  #fd = -1;
  #turn = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Opens the file and tells its newest intact slot; null if there is none. Throws errors of node:fs. */
  open(): CursorState | null {
    if (!existsSync(this.path)) replaceFile(this.path, [new Uint8Array(SLOT_BYTES * 2)]);
    this.#fd = openSync(this.path, "r+");
    let newest: CursorState | null = null;
    for (const slot of [0, 1]) {
      const bytes = Buffer.alloc(USED_BYTES);
      readFully(this.#fd, bytes, slot * SLOT_BYTES);
      const turn = Number(bytes.readBigUInt64LE(8));
      if (bytes.toString("latin1", 0, 8) !== MAGIC || bytes.readUInt32LE(44) !== crc32(bytes.subarray(0, 44))) continue;
      if (turn <= this.#turn) continue;
      this.#turn = turn;
      newest = { epoch: bytes.toString("hex", 24, 32), doneSequence: Number(bytes.readBigUInt64LE(16)) };
    }
    return newest;
  }

  /** Notes a state; it survives the process at once, and the machine after `sync`. Throws errors of node:fs. */
  write(state: CursorState): void {
    const turn = this.#turn + 1;
    const bytes = Buffer.alloc(USED_BYTES);
    bytes.write(MAGIC, "latin1");
    bytes.writeBigUInt64LE(BigInt(turn), 8);
    bytes.writeBigUInt64LE(BigInt(state.doneSequence), 16);
    bytes.write(state.epoch, 24, "hex");
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 44)), 44);
    writeFully(this.#fd, bytes, (turn % 2) * SLOT_BYTES);
    this.#turn = turn;
  }

  sync(): void {
    fdatasyncSync(this.#fd);
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }
}
