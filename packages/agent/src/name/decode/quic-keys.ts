/** The keys of a client's Initial packets, which anybody can compute (RFC 9001 §5.2; RFC 9369 §3.3 for version 2). */
import { type Cipheriv, createCipheriv, createDecipheriv, hash } from "node:crypto";

export type QuicVersion = 1 | 2;

const SALT = {
  1: Buffer.from("38762cf7f55934b34d179ae6a4c80cadccbb7f0a", "hex"),
  2: Buffer.from("0dede3def700a6db819381be6e269dcbf9bd2ed9", "hex"),
} as const;
const TAG = 16;
const SAMPLE = 16;

/** HKDF-Expand-Label (RFC 8446 §7.1) for up to 32 bytes: one block of HKDF, whose counter follows the empty context. */
function label(text: string, length: number): Buffer {
  return Buffer.from([0, length, 6 + text.length, ...Buffer.from(`tls13 ${text}`), 0, 1]);
}
const LABELS = {
  secret: label("client in", 32),
  1: { key: label("quic key", 16), iv: label("quic iv", 12), headers: label("quic hp", 16) },
  2: { key: label("quicv2 key", 16), iv: label("quicv2 iv", 12), headers: label("quicv2 hp", 16) },
} as const;

/** SHA-256's; no key here is longer. */
const HASH_BLOCK = 64;

/** HMAC (RFC 2104) out of one-shot hashes, which take a fifth of the time that createHmac needs to make its object. */
function hmac(key: Uint8Array, data: Uint8Array): Buffer {
  const inner = Buffer.alloc(HASH_BLOCK + data.length, 0x36);
  const outer = Buffer.alloc(HASH_BLOCK + 32, 0x5c);
  for (const [i, octet] of key.entries()) {
    inner[i]! ^= octet;
    outer[i]! ^= octet;
  }
  inner.set(data, HASH_BLOCK);
  outer.set(hash("sha256", inner, "buffer"), HASH_BLOCK);
  return hash("sha256", outer, "buffer");
}

export class InitialKeys {
  readonly key: Buffer;
  readonly iv: Buffer;
  readonly headerKey: Buffer;
  readonly #headers: Cipheriv;

  /** `connectionId`: the one that the client chose for its very first packet (after a Retry: the server's). */
  constructor(version: QuicVersion, connectionId: Uint8Array) {
    const secret = hmac(hmac(SALT[version], connectionId), LABELS.secret);
    const labels = LABELS[version];
    this.key = hmac(secret, labels.key).subarray(0, 16);
    this.iv = hmac(secret, labels.iv).subarray(0, 12);
    this.headerKey = hmac(secret, labels.headers).subarray(0, 16);
    this.#headers = createCipheriv("aes-128-ecb", this.headerKey, null).setAutoPadding(false);
  }

  /**
   * Takes the protection off one packet: its header begins at `start`, its packet number at `number`, and it ends at `end`, at least 20 bytes later.
   * Null: it was not made with these keys.
   */
  open(bytes: Uint8Array, start: number, number: number, end: number): Uint8Array | null {
    const mask = this.#headers.update(bytes.subarray(number + 4, number + 4 + SAMPLE));
    const first = bytes[start]! ^ (mask[0]! & 0x0f);
    const numberBytes = (first & 3) + 1;
    const header = bytes.slice(start, number + numberBytes);
    header[0] = first;
    const nonce = Buffer.from(this.iv);
    for (let i = 0; i < numberBytes; i++) {
      const octet = bytes[number + i]! ^ mask[1 + i]!;
      header[number - start + i] = octet;
      // The first packets of a connection: what is sent of the number is all of it.
      nonce[12 - numberBytes + i]! ^= octet;
    }
    const payload = number + numberBytes;
    const cipher = createDecipheriv("aes-128-gcm", this.key, nonce)
      .setAAD(header)
      .setAuthTag(bytes.subarray(end - TAG, end));
    const plain = cipher.update(bytes.subarray(payload, end - TAG));
    try {
      cipher.final();
    } catch {
      // Not authentic: the one way in which final() fails, and the caller counts it.
      return null;
    }
    return plain;
  }
}
