/** The fields of one protobuf message, found but not interpreted: what a field means depends on others. https://protobuf.dev/programming-guides/encoding */
import { DecodeError } from "@flowtrail/model";

export const VARINT = 0;
const FIXED64 = 1;
export const LENGTH = 2;
const FIXED32 = 5;
/** Stands for a field that is not there. */
export const ABSENT = -1;
/** Fields up to this number are kept; a higher one is checked and passed over. */
const KEPT = 32;
const MAX_FIELD = 536_870_911;
/** More fields than a message of ours has, again and again, are work for nothing. */
const MAX_FIELDS = 256;
const WORD = 4_294_967_296;

/** Reused from message to message. Of a field that is there several times the last one counts, as everywhere in protobuf. */
export class Fields {
  #bytes: Uint8Array = new Uint8Array();
  readonly #what: string;
  readonly #types = new Int8Array(KEPT).fill(ABSENT);
  /** Where a LENGTH field's bytes begin and end. */
  readonly #from = new Uint32Array(KEPT);
  readonly #to = new Uint32Array(KEPT);
  /** A VARINT's words. */
  readonly #low = new Uint32Array(KEPT);
  readonly #high = new Uint32Array(KEPT);
  #at = 0;
  #end = 0;
  #lowWord = 0;
  #highWord = 0;

  /** @param what the message's name, for errors */
  constructor(what: string) {
    this.#what = what;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Finds the fields of a message. @throws DecodeError */
  read(bytes: Uint8Array, from = 0, to = bytes.length): void {
    this.#types.fill(ABSENT);
    this.#bytes = bytes;
    this.#at = from;
    this.#end = to;
    for (let count = 0; this.#at < to; count++) {
      if (count === MAX_FIELDS) throw this.error(`more than ${MAX_FIELDS} fields`);
      this.#field();
    }
  }

  #field(): void {
    this.#varint();
    const number = this.#lowWord >>> 3;
    const type = this.#lowWord & 7;
    if (this.#highWord !== 0 || number === 0 || number > MAX_FIELD) throw this.error("no such field number");
    let from = this.#at;
    if (type === VARINT) this.#varint();
    else if (type === LENGTH) {
      this.#varint();
      from = this.#at;
      if (this.#highWord !== 0 || this.#lowWord > this.#end - from)
        throw this.error(`field ${number} is longer than the message`);
      this.#at = from + this.#lowWord;
    } else if (type === FIXED64 || type === FIXED32) {
      this.#at += type === FIXED64 ? 8 : 4;
      if (this.#at > this.#end) throw this.error(`field ${number} is longer than the message`);
    } else throw this.error(`field ${number} is a group or of no known wire type (${type})`);
    if (number >= KEPT) return;
    this.#types[number] = type;
    this.#from[number] = from;
    this.#to[number] = this.#at;
    this.#low[number] = this.#lowWord;
    this.#high[number] = this.#highWord;
  }

  /** 64 bits at most: ten bytes, of the last one a single bit. */
  #varint(): void {
    let low = 0;
    let high = 0;
    for (let i = 0; i < 10; i++) {
      if (this.#at >= this.#end) throw this.error("it ends within a number");
      const byte = this.#bytes[this.#at++] ?? 0;
      const bits = byte & 0x7f;
      if (i < 4) low |= bits << (7 * i);
      else if (i === 4) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (7 * i - 32);
      if (byte >= 0x80) continue;
      if (i === 9 && byte > 1) break;
      this.#lowWord = low >>> 0;
      this.#highWord = high >>> 0;
      return;
    }
    throw this.error("a number is longer than 64 bits");
  }

  /** VARINT, LENGTH, another wire type, or ABSENT. */
  type(number: number): number {
    return this.#types[number] ?? ABSENT;
  }

  /** Where a LENGTH field's bytes begin. */
  from(number: number): number {
    return this.#from[number] ?? 0;
  }

  /** And where they end. */
  to(number: number): number {
    return this.#to[number] ?? 0;
  }

  /** An unsigned number; 0 where there is none. Exact up to 2^53. @throws DecodeError if the field is no number */
  unsigned(number: number): number {
    if (!this.#is(number, VARINT)) return 0;
    return (this.#high[number] ?? 0) * WORD + (this.#low[number] ?? 0);
  }

  /** The same in two's complement. */
  signed(number: number): number {
    if (!this.#is(number, VARINT)) return 0;
    return ((this.#high[number] ?? 0) | 0) * WORD + (this.#low[number] ?? 0);
  }

  /** Is there such a field? @throws DecodeError if it is of another wire type */
  #is(number: number, type: number): boolean {
    const found = this.type(number);
    if (found === ABSENT) return false;
    if (found !== type) throw this.error(`field ${number} has wire type ${found} instead of ${type}`);
    return true;
  }

  /** Is there a field of bytes? @throws DecodeError if it is of another wire type */
  hasBytes(number: number): boolean {
    return this.#is(number, LENGTH);
  }

  error(message: string): DecodeError {
    return new DecodeError(this.#what, this.#at, message);
  }
}
