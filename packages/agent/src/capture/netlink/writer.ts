/** Builds netlink messages and their attributes in one reused buffer. */
import { NLM_F_REQUEST } from "./constants.ts";

const NLMSGHDR_BYTES = 16;
const NLA_F_NESTED = 0x8000;

export class MessageWriter {
  readonly #bytes: Buffer;
  #message = 0;
  #end = 0;

  constructor(capacityBytes = 512) {
    this.#bytes = Buffer.allocUnsafeSlow(capacityBytes);
  }

  /** Forgets everything written so far. */
  reset(): void {
    this.#end = 0;
  }

  /** Starts a message: nlmsghdr and nfgenmsg { u8 family; u8 version 0; be16 res_id }. The message before it is closed. */
  message(type: number, flags: number, sequence: number, family: number, resourceId = 0): void {
    const at = this.#end;
    this.#message = at;
    this.#bytes.writeUInt16LE(type, at + 4);
    this.#bytes.writeUInt16LE(flags | NLM_F_REQUEST, at + 6);
    this.#bytes.writeUInt32LE(sequence, at + 8);
    this.#bytes.writeUInt32LE(0, at + 12);
    this.#bytes[at + NLMSGHDR_BYTES] = family;
    this.#bytes[at + 17] = 0;
    this.#bytes.writeUInt16BE(resourceId, at + 18);
    this.#grow(20);
  }

  u8(type: number, value: number): void {
    this.#bytes[this.#attribute(type, 1)] = value;
  }

  be16(type: number, value: number): void {
    this.#bytes.writeUInt16BE(value, this.#attribute(type, 2));
  }

  be32(type: number, value: number): void {
    this.#bytes.writeUInt32BE(value, this.#attribute(type, 4));
  }

  be64(type: number, value: number): void {
    this.#bytes.writeBigUInt64BE(BigInt(value), this.#attribute(type, 8));
  }

  /** An address as ConntrackRecord.words holds it. */
  words(type: number, words: Uint32Array, from: number, count: number): void {
    const at = this.#attribute(type, count * 4);
    for (let i = 0; i < count; i++) this.#bytes.writeUInt32BE(words[from + i]!, at + i * 4);
  }

  /** A text with its terminating zero. */
  text(type: number, value: string): void {
    const at = this.#attribute(type, Buffer.byteLength(value) + 1);
    this.#bytes[at + this.#bytes.write(value, at)] = 0;
  }

  /** Bytes as they are. */
  raw(type: number, value: readonly number[]): void {
    const at = this.#attribute(type, value.length);
    for (const [i, byte] of value.entries()) this.#bytes[at + i] = byte;
  }

  /** Attributes written by `content` go inside of this one. */
  nest(type: number, content: () => void): void {
    const at = this.#end;
    this.#attribute(type | NLA_F_NESTED, 0);
    content();
    this.#bytes.writeUInt16LE(this.#end - at, at);
  }

  /** What was written. Valid until the next write. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  #attribute(type: number, payloadBytes: number): number {
    const at = this.#end;
    this.#bytes.writeUInt16LE(4 + payloadBytes, at);
    this.#bytes.writeUInt16LE(type, at + 2);
    const padded = (payloadBytes + 3) & ~3;
    this.#bytes.fill(0, at + 4 + payloadBytes, at + 4 + padded);
    this.#grow(4 + padded);
    return at + 4;
  }

  #grow(bytes: number): void {
    this.#end += bytes;
    this.#bytes.writeUInt32LE(this.#end - this.#message, this.#message);
  }
}
