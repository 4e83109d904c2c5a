/** Big-endian numbers of network formats. The caller has checked that they lie within the bytes. */

export const u16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;

export const u24 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 16) | u16(bytes, at + 1);

export const u32 = (bytes: Uint8Array, at: number): number => bytes[at]! * 0x1000000 + u24(bytes, at + 1);

/** Bytes as text, one character each. For short texts (the longest is a host name's). */
export function latin1(bytes: Uint8Array, from: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from).toString("latin1");
}
