/** Reads the packets of the tap: DNS answers, and what connections say of themselves when they begin. Nothing is kept of clients whose names are not wanted. */
import { DecodeError } from "@flowtrail/model";
import type { PacketListener } from "../capture/packets/tap.ts";
import { UDP } from "../track/codes.ts";
import { FlowKey } from "../track/flow-key.ts";
import { latin1 } from "./decode/bytes.ts";
import { type ClientHello, MAX_CLIENT_HELLO } from "./decode/client-hello.ts";
import { decodeHttp } from "./decode/http.ts";
import { decodePacket, Packet } from "./decode/packet.ts";
import { QuicInitials } from "./decode/quic.ts";
import { decodeTls } from "./decode/tls.ts";
import { Work } from "./decode/work.ts";
import { type AnswerListener, DnsReader } from "./dns-reader.ts";
import type { NameMode, NamePolicy } from "./policy.ts";
import type { NameStats } from "./stats.ts";
import { Streams } from "./streams.ts";
import { TokenBucket } from "./token-bucket.ts";
import type { TupleName } from "./tuple-names.ts";

export interface NameListener extends AnswerListener {
  /** The connection of this tuple, which is reused, said so itself. */
  onName(tuple: FlowKey, name: TupleName): void;
}

const TLS_HANDSHAKE = 22;
const CAPITAL_A = 65;
const CAPITAL_Z = 90;
/** A decryption takes 23 to 64 µs: at most an eighth of the time. */
const DECRYPTIONS_PER_S = 2000;
/** Of a tenth of a second. */
const DECRYPTIONS_AT_ONCE = 200;
const QUIC = { maxConnections: 1024, maxBytes: 512 * 1024, maxAgeMs: 30_000 };
const HELLOS = { maxStreams: 256, maxBytesEach: MAX_CLIENT_HELLO + 64, maxBytes: 512 * 1024, maxAgeMs: 5000 };

export class PacketReader implements PacketListener {
  readonly #listener: NameListener;
  readonly #stats: NameStats;
  readonly #work = new Work();
  readonly #packet = new Packet();
  readonly #tuple = new FlowKey();
  readonly #hellos = new Streams(HELLOS);
  readonly #dns: DnsReader;
  readonly #quic: QuicInitials;
  #policy: NamePolicy;

  /** @param monotonicMs a clock that does not go back */
  constructor(policy: NamePolicy, stats: NameStats, listener: NameListener, monotonicMs: () => number) {
    this.#policy = policy;
    this.#stats = stats;
    this.#listener = listener;
    this.#dns = new DnsReader(policy, stats, listener, this.#work);
    const bucket = new TokenBucket(DECRYPTIONS_PER_S, DECRYPTIONS_AT_ONCE, monotonicMs);
    this.#quic = new QuicInitials(QUIC, { mayDecrypt: () => bucket.take(), now: monotonicMs });
  }

  /** What is half read is forgotten: its client may be one whose names are no longer wanted. */
  setPolicy(policy: NamePolicy): void {
    this.#policy = policy;
    this.#hellos.clear();
    this.#quic.clear();
    this.#dns.setPolicy(policy);
  }

  onPacket(bytes: Uint8Array, start: number, end: number, atMs: number, interfaceName: string): void {
    const packet = this.#packet;
    const verdict = decodePacket(bytes, start, end, packet, this.#work);
    if (verdict === "malformed") this.#stats.malformed.packet++;
    if (verdict !== "ok" || packet.payloadEnd <= packet.payloadStart) return;
    const dns = this.#dns.see(bytes, packet, atMs);
    const mode = this.#policy.modeAt(interfaceName, dns?.isAnswer ? packet.dst : packet.src);
    if (mode === "off") {
      this.#stats.off++;
      return;
    }
    if (this.#policy.isExcluded(packet.src) || this.#policy.isExcluded(packet.dst)) {
      this.#stats.excluded++;
      return;
    }
    this.#tuple.bytes.set(packet.src, 0);
    this.#tuple.bytes.set(packet.dst, 16);
    this.#tuple.first = packet.srcPort;
    this.#tuple.second = packet.dstPort;
    this.#tuple.protocol = packet.protocol;
    if (dns) this.#dns.read(bytes, packet, this.#tuple, mode, dns);
    else if (packet.protocol === UDP) this.#onQuic(bytes, mode, atMs);
    else this.#onStream(bytes, mode, atMs);
  }

  /** When all queues have been emptied: see DnsReader. */
  settle(): void {
    this.#dns.settle();
  }

  /** @param nowMs ms since 1970 */
  sweep(nowMs: number): void {
    this.#hellos.sweep(nowMs);
    this.#quic.sweep();
    this.#dns.sweep(nowMs);
  }

  /** Brings the counters up to date that others keep. */
  count(): void {
    const { refused, unauthentic, evicted, cut } = this.#quic.stats;
    this.#stats.rateLimited = refused;
    this.#stats.unauthentic = unauthentic;
    this.#stats.quicCut = cut;
    this.#stats.evicted = evicted + this.#hellos.evicted + this.#dns.evicted;
  }

  #onQuic(bytes: Uint8Array, mode: NameMode, atMs: number): void {
    const { first, second } = this.#tuple;
    const flow = `${latin1(this.#tuple.bytes, 0, 32)}${first}>${second}`;
    try {
      const { payloadStart, payloadEnd } = this.#packet;
      const hello = this.#quic.decode(flow, bytes, payloadStart, payloadEnd, this.#work);
      if (hello) this.#tellHello(hello, "quic", mode, atMs);
    } catch (error) {
      this.#countMalformed("quic", error);
    }
  }

