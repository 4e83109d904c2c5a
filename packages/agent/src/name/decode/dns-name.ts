/** Names within a DNS message (RFC 1035 §3.1, §4.1.4). */
import { DecodeError } from "@flowtrail/model";
import { u16 } from "./bytes.ts";
import type { Work } from "./work.ts";

/** On the wire, with the length octets and the root. */
const MAX_NAME = 255;
/** One pointer for each label is the most that compression can use. */
const MAX_HOPS = 127;
const POINTER = 0xc0;

const scratch = Buffer.alloc(4 * MAX_NAME);

/** A message in which names are read. Offsets of names are offsets into `bytes`; pointers count from `start`. */
export interface DnsBytes {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Where the name at `at` ends: after the root, or after the first pointer, which is not followed. At most 128 steps. */
export function skipName(message: DnsBytes, at: number, work: Work): number {
  const { bytes, end } = message;
  let length = 0;
  for (let p = at; p < end; ) {
    work.steps++;
    const label = bytes[p]!;
    if (label >= POINTER) return within(p + 2, end);
    if (label > 63) throw new DecodeError("dns", p, "a label of an unknown kind");
    p += 1 + label;
    length += 1 + label;
    if (length > MAX_NAME) throw new DecodeError("dns", at, "a name of more than 255 octets");
    if (label === 0) return within(p, end);
  }
  throw new DecodeError("dns", at, "a name that the message ends within");
}

function within(at: number, end: number): number {
  if (at > end) throw new DecodeError("dns", end, "a name that the message ends within");
  return at;
}

/**
 * Where the name at `at` really begins: pointers that stand there are followed. Names at one such place are the same name.
 * A pointer must point to an earlier place than the name that it is part of, so there is no way round. At most 127 steps.
 */
export function nameStart(message: DnsBytes, at: number, work: Work): number {
  let p = at;
  for (let hops = 0; p + 1 < message.end && message.bytes[p]! >= POINTER; hops++) {
    work.steps++;
    p = follow(message, p, p, hops);
  }
  return p;
}

/** `floor`: where the part of the name begins that ends in this pointer. */
function follow(message: DnsBytes, pointer: number, floor: number, hops: number): number {
  const target = message.start + (u16(message.bytes, pointer) & 0x3fff);
  if (target >= floor) throw new DecodeError("dns", pointer, "a compression pointer that does not point backwards");
  if (hops >= MAX_HOPS) throw new DecodeError("dns", pointer, "too many compression pointers");
  return target;
}

/**
 * The name at `at` in lower case, without the root's dot ("" is the root). An octet of a label that is a dot, a backslash, a space or no printable
 * ASCII is written as a backslash and three decimal digits (RFC 1035 §5.1), so different names are never one text. At most 382 steps.
 */
export function readName(message: DnsBytes, at: number, work: Work): string {
  const { bytes, end } = message;
  let p = at;
  let floor = at;
  let length = 0;
  let written = 0;
  for (let hops = 0; ; ) {
    work.steps++;
    if (p >= end) throw new DecodeError("dns", p, "a name that the message ends within");
    const label = bytes[p]!;
    if (label === 0) break;
    if (label >= POINTER) {
      if (p + 1 >= end) throw new DecodeError("dns", p, "a name that the message ends within");
      p = follow(message, p, floor, hops++);
      floor = p;
      continue;
    }
    if (label > 63) throw new DecodeError("dns", p, "a label of an unknown kind");
    length += 1 + label;
    // The root's octet is the last of the 255.
    if (length >= MAX_NAME) throw new DecodeError("dns", p, "a name of more than 255 octets");
    if (p + 1 + label > end) throw new DecodeError("dns", p, "a name that the message ends within");
    if (written > 0) scratch[written++] = 46;
    for (let i = p + 1; i <= p + label; i++) written = writeOctet(bytes[i]!, written);
    work.steps += label;
    p += 1 + label;
  }
  return scratch.toString("latin1", 0, written);
}

function writeOctet(octet: number, at: number): number {
  if (octet > 32 && octet < 127 && octet !== 46 && octet !== 92) {
    scratch[at] = octet >= 65 && octet <= 90 ? octet + 32 : octet;
    return at + 1;
  }
  scratch[at] = 92;
  scratch[at + 1] = 48 + Math.trunc(octet / 100);
  scratch[at + 2] = 48 + (Math.trunc(octet / 10) % 10);
  scratch[at + 3] = 48 + (octet % 10);
  return at + 4;
}
