/** The beginning of a QUIC handshake's stream, put together from parts that come in any order, twice, or never. */
import { DecodeError } from "@flowtrail/model";
import { u24 } from "./bytes.ts";
import { type ClientHello, decodeHandshake, MAX_CLIENT_HELLO } from "./client-hello.ts";
import type { Work } from "./work.ts";

/** Apart from one another: a browser cuts its hello into some ten parts in random order. */
const MAX_PARTS = 64;

export class CryptoStream {
  #bytes = new Uint8Array(0);
  /** What is there, as [from, end) after [from, end), in order and apart from one another. */
  readonly #parts: number[] = [];
  /** How far the hello was read. */
  #seen = 0;

  /** How much memory it takes. */
  get heldBytes(): number {
    return this.#bytes.length;
  }

  /** How many bytes are there without a gap. */
  get #contiguous(): number {
    return this.#parts[0] === 0 ? this.#parts[1]! : 0;
  }

  /**
   * The hello, as far as it is there. Null: there is not more of it than at the last call, or the stream is no ClientHello.
   * @throws DecodeError of a malformed one.
   */
  hello(work: Work): ClientHello | null {
    const end = this.#contiguous;
    if (end <= this.#seen) return null;
    this.#seen = end;
    return decodeHandshake(this.#bytes, 0, end, work);
  }

  /**
   * Adds `length` bytes at `at` of `source`, which belong at `offset`. What is there already stays. At most 64 steps and one for each byte.
   * @throws DecodeError of a part beyond MAX_CLIENT_HELLO, and of too many parts.
   */
  add(offset: number, source: Uint8Array, at: number, length: number, work: Work): void {
    const end = offset + length;
    if (end > MAX_CLIENT_HELLO) throw new DecodeError("quic", at, "a handshake that is longer than a hello may be");
    if (length === 0) return;
    this.#reserve(end);
    work.steps += length;
    const parts = this.#parts;
    // The parts that touch the new one are those of [first, last).
    let first = 0;
    while (first < parts.length && parts[first + 1]! < offset) first += 2;
    let last = first;
    while (last < parts.length && parts[last]! <= end) last += 2;
    work.steps += last / 2;
    if (last === first && parts.length === 2 * MAX_PARTS) throw new DecodeError("quic", at, "a handshake in too many parts");
    let from = offset;
    for (let i = first; i < last; i += 2) {
      if (parts[i]! > from) this.#copy(source, at + from - offset, from, parts[i]!);
      from = Math.max(from, parts[i + 1]!);
    }
    if (from < end) this.#copy(source, at + from - offset, from, end);
    const mergedFrom = last > first ? Math.min(offset, parts[first]!) : offset;
    const mergedEnd = last > first ? Math.max(end, parts[last - 1]!) : end;
    parts.splice(first, last - first, mergedFrom, mergedEnd);
  }

  #copy(source: Uint8Array, at: number, from: number, end: number): void {
    this.#bytes.set(source.subarray(at, at + end - from), from);
  }

  /** Makes room for `end` bytes; for the whole hello, once it says how long it is. */
  #reserve(end: number): void {
    if (end <= this.#bytes.length) return;
    const known = this.#contiguous >= 4 ? Math.min(4 + u24(this.#bytes, 1), MAX_CLIENT_HELLO) : 0;
    const grown = new Uint8Array(Math.max(end, known, Math.min(2 * this.#bytes.length, MAX_CLIENT_HELLO)));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
