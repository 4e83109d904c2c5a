/** SHA-1 (FIPS 180-4) of one block: what a Community ID needs, synchronous and in any browser. Not for security. */

const words = new Int32Array(80);
const block = new DataView(new ArrayBuffer(64));

/** The 20-byte digest of at most 55 bytes (RangeError beyond: those need a second block). */
export function sha1OneBlock(message: Uint8Array): Uint8Array {
  if (message.length > 55) throw new RangeError(`one block holds 55 bytes, not ${message.length}`);
  const bytes = new Uint8Array(block.buffer);
  bytes.fill(0);
  bytes.set(message);
  bytes[message.length] = 0x80;
  block.setUint32(60, message.length * 8);
  for (let i = 0; i < 16; i++) words[i] = block.getInt32(i * 4);
  for (let i = 16; i < 80; i++) words[i] = rotate(word(i - 3) ^ word(i - 8) ^ word(i - 14) ^ word(i - 16), 1);

  let a = 0x67452301;
  let b = 0xefcdab89 | 0;
  let c = 0x98badcfe | 0;
  let d = 0x10325476;
  let e = 0xc3d2e1f0 | 0;
  for (let i = 0; i < 80; i++) {
    const next = (rotate(a, 5) + choose(i, b, c, d) + e + word(i)) | 0;
    e = d;
    d = c;
    c = rotate(b, 30);
    b = a;
    a = next;
  }
  const digest = new DataView(new ArrayBuffer(20));
  [a + 0x67452301, b + 0xefcdab89, c + 0x98badcfe, d + 0x10325476, e + 0xc3d2e1f0].forEach((part, i) => {
    digest.setInt32(i * 4, part);
  });
  return new Uint8Array(digest.buffer);
}

function word(i: number): number {
  return words[i] ?? 0;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** f and K of a round (FIPS 180-4 §4.1.1, §4.2.1). */
function choose(round: number, b: number, c: number, d: number): number {
  if (round < 20) return ((b & c) | (~b & d)) + 0x5a827999;
  if (round < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (round < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}
