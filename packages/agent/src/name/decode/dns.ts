/** DNS answers: which name was asked for, and which addresses were given for it (RFC 1035, RFC 2181, RFC 9460). */
import { DecodeError } from "@flowtrail/model";
import { u16, u32 } from "./bytes.ts";
import { type DnsBytes, nameStart, readName, skipName } from "./dns-name.ts";
import { readService } from "./dns-svcb.ts";
import { hostName } from "./host-name.ts";
import type { Work, WorkBound } from "./work.ts";

/** A CNAME of 14 bytes can cost two names of 382 steps each and the ways to them: all of them different, which only a hostile message does. */
export const DNS_WORK: WorkBound = { perByte: 64, fixed: 1024 };

export const TYPE_A = 1;
const TYPE_CNAME = 5;
export const TYPE_AAAA = 28;
export const TYPE_SVCB = 64;
export const TYPE_HTTPS = 65;
const CLASS_IN = 1;
const HEADER = 12;
/** The labels before the host in the question of a service: `_8443._https.` (RFC 9460 §2.3). */
const SERVICE_LABELS = /^(?:_[^.]*\.)+/;

export interface DnsQuestion {
  readonly id: number;
  /** What was asked, in lower case, without the root's dot; octets that need it are escaped as RFC 1035 §5.1 does (`\032`). */
  readonly name: string;
  /** The host that the question was about: `name`, for a service question without its leading `_…` labels. Null: it is no host name. */
  readonly host: string | null;
  readonly type: number;
}

export interface DnsAnswer extends DnsQuestion {
  readonly rcode: number;
  /** TC: the answers do not all fit, the client will ask again over TCP. */
  readonly truncated: boolean;
  /** A service record of the answer offers ECH, so that this client's next ClientHello may well hide its name. */
  readonly offersEch: boolean;
  /** Addresses that were given for the question, by way of its CNAMEs: 16 bytes each, IPv4 in its mapped form. */
  readonly addresses: Uint8Array;
  /** For each address, for how many seconds it may be used: the least TTL on the way from the question to it. */
  readonly ttlsS: readonly number[];
}

interface Cname {
  readonly target: string;
  readonly ttlS: number;
}

/** Places of addresses in the message, with the owners of their records. */
interface Found {
  readonly at: number[];
  readonly size: number[];
  readonly owner: string[];
  readonly ttlS: number[];
  readonly echOwners: string[];
}

/**
 * Reads one DNS message. Null: it is no answer to a standard query with one question of class IN.
 * @throws DecodeError of a message that is malformed, or that ends before its answers do.
 */
export function decodeDns(bytes: Uint8Array, offset: number, end: number, work: Work): DnsAnswer | null {
  const message: DnsBytes = { bytes, start: offset, end: Math.min(end, bytes.length) };
  const question = readQuestion(message, true, work);
  if (question === null) return null;
  const flags = u16(bytes, offset + 2);
  const { name } = question;
  const names = new Names(message, offset + HEADER, name);
  const cnames = new Map<string, Cname>();
  const found: Found = { at: [], size: [], owner: [], ttlS: [], echOwners: [] };
  readAnswers(message, skipName(message, offset + HEADER, work) + 4, names, cnames, found, work);
  const chain = chainOf(name, cnames, work);
  return {
    ...question,
    rcode: flags & 15,
    truncated: (flags & 0x200) !== 0,
    offersEch: found.echOwners.some((owner) => chain.has(owner)),
    ...attribute(bytes, found, chain),
  };
}

/**
 * Reads what a client asks. Null: it is no standard query with one question of class IN.
 * @throws DecodeError of a malformed message
 */
export function decodeDnsQuery(bytes: Uint8Array, offset: number, end: number, work: Work): DnsQuestion | null {
  return readQuestion({ bytes, start: offset, end: Math.min(end, bytes.length) }, false, work);
}

function readQuestion(message: DnsBytes, isAnswer: boolean, work: Work): DnsQuestion | null {
  const { bytes, start, end } = message;
  work.steps++;
  if (end - start < HEADER) throw new DecodeError("dns", start, "a message that is shorter than its header");
  // QR, and opcode = 0.
  if ((u16(bytes, start + 2) & 0xf800) !== (isAnswer ? 0x8000 : 0) || u16(bytes, start + 4) !== 1) return null;
  const name = readName(message, start + HEADER, work);
  const afterName = skipName(message, start + HEADER, work);
  if (afterName + 4 > end) throw new DecodeError("dns", afterName, "a question that the message ends within");
  if (u16(bytes, afterName + 2) !== CLASS_IN) return null;
  const type = u16(bytes, afterName);
  const host = hostName(type === TYPE_SVCB || type === TYPE_HTTPS ? name.replace(SERVICE_LABELS, "") : name);
  return { id: u16(bytes, start), name, host, type };
}

/**
 * How many bytes, from `offset` on, the first message of a DNS stream over TCP takes, with its two bytes of length (RFC 1035 §4.2.2), or 2 as long
 * as these are not there. If there are so many, the message is from `offset + 2` up to `offset + ` this.
 * @throws DecodeError when it would be shorter than a DNS header: these are no DNS messages, or not their beginnings.
 */
