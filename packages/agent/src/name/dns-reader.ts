/** Reads DNS: which questions clients ask, and the answers to these. What nobody asked for is not believed. */
import { DecodeError, isLoopback } from "@flowtrail/model";
import { UDP } from "../track/codes.ts";
import type { FlowKey } from "../track/flow-key.ts";
import { type Asked, AskedQuestions } from "./asked.ts";
import { type DnsAnswer, type DnsQuestion, decodeDns, decodeDnsQuery, dnsOverTcp } from "./decode/dns.ts";
import type { Packet } from "./decode/packet.ts";
import type { Work } from "./decode/work.ts";
import type { NameMode, NamePolicy } from "./policy.ts";
import type { NameStats } from "./stats.ts";
import { Streams } from "./streams.ts";

export interface AnswerListener {
  /** `client` (16 bytes) was told that `name` is at these addresses, 16 bytes each, for so many seconds each. `client` is reused. */
  onAnswer(client: Uint8Array, name: string, addresses: Uint8Array, ttlsS: readonly number[], atMs: number): void;
}

/** What is known of a packet of DNS before it is read. */
interface DnsPacket {
  readonly isAnswer: boolean;
  /** Of a query. */
  readonly print: number;
  readonly atMs: number;
}

/** An answer to this host, which may have asked for another client. */
interface OwnAnswer {
  readonly asked: Asked;
  readonly client: Uint8Array;
  readonly name: string;
  readonly answer: DnsAnswer;
  readonly atMs: number;
}

const DNS_PORT = 53;
/** Answers to this host that wait until `settle`. */
const MAX_OWN_ANSWERS = 1024;
const STREAMS = { maxStreams: 64, maxBytesEach: 32 * 1024, maxBytes: 256 * 1024, maxAgeMs: 5000 };

export class DnsReader {
  readonly #stats: NameStats;
  readonly #listener: AnswerListener;
  readonly #work: Work;
  readonly #asked = new AskedQuestions();
  readonly #ownAnswers: OwnAnswer[] = [];
  readonly #streams = new Streams(STREAMS);
  #policy: NamePolicy;

  constructor(policy: NamePolicy, stats: NameStats, listener: AnswerListener, work: Work) {
    this.#policy = policy;
    this.#stats = stats;
    this.#listener = listener;
    this.#work = work;
  }

  /** Messages over TCP that had to go before they were all there. */
  get evicted(): number {
    return this.#streams.evicted;
  }

  /** What is half known is forgotten: its client may be one whose names are no longer wanted. */
  setPolicy(policy: NamePolicy): void {
    this.#policy = policy;
    this.#streams.clear();
    this.#asked.clear();
    this.#ownAnswers.length = 0;
  }