  /** What a client sends over TCP: the beginning of a request or of a ClientHello, or more of one. */
  #onStream(bytes: Uint8Array, mode: NameMode, atMs: number): void {
    const { payloadStart: start, payloadEnd: end, payloadBytes, tcpSeq } = this.#packet;
    if (this.#hellos.has(this.#tuple, tcpSeq, atMs)) return;
    const all = this.#hellos.append(this.#tuple, tcpSeq, bytes, start, end, atMs);
    if (all === "waits") return;
    if (all) {
      const needed = this.#onTls(all, 0, all.length, mode, atMs);
      if (needed === 0) this.#hellos.forget(this.#tuple);
      else this.#hellos.need(this.#tuple, needed);
      return;
    }
    const first = bytes[start]!;
    if (first === TLS_HANDSHAKE) {
      const isWhole = end - start === payloadBytes;
      const needed = this.#onTls(bytes, start, end, mode, atMs);
      if (needed > 0 && isWhole) this.#hellos.begin(this.#tuple, tcpSeq, bytes, start, end, needed, atMs);
    } else if (first >= CAPITAL_A && first <= CAPITAL_Z) this.#onHttp(bytes, mode, atMs);
  }

  /** Returns how many bytes are needed to read on: 0 if there is nothing more to be read. */
  #onTls(bytes: Uint8Array, start: number, end: number, mode: NameMode, atMs: number): number {
    try {
      const hello = decodeTls(bytes, start, end, this.#work);
      if (hello) this.#tellHello(hello, "sni", mode, atMs);
      return hello === null || hello.complete ? 0 : hello.neededBytes;
    } catch (error) {
      this.#countMalformed("tls", error);
      return 0;
    }
  }

  #onHttp(bytes: Uint8Array, mode: NameMode, atMs: number): void {
    try {
      const { payloadStart, payloadEnd } = this.#packet;
      const request = decodeHttp(bytes, payloadStart, payloadEnd, this.#work);
      if (request === null || request.host === null) return;
      this.#stats.read.http++;
      const domain = this.#policy.kept(request.host, mode);
      this.#listener.onName(this.#tuple, { domain, source: "http", ech: false, app: null, partial: false, atMs });
    } catch (error) {
      this.#countMalformed("http", error);
    }
  }

  /** A name that is there already is told before the rest has come, as that may never be. */
  #tellHello(hello: ClientHello, source: "sni" | "quic", mode: NameMode, atMs: number): void {
    if (!hello.complete && hello.serverName === null) return;
    if (hello.complete) this.#stats.read[source === "sni" ? "tls" : "quic"]++;
    if (hello.complete && hello.ech) this.#stats.ech++;
    const domain = hello.serverName === null ? null : this.#policy.kept(hello.serverName, mode);
    const name = { domain, source, ech: hello.ech, app: appOf(hello.alpn), partial: !hello.complete, atMs };
    if (name.domain !== null || name.app !== null || name.ech) this.#listener.onName(this.#tuple, name);
  }

  #countMalformed(protocol: "tls" | "quic" | "http", error: unknown): void {
    if (!(error instanceof DecodeError)) throw error;
    this.#stats.malformed[protocol]++;
  }
}

/** RFC 7301 names as they are registered; and the values that browsers make up so that servers stay used to unknown ones (RFC 8701 §2). */
const PROTOCOL_NAME = /^[\w.+/-]{1,32}$/;
const GREASE = /^([*:JZjz])\1$/;

/** The first protocol that the client offers: the one that it would like best. What the server chose is encrypted. */
function appOf(alpn: readonly string[]): string | null {
  return alpn.find((name) => PROTOCOL_NAME.test(name) && !GREASE.test(name)) ?? null;
}
