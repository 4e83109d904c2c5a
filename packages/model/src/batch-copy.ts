/** Moves bits and fixed-width elements between columns. Bitmaps are in Arrow's order: bit i is bit i & 7 of byte i >> 3. */

export function bitAt(bits: Uint8Array, at: number): boolean {
  return ((bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0;
}

/** Copies `count` bits; the other bits of `to` stay as they are. */
export function copyBits(from: Uint8Array, fromBit: number, to: Uint8Array, toBit: number, count: number): void {
  const head = Math.min(count, -toBit & 7);
  copyBitByBit(from, fromBit, to, toBit, head);
  const bytes = (count - head) >> 3;
  const source = (fromBit + head) >> 3;
  const target = (toBit + head) >> 3;
  const shift = (fromBit + head) & 7;
  if (shift === 0) to.set(from.subarray(source, source + bytes), target);
  else {
    for (let i = 0; i < bytes; i++) {
      to[target + i] = ((from[source + i] ?? 0) >> shift) | ((from[source + i + 1] ?? 0) << (8 - shift));
    }
  }
  const done = head + bytes * 8;
  copyBitByBit(from, fromBit + done, to, toBit + done, count - done);
}

function copyBitByBit(from: Uint8Array, fromBit: number, to: Uint8Array, toBit: number, count: number): void {
  for (let i = 0; i < count; i++) {
    const at = (toBit + i) >> 3;
    const bit = 1 << ((toBit + i) & 7);
    to[at] = bitAt(from, fromBit + i) ? (to[at] ?? 0) | bit : (to[at] ?? 0) & ~bit;
  }
}

/** Sets `count` bits from `first` on. */
export function setBits(bits: Uint8Array, first: number, count: number): void {
  const end = first + count;
  let at = first;
  for (; at < end && (at & 7) !== 0; at++) bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
  if (end - at >= 8) {
    bits.fill(0xff, at >> 3, end >> 3);
    at = end & ~7;
  }
  for (; at < end; at++) bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
}

/** How many of the first `count` bits are set. */
export function countBits(bits: Uint8Array, count: number): number {
  let total = 0;
  const bytes = count >> 3;
  for (let i = 0; i < bytes; i++) total += ONES[bits[i] ?? 0] ?? 0;
  return (count & 7) === 0 ? total : total + (ONES[(bits[bytes] ?? 0) & ((1 << (count & 7)) - 1)] ?? 0);
}
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => {
  let ones = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) ones++;
  return ones;
});

/** One byte a value (0 or 1) → one bit a value. */
export function packBits(bytes: Uint8Array, count: number): Uint8Array<ArrayBuffer> {
  const bits = new Uint8Array((count + 7) >> 3);
  for (let i = 0; i < count; i++) if (bytes[i] === 1) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
  return bits;
}

/** `count` bits from the first on → one byte a value (0 or 1), from `at` on. */
export function unpackBits(bits: Uint8Array, bytes: Uint8Array, at: number, count: number): void {
  for (let i = 0; i < count; i++) bytes[at + i] = ((bits[i >> 3] ?? 0) >> (i & 7)) & 1;
}

/**
 * Copies the elements at the places `picked` to the first ones of `to`. `width` is an element's size in bytes: 1, 2 or a multiple of 4.
 * By memory and not by array type, so that the loops stay monomorphic: one loop over all array types is several times slower.
 */
export function gatherElements(from: ArrayBuffer, to: ArrayBuffer, width: number, picked: Int32Array): void {
  if (width === 1) gatherBytes(new Uint8Array(from), new Uint8Array(to), picked);
  else if (width === 2) gatherHalves(new Uint16Array(from), new Uint16Array(to), picked);
  else gatherWords(new Uint32Array(from), new Uint32Array(to), width / 4, picked);
}

function gatherBytes(from: Uint8Array, to: Uint8Array, picked: Int32Array): void {
  for (let i = 0; i < picked.length; i++) to[i] = from[picked[i] ?? 0] ?? 0;
}

function gatherHalves(from: Uint16Array, to: Uint16Array, picked: Int32Array): void {
  for (let i = 0; i < picked.length; i++) to[i] = from[picked[i] ?? 0] ?? 0;
}

function gatherWords(from: Uint32Array, to: Uint32Array, words: number, picked: Int32Array): void {
  let target = 0;
  for (let i = 0; i < picked.length; i++) {
    let source = (picked[i] ?? 0) * words;
    for (let word = 0; word < words; word++) to[target++] = from[source++] ?? 0;
  }
}

/** Copies the bits at the places `picked` to the first bits of `to`. */
export function gatherBits(from: Uint8Array, to: Uint8Array, picked: Int32Array): void {
  let byte = 0;
  for (let i = 0; i < picked.length; i++) {
    const place = picked[i] ?? 0;
    byte |= (((from[place >> 3] ?? 0) >> (place & 7)) & 1) << (i & 7);
    if ((i & 7) === 7) {
      to[i >> 3] = byte;
      byte = 0;
    }
  }
  if ((picked.length & 7) !== 0) to[picked.length >> 3] = byte;
}