export function dnsOverTcp(bytes: Uint8Array, offset: number, end: number): number {
  if (Math.min(end, bytes.length) - offset < 2) return 2;
  const length = u16(bytes, offset);
  if (length < HEADER) throw new DecodeError("dns", offset, "a message over TCP that is shorter than its header");
  return 2 + length;
}

/** Names by the place where they really begin: most owners are a pointer to a name that was read before. */
class Names {
  readonly #message: DnsBytes;
  readonly #byStart = new Map<number, string>();
  readonly #question: number;
  readonly #questionName: string;

  constructor(message: DnsBytes, question: number, questionName: string) {
    this.#message = message;
    this.#question = question;
    this.#questionName = questionName;
  }

  at(place: number, work: Work): string {
    const start = nameStart(this.#message, place, work);
    if (start === this.#question) return this.#questionName;
    let name = this.#byStart.get(start);
    if (name === undefined) {
      name = readName(this.#message, start, work);
      this.#byStart.set(start, name);
    }
    return name;
  }
}

function readAnswers(message: DnsBytes, from: number, names: Names, cnames: Map<string, Cname>, found: Found, work: Work): void {
  const { bytes, end } = message;
  let at = from;
  for (let left = u16(bytes, message.start + 6); left > 0; left--) {
    work.steps++;
    const head = skipName(message, at, work);
    const data = head + 10;
    const next = data > end ? data : data + u16(bytes, head + 8);
    if (next > end) throw new DecodeError("dns", at, "a record that the message ends within");
    if (u16(bytes, head + 2) === CLASS_IN) readRecord(message, at, head, next, names, cnames, found, work);
    at = next;
  }
}

/** One record: its owner is at `owner`, its type at `head`, its data from `head + 10` up to `next`. */
function readRecord(
  message: DnsBytes,
  owner: number,
  head: number,
  next: number,
  names: Names,
  cnames: Map<string, Cname>,
  found: Found,
  work: Work,
): void {
  const { bytes } = message;
  const data = head + 10;
  const type = u16(bytes, head);
  if (type !== TYPE_A && type !== TYPE_AAAA && type !== TYPE_CNAME && type !== TYPE_SVCB && type !== TYPE_HTTPS) return;
  const name = names.at(owner, work);
  const ttlS = ttlAt(bytes, head + 4);
  const hint = (at: number, size: number): void => {
    found.at.push(at);
    found.size.push(size);
    found.owner.push(name);
    found.ttlS.push(ttlS);
  };
  if (type === TYPE_CNAME) {
    if (skipName(message, data, work) !== next) throw new DecodeError("dns", data, "a CNAME of a wrong length");
    // Of two for one name, which may not be (RFC 2181 §10.1), the first counts.
    if (!cnames.has(name)) cnames.set(name, { target: names.at(data, work), ttlS });
  } else if (type === TYPE_SVCB || type === TYPE_HTTPS) {
    readService(message, data, next, { hint, ech: () => found.echOwners.push(name) }, work);
  } else {
    const size = type === TYPE_A ? 4 : 16;
    if (next - data !== size) throw new DecodeError("dns", data, "an address of a wrong length");
    hint(data, size);
  }
}

/** RFC 2181 §8: a TTL with its highest bit set is 0. */
function ttlAt(bytes: Uint8Array, at: number): number {
  const ttl = u32(bytes, at);
  return ttl > 0x7fffffff ? 0 : ttl;
}

/** The names that answer the question, with the least TTL on the way to each: whatever order the records are in, and once round at most. */
function chainOf(question: string, cnames: ReadonlyMap<string, Cname>, work: Work): Map<string, number> {
  const chain = new Map<string, number>();
  let ttlS = Number.POSITIVE_INFINITY;
  for (let name: string | undefined = question; name !== undefined && !chain.has(name); ) {
    work.steps++;
    chain.set(name, ttlS);
    const cname = cnames.get(name);
    ttlS = Math.min(ttlS, cname?.ttlS ?? ttlS);
    name = cname?.target;
  }
  return chain;
}

/** The addresses whose owners are in the chain. Others were not asked for, and may be there to be believed. */
function attribute(bytes: Uint8Array, found: Found, chain: ReadonlyMap<string, number>): Pick<DnsAnswer, "addresses" | "ttlsS"> {
  const kept: number[] = [];
  const ttlsS: number[] = [];
  for (let i = 0; i < found.at.length; i++) {
    const chainTtlS = chain.get(found.owner[i]!);
    if (chainTtlS === undefined) continue;
    kept.push(i);
    ttlsS.push(Math.min(chainTtlS, found.ttlS[i]!));
  }
  // Not a part of a larger one: V8 keeps a small array in its own heap until somebody asks for its buffer.
  const addresses = new Uint8Array(kept.length * 16);
  for (const [k, i] of kept.entries()) {
    const size = found.size[i]!;
    const out = k * 16;
    if (size === 4) addresses.fill(0xff, out + 10, out + 12);
    for (let b = 0; b < size; b++) addresses[out + 16 - size + b] = bytes[found.at[i]! + b]!;
  }
  return { addresses, ttlsS };
}
