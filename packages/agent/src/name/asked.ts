/** Which questions clients have lately put to resolvers: an answer that nobody asked for is anybody's word. */
import { randomInt } from "node:crypto";
import type { FlowKey } from "../track/flow-key.ts";
import { latin1 } from "./decode/bytes.ts";
import type { DnsQuestion } from "./decode/dns.ts";

/** Stub resolvers ask again after five seconds and give up after ten (resolv.conf(5)). */
const VALID_MS = 10_000;
/** A translated query leaves microseconds after it came. */
const COPY_MS = 1000;
const MAX_QUESTIONS = 4096;

/** A question as it was asked last. */
export interface Asked {
  atMs: number;
  /** Of the packet that it was in (`printOf`). */
  print: number;
}

export class AskedQuestions {
  /** By connection and question, the one asked least recently first. */
  readonly #asked = new Map<string, Asked>();
  /** When a packet with this print came from a client that is not this host. */
  readonly #others = new Map<number, number>();
  readonly #seed = randomInt(2 ** 32);

  /** A number that stands for these bytes, of which it tells nothing: FNV-1a from a secret start. */
  printOf(bytes: Uint8Array, start: number, end: number): number {
    let print = this.#seed;
    for (let i = start; i < end; i++) print = Math.imul(print ^ bytes[i]!, 0x01000193);
    return print >>> 0;
  }

  /** `tuple`: from the client to the resolver. Asked again (or seen on another interface), it counts from now. */
  add(tuple: FlowKey, question: DnsQuestion, host: string, print: number, atMs: number): void {
    const { bytes, first, protocol } = tuple;
    renew(this.#asked, keyOf(latin1(bytes, 0, 32), first, protocol, question, host), { atMs, print });
  }

  /** The question that this answers; null: nobody asked it. It stays, as a router sees an answer twice. `tuple`: from the resolver to the client. */
  find(tuple: FlowKey, question: DnsQuestion, host: string, atMs: number): Asked | null {
    const { bytes, second, protocol } = tuple;
    const ends = latin1(bytes, 16, 32) + latin1(bytes, 0, 16);
    const asked = this.#asked.get(keyOf(ends, second, protocol, question, host));
    // Clocks are set: either way.
    return asked && Math.abs(atMs - asked.atMs) <= VALID_MS ? asked : null;
  }

  /** A packet with this print came from a client that is not this host. */
  addOther(print: number, atMs: number): void {
    renew(this.#others, print, atMs);
  }

  /** Did another client send the very same within a second? Then the host sent it for that client, whose address it translated. */
  isForwarded({ atMs, print }: Asked): boolean {
    const otherMs = this.#others.get(print);
    return otherMs !== undefined && Math.abs(atMs - otherMs) <= COPY_MS;
  }

  /** Forgets what is out of date. @param nowMs ms since 1970 */
  sweep(nowMs: number): void {
    for (const [key, { atMs }] of this.#asked) {
      if (Math.abs(nowMs - atMs) <= VALID_MS) break;
      this.#asked.delete(key);
    }
    for (const [print, atMs] of this.#others) {
      if (Math.abs(nowMs - atMs) <= VALID_MS) break;
      this.#others.delete(print);
    }
  }

  clear(): void {
    this.#asked.clear();
    this.#others.clear();
  }
}

/** The host's name as it may be known: of a client with cut names no other is kept. */
function keyOf(ends: string, port: number, protocol: number, { id, type }: DnsQuestion, host: string): string {
  return `${ends}${port},${protocol},${id},${type},${host}`;
}

/** At the end of the map, whose first goes if there are too many. */
function renew<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= MAX_QUESTIONS) break;
    map.delete(oldest);
  }
}
