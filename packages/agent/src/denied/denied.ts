/** The stage: packets that a firewall dropped in, `denied` rows out: one per tuple and minute, as docs/internals/flow-record.md defines them. */
import { type FlowBatch, MAX_TEXT } from "@flowtrail/model";
import type { LoggedPacket } from "../capture/nflog/message.ts";
import type { LogListener } from "../capture/nflog/source.ts";
import { TokenBucket } from "../name/token-bucket.ts";
import { FlowKey } from "../track/flow-key.ts";
import type { Place } from "../track/networks.ts";
import { type DeniedTuple, writeDenied } from "./denied-row.ts";
import { DroppedPacket, decodeDropped } from "./packet.ts";

export interface DeniedConfig {
  readonly reporter: string;
  /** Tuples of one minute; packets of more are counted and not stored. */
  readonly maxTuples: number;
  /** Packets that are looked at in a second; more are counted and not stored. */
  readonly maxPacketsPerS: number;
}

/** Packets of a flood still cost what it takes to count them: 10,000 a second are some 2 % of a CPU. */
export const DENIED_DEFAULTS = { maxTuples: 10_000, maxPacketsPerS: 10_000 } as const;

export interface DeniedDeps {
  /** Where a packet belongs, or a word that says why it is not stored. */
  readonly placeOf: (key: FlowKey) => Place | string;
  readonly newId: (seenMs: number, words: Uint32Array) => void;
  readonly monotonicMs: () => number;
}

export interface DeniedStats {
  /** Packets that are not stored, by reason. Monotonic. */
  readonly drops: Record<string, number>;
  /** Packets that rows tell of. Monotonic. */
  packets: number;
  rows: number;
  tuples: number;
}

/** "One per tuple and minute", which begins with its first packet: rows of a flood do not all come at once. */
const MINUTE_MS = 60_000;
/** So many tuples are told of at once; of a scan's, all is told when their minute is over. */
const MAX_EARLY = 1000;
/** The kernel collects what log rules tell for 100 ms: a trace of the same packet is told before, and waits for it. */
const LOG_MAY_FOLLOW_MS = 500;
/** A clock that was set back ends every minute. */
const CLOCK_JITTER_MS = 5000;

export class DeniedFlows implements LogListener {
  readonly #config: DeniedConfig;
  readonly #deps: DeniedDeps;
  readonly #bucket: TokenBucket;
  readonly #packet = new DroppedPacket();
  /** Addresses, protocol and the two words. */
  readonly #word = Buffer.alloc(38);
  /** In the order in which they began. */
  readonly #tuples = new Map<string, DeniedTuple>();
  #early: DeniedTuple[] = [];
  readonly #stats: DeniedStats = { drops: {}, packets: 0, rows: 0, tuples: 0 };
  #ending = false;

  constructor(config: DeniedConfig, deps: DeniedDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#bucket = new TokenBucket(config.maxPacketsPerS, config.maxPacketsPerS, deps.monotonicMs);
  }

  get stats(): Readonly<DeniedStats> {
    this.#stats.tuples = this.#tuples.size;
    return this.#stats;
  }