  /**
   * Which way a packet goes; null: it is no DNS. To be called of every query, of whomever: the host's copy of it, if it translates that client's
   * address, must not be taken for its own. Nothing is read for that, and nothing kept that tells what was asked.
   */
  see(bytes: Uint8Array, { srcPort, dstPort, src, payloadStart, payloadEnd }: Packet, atMs: number): DnsPacket | null {
    if (srcPort !== DNS_PORT && dstPort !== DNS_PORT) return null;
    // Between two ports 53, as servers ask each other, the bit QR of a message over UDP tells.
    if (dstPort !== DNS_PORT || (srcPort === DNS_PORT && (bytes[payloadStart + 2]! & 0x80) !== 0))
      return { isAnswer: true, print: 0, atMs };
    const print = this.#asked.printOf(bytes, payloadStart, payloadEnd);
    if (!this.#isOwn(src)) this.#asked.addOther(print, atMs);
    return { isAnswer: false, print, atMs };
  }

  /** Reads a packet that `see` has seen. `tuple`: its ends, as it went. */
  read(bytes: Uint8Array, packet: Packet, tuple: FlowKey, mode: NameMode, dns: DnsPacket): void {
    if (packet.protocol === UDP) this.#message(bytes, packet.payloadStart, packet.payloadEnd, tuple, mode, dns);
    else this.#segment(bytes, packet, tuple, mode, dns);
  }

  /**
   * Tells the answers to this host, when all queues have been emptied: the query of a client for which it asked came on another interface, whose
   * queue may have been read later.
   */
  settle(): void {
    for (const { asked, client, name, answer, atMs } of this.#ownAnswers) {
      if (this.#asked.isForwarded(asked)) this.#stats.forwarded++;
      else this.#listener.onAnswer(client, name, answer.addresses, answer.ttlsS, atMs);
    }
    this.#ownAnswers.length = 0;
  }

  /** @param nowMs ms since 1970 */
  sweep(nowMs: number): void {
    this.#asked.sweep(nowMs);
    this.#streams.sweep(nowMs);
  }

  #message(bytes: Uint8Array, start: number, end: number, tuple: FlowKey, mode: NameMode, dns: DnsPacket): void {
    try {
      if (dns.isAnswer) this.#onAnswer(decodeDns(bytes, start, end, this.#work), tuple, mode, dns.atMs);
      else this.#onQuery(decodeDnsQuery(bytes, start, end, this.#work), tuple, mode, dns);
    } catch (error) {
      this.#countMalformed(error);
    }
  }

  #onQuery(question: DnsQuestion | null, tuple: FlowKey, mode: NameMode, { print, atMs }: DnsPacket): void {
    if (question === null || question.host === null) return;
    this.#asked.add(tuple, question, this.#policy.kept(question.host, mode), print, atMs);
  }

  #onAnswer(answer: DnsAnswer | null, tuple: FlowKey, mode: NameMode, atMs: number): void {
    if (answer === null || answer.host === null) return;
    const name = this.#policy.kept(answer.host, mode);
    const asked = this.#asked.find(tuple, answer, name, atMs);
    if (asked === null) {
      this.#stats.unasked++;
      return;
    }
    this.#stats.read.dns++;
    if (answer.ttlsS.length === 0) return;
    const client = tuple.bytes.slice(16, 32);
    if (!this.#isOwn(client)) {
      this.#listener.onAnswer(client, name, answer.addresses, answer.ttlsS, atMs);
      return;
    }
    if (this.#ownAnswers.length === MAX_OWN_ANSWERS) this.settle();
    this.#ownAnswers.push({ asked, client, name, answer, atMs });
  }

  /** DNS over TCP: messages after their lengths, one or several in a packet, or one in several. */
  #segment(bytes: Uint8Array, packet: Packet, tuple: FlowKey, mode: NameMode, dns: DnsPacket): void {
    const { atMs } = dns;
    const { payloadStart, payloadEnd, payloadBytes, tcpSeq } = packet;
    if (this.#streams.has(tuple, tcpSeq, atMs)) return;
    const all = this.#streams.append(tuple, tcpSeq, bytes, payloadStart, payloadEnd, atMs);
    if (all === "waits") return;
    const from = all ?? bytes;
    const start = all ? 0 : payloadStart;
    const end = all ? all.length : payloadEnd;
    let at = start;
    let need = 0;
    try {
      for (need = dnsOverTcp(from, at, end); need > 2 && need <= end - at; need = dnsOverTcp(from, at, end)) {
        this.#message(from, at + 2, at + need, tuple, mode, dns);
        at += need;
      }
    } catch (error) {
      this.#countMalformed(error);
      at = end;
    }
    if (all && at === start) {
      this.#streams.need(tuple, need);
      return;
    }
    if (all) this.#streams.forget(tuple);
    // Where the capture cut the packet, what follows has a hole before it.
    const isWhole = payloadEnd - payloadStart === payloadBytes;
    const seq = (tcpSeq + payloadEnd - payloadStart - (end - at)) >>> 0;
    if (at < end && isWhole) this.#streams.begin(tuple, seq, from, at, end, need, atMs);
  }

  #isOwn(address: Uint8Array): boolean {
    return isLoopback(address) || this.#policy.isOwn(address);
  }

  #countMalformed(error: unknown): void {
    if (!(error instanceof DecodeError)) throw error;
    this.#stats.malformed.dns++;
  }
}
