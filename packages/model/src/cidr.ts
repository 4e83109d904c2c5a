/** Ranges of addresses, over the 16-byte form of address.ts. */

import { ADDRESS_BYTES, formatAddress, isV4Mapped, parseAddress } from "./address.ts";

export interface Cidr {
  /** 16 bytes; host bits are zero. */
  readonly bytes: Uint8Array;
  /** 0–128 over the 16 bytes: an IPv4 prefix length plus 96. */
  readonly prefixBits: number;
  /** A range of IPv4 holds only IPv4 addresses, one of IPv6 only IPv6 ones, ::/0 too. */
  readonly v4: boolean;
}

/** Reads `address/prefix`. Host bits are cleared (10.20.0.1/16 is 10.20.0.0/16). Null when it is no range. */
export function parseCidr(text: string): Cidr | null {
  const slash = text.indexOf("/");
  if (slash < 0) return null;
  const length = text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(length)) return null;
  const bytes = parseAddress(text.slice(0, slash));
  if (bytes === null) return null;
  // ::ffff:10.0.0.0/104 is written with IPv6's length, and is 10.0.0.0/8.
  const dotted = !text.includes(":");
  const prefixBits = Number(length) + (dotted ? 96 : 0);
  if (prefixBits > 128) return null;
  const v4 = prefixBits >= 96 && isV4Mapped(bytes, 0);
  clearHostBits(bytes, prefixBits);
  return { bytes, prefixBits, v4 };
}

function clearHostBits(bytes: Uint8Array, prefixBits: number): void {
  const whole = prefixBits >> 3;
  if (whole === ADDRESS_BYTES) return;
  bytes[whole] = (bytes[whole] ?? 0) & (0xff00 >> (prefixBits & 7));
  bytes.fill(0, whole + 1);
}

/** Is the address at `offset` of `bytes` in the range? */
export function cidrContains(cidr: Cidr, bytes: Uint8Array, offset = 0): boolean {
  const whole = cidr.prefixBits >> 3;
  for (let i = 0; i < whole; i++) if (cidr.bytes[i] !== bytes[offset + i]) return false;
  const rest = cidr.prefixBits & 7;
  if (rest !== 0 && (((cidr.bytes[whole] ?? 0) ^ (bytes[offset + whole] ?? 0)) & (0xff00 >> rest) & 0xff) !== 0) return false;
  return cidr.v4 || !isV4Mapped(bytes, offset);
}

/** Writes a range as `parseCidr` reads it. */
export function formatCidr(cidr: Cidr): string {
  if (cidr.v4) return `${formatAddress(cidr.bytes)}/${cidr.prefixBits - 96}`;
  return `${formatAddress(cidr.bytes)}/${cidr.prefixBits}`;
}