  onLogged({ bytes, payloadStart, payloadEnd, prefixStart, prefixEnd }: LoggedPacket, atMs: number): void {
    if (!this.#read(bytes, payloadStart, payloadEnd)) return;
    const tuple = this.#tupleOf(atMs, false, () => ruleName(bytes, prefixStart, prefixEnd));
    if (tuple === null) return;
    if (tuple.traced) this.#forgetTraced(tuple, ruleName(bytes, prefixStart, prefixEnd));
    this.#count(tuple, atMs);
  }

  /** A packet whose drop a trace told of. @param rule where it was dropped */
  onTraced(bytes: Uint8Array, rule: () => string, atMs: number): void {
    if (!this.#read(bytes, 0, bytes.length)) return;
    const tuple = this.#tupleOf(atMs, true, rule);
    // A log rule tells of the same packets, and by its own name.
    if (tuple?.traced) this.#count(tuple, atMs);
  }

  /** Writes the rows that are due: of what is new, and of each tuple whose minute is over. It stops when the batch has `maxRows`. */
  collect(batch: FlowBatch, nowMs: number, maxRows = Number.POSITIVE_INFINITY): void {
    for (const [word, tuple] of this.#tuples) {
      if (!this.#ending && nowMs - tuple.startMs < MINUTE_MS && nowMs >= tuple.startMs - CLOCK_JITTER_MS) break;
      if (batch.length >= maxRows) return;
      this.#tuples.delete(word);
      // What is excluded since is not told any more, but for the end of what was.
      if (this.#isWanted(tuple) || tuple.revision > 0) this.#write(batch, tuple, true);
    }
    this.#ending = false;
    const later: DeniedTuple[] = [];
    for (const tuple of this.#early) {
      const isRipe = !tuple.traced || nowMs - tuple.startMs >= LOG_MAY_FOLLOW_MS;
      if (batch.length >= maxRows || !isRipe) later.push(tuple);
      else this.#tellEarly(batch, tuple);
    }
    this.#early = later;
  }

  #tellEarly(batch: FlowBatch, tuple: DeniedTuple): void {
    const word = this.#wordOf(tuple.packet.key);
    if (tuple.revision > 0 || this.#tuples.get(word) !== tuple) return;
    if (this.#isWanted(tuple)) this.#write(batch, tuple, false);
    else this.#tuples.delete(word);
  }

  /** The next `collect` tells all there is. */
  end(): void {
    this.#ending = this.#tuples.size > 0;
  }

  #read(bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.#bucket.take()) return this.#drop("rate_limited");
    return decodeDropped(bytes, start, end, this.#packet) || this.#drop("malformed");
  }

  /** Null: it is not stored, and counted. */
  #tupleOf(atMs: number, traced: boolean, rule: () => string): DeniedTuple | null {
    const { key, hasTransport, hasIcmpId } = this.#packet;
    const word = this.#wordOf(key);
    const known = this.#tuples.get(word);
    if (known) return known;
    const place = this.#deps.placeOf(key);
    if (typeof place === "string" || this.#tuples.size >= this.#config.maxTuples) {
      this.#drop(typeof place === "string" ? place : "table_full");
      return null;
    }
    const tuple: DeniedTuple = {
      packet: { key: copyOf(key), hasTransport, hasIcmpId },
      place,
      id: new Uint32Array(2),
      startMs: atMs,
      rule: rule(),
      traced,
      seenMs: atMs,
      bytes: 0,
      packets: 0,
      toldBytes: 0,
      toldPackets: 0,
      toldMs: atMs,
      revision: 0,
    };
    this.#deps.newId(atMs, tuple.id);
    this.#tuples.set(word, tuple);
    if (this.#early.length < MAX_EARLY) this.#early.push(tuple);
    return tuple;
  }

  #count(tuple: DeniedTuple, atMs: number): void {
    tuple.bytes += this.#packet.totalBytes;
    tuple.packets++;
    tuple.seenMs = Math.max(tuple.seenMs, atMs);
    this.#stats.packets++;
  }

  /** The trace was read before the log: what it told of is in the log, too. */
  #forgetTraced(tuple: DeniedTuple, rule: string): void {
    tuple.traced = false;
    tuple.rule = rule;
    if (tuple.revision > 0) return;
    this.#stats.packets -= tuple.packets;
    tuple.bytes = tuple.packets = 0;
  }

  #write(batch: FlowBatch, tuple: DeniedTuple, isFinal: boolean): void {
    if (tuple.packets === 0) return;
    writeDenied(batch, tuple, this.#config.reporter, isFinal);
    this.#stats.rows++;
  }

  /** Also by what was switched off in the meantime; if not, what was not told yet is forgotten. */
  #isWanted(tuple: DeniedTuple): boolean {
    const place = this.#deps.placeOf(tuple.packet.key);
    if (typeof place !== "string") return true;
    const untold = tuple.packets - tuple.toldPackets;
    this.#stats.packets -= untold;
    if (untold > 0) this.#drop(place, untold);
    tuple.packets = tuple.toldPackets;
    tuple.bytes = tuple.toldBytes;
    tuple.seenMs = tuple.toldMs;
    return false;
  }

  #drop(reason: string, packets = 1): false {
    this.#stats.drops[reason] = (this.#stats.drops[reason] ?? 0) + packets;
    return false;
  }

  #wordOf({ bytes, protocol, first, second }: FlowKey): string {
    this.#word.set(bytes, 0);
    this.#word.writeUInt16LE(protocol, 32);
    this.#word.writeUInt16LE(first, 34);
    this.#word.writeUInt16LE(second, 36);
    return this.#word.toString("latin1");
  }
}

function copyOf({ bytes, protocol, first, second }: FlowKey): FlowKey {
  const key = new FlowKey();
  key.bytes.set(bytes);
  key.protocol = protocol;
  key.first = first;
  key.second = second;
  return key;
}

/** People end prefixes with a blank or a colon and a blank, for the kernel's log; it is no part of the name. */
function ruleName(bytes: Uint8Array, start: number, end: number): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8");
  return text
    .replace(/[\p{Cc}\uFFFD]/gu, "")
    .trim()
    .slice(0, MAX_TEXT);
}
