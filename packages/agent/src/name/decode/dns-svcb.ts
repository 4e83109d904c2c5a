/** SVCB and HTTPS records (RFC 9460 §2.2): addresses that a client may use without asking for them. */
import { DecodeError } from "@flowtrail/model";
import { u16 } from "./bytes.ts";
import { type DnsBytes, skipName } from "./dns-name.ts";
import type { Work } from "./work.ts";

const IPV4_HINT = 4;
const ECH = 5;
const IPV6_HINT = 6;

export interface ServiceHints {
  /** Is called with each hint: 4 or 16 bytes at a place of the message. */
  hint(at: number, length: 4 | 16): void;
  /** Is called when the record offers ECH. */
  ech(): void;
}

/** Reads the data of one record, at `from` up to `end`. Aliases (priority 0) have no parameters that count (§2.4.2). */
export function readService(message: DnsBytes, from: number, end: number, out: ServiceHints, work: Work): void {
  if (end - from < 3) throw new DecodeError("dns", from, "a service record that is too short");
  // The target is never compressed, and what it is does not matter: the client asked for the owner.
  let at = skipName({ ...message, end }, from + 2, work);
  if (u16(message.bytes, from) === 0) return;
  for (let last = -1; at < end; ) {
    work.steps++;
    if (end - at < 4) throw new DecodeError("dns", at, "a service parameter that is too short");
    const key = u16(message.bytes, at);
    const length = u16(message.bytes, at + 2);
    const value = at + 4;
    at = value + length;
    if (key <= last || at > end) throw new DecodeError("dns", value - 4, "a service parameter out of order or too long");
    last = key;
    if (key === ECH) out.ech();
    const size = key === IPV4_HINT ? 4 : key === IPV6_HINT ? 16 : 0;
    if (size === 0) continue;
    if (length === 0 || length % size !== 0) throw new DecodeError("dns", value, "an address hint of an odd length");
    for (let hint = value; hint < at; hint += size) {
      work.steps++;
      out.hint(hint, size as 4 | 16);
    }
  }
}
