/**
 * Pseudonyms: names under a key. The same name always has the same pseudonym, so that charts and lists work; who has the key can turn it back into the
 * name without a list of any kind, who has not can't, nor try names one by one.
 *
 * A synthetic initialisation vector, as in AES-SIV (RFC 5297), of HMAC-SHA-256 in the place of S2V: `mac = HMAC(k1, kind, name)`, 8 bytes of it, are the
 * counter under which AES-256 encrypts the name, and say on the way back that it was this key. Names are padded to 8 bytes, as their lengths tell much.
 */
import { createCipheriv, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { type PseudonymKind, readPseudonym } from "@flowtrail/model";

export interface Revealed {
  readonly kind: PseudonymKind;
  readonly name: string;
}

const MAC_BYTES = 8;
const BLOCK = 8;
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
/** Of a batch after the other mostly the same names: kept, and forgotten at once when they are too many. */
const MAX_KNOWN = 50_000;

interface Key {
  readonly mac: Uint8Array;
  readonly cipher: Uint8Array;
}

export class Pseudonyms {
  readonly #keys: readonly [Key, ...Key[]];
  readonly #known = new Map<string, string>();

  /** @param keys at least one; the first makes pseudonyms, all reveal */
  constructor(keys: readonly Uint8Array[]) {
    this.#keys = keys.map(derived) as [Key, ...Key[]];
  }

  /** The pseudonym of a name; one that is a pseudonym stays what it is. */
  of(kind: PseudonymKind, name: string): string {
    const id = `${kind} ${name}`;
    let pseudonym = this.#known.get(id);
    if (pseudonym === undefined) {
      pseudonym = this.reveal(name) === null ? seal(this.#keys[0], kind, name) : name;
      if (this.#known.size >= MAX_KNOWN) this.#known.clear();
      this.#known.set(id, pseudonym);
    }
    return pseudonym;
  }

  /** What rows may call it, which were made under any of the keys; the newest key's first. */
  everyOf(kind: PseudonymKind, name: string): string[] {
    return this.reveal(name) === null ? this.#keys.map((key) => seal(key, kind, name)) : [name];
  }

  /** The name; null: it is no pseudonym, or was made by a key that is not there. */
  reveal(text: string): Revealed | null {
    const read = readPseudonym(text);
    if (read === null) return null;
    const { kind, sealed } = read;
    const bytes = fromBase32(sealed);
    if (bytes === null || bytes.length < MAC_BYTES + BLOCK || bytes.length % BLOCK !== 0) return null;
    for (const key of this.#keys) {
      const mac = bytes.subarray(0, MAC_BYTES);
      const padded = crypt(key, mac, bytes.subarray(MAC_BYTES));
      if (timingSafeEqual(macOf(key, kind, padded), mac)) return { kind, name: unpadded(padded) };
    }
    return null;
  }
}

function derived(key: Uint8Array): Key {
  const part = (what: string) => new Uint8Array(hkdfSync("sha256", key, new Uint8Array(0), `flowtrail pseudonyms ${what}`, 32));
  return { mac: part("mac"), cipher: part("cipher") };
}

function seal(key: Key, kind: PseudonymKind, name: string): string {
  const text = Buffer.from(name, "utf8");
  const padded = Buffer.alloc(Math.max(BLOCK, Math.ceil(text.length / BLOCK) * BLOCK));
  text.copy(padded);
  const mac = macOf(key, kind, padded);
  return `${kind}-${toBase32(Buffer.concat([mac, crypt(key, mac, padded)]))}`;
}

function macOf(key: Key, kind: PseudonymKind, padded: Uint8Array): Uint8Array {
  return createHmac("sha256", key.mac).update(`${kind}\0`).update(padded).digest().subarray(0, MAC_BYTES);
}

/** Both ways. */
function crypt(key: Key, mac: Uint8Array, bytes: Uint8Array): Buffer {
  const counter = Buffer.alloc(16);
  counter.set(mac);
  return createCipheriv("aes-256-ctr", key.cipher, counter).update(bytes);
}

function unpadded(bytes: Buffer): string {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.toString("utf8", 0, end);
}

function toBase32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xffff;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32[(value >> (bits - 5)) & 31];
  }
  return bits === 0 ? text : text + BASE32[(value << (5 - bits)) & 31];
}

/** Null: no whole number of bytes was written so. */
function fromBase32(text: string): Buffer | null {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const letter of text) {
    value = ((value << 5) | BASE32.indexOf(letter)) & 0xffff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >> bits) & 0xff);
  }
  return bits >= 5 || (value & ((1 << bits) - 1)) !== 0 ? null : Buffer.from(bytes);
}
