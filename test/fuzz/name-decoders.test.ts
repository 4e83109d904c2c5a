/** A million spoilt messages: each is read, found to be something else or refused, by DecodeError only, in a number of steps that its length bounds. */
import { describe, expect, it } from "vitest";
import { CLIENT_HELLO_WORK, type ClientHello, MAX_CLIENT_HELLO } from "../../packages/agent/src/name/decode/client-hello.ts";
import { CryptoStream } from "../../packages/agent/src/name/decode/crypto-stream.ts";
import { DNS_WORK, type DnsAnswer, decodeDns } from "../../packages/agent/src/name/decode/dns.ts";
import { decodeHttp, HTTP_WORK, type HttpRequest } from "../../packages/agent/src/name/decode/http.ts";
import { decodePacket, PACKET_WORK, Packet, type PacketVerdict } from "../../packages/agent/src/name/decode/packet.ts";
import { QUIC_WORK, QuicInitials } from "../../packages/agent/src/name/decode/quic.ts";
import { readFrames } from "../../packages/agent/src/name/decode/quic-frames.ts";
import { readLongHeader } from "../../packages/agent/src/name/decode/quic-header.ts";
import { InitialKeys } from "../../packages/agent/src/name/decode/quic-keys.ts";
import { concat, corpus, message, messages } from "../../packages/agent/src/name/decode/testing/messages.ts";
import { tcpPacket, udpPacket } from "../../packages/agent/src/name/decode/testing/packets.ts";
import { cryptoFrame, initialPacket } from "../../packages/agent/src/name/decode/testing/quic-packet.ts";
import { decodeTls, TLS_WORK } from "../../packages/agent/src/name/decode/tls.ts";
import { Work, type WorkBound } from "../../packages/agent/src/name/decode/work.ts";
import { DecodeError } from "../../packages/model/src/index.ts";
import { Mutator, Random } from "./mutate.ts";

const SEED = 20_260_922;
/** How many inputs, in all and of each kind. */
const INPUTS = { dns: 280_000, tls: 280_000, http: 220_000, packet: 160_000, payload: 160_000, datagram: 24_000, sealed: 8_000 };
/** Each so many inputs are read once more with other bytes around them: what lies outside must not matter. */
const TWICE = 8;
const OFFSET = Mutator.OFFSET;

/** What became of the inputs. */
interface Outcome {
  read: number;
  other: number;
  refused: number;
  /** The most steps for one byte of an input, above the fixed ones. */
  mostPerByte: number;
}

/** Reads `count` inputs, and checks what is true of each. A decoder of packets says by itself what it refuses; null is something else. */
function fuzz<T>(
  count: number,
  messages: readonly Uint8Array[],
  bound: WorkBound,
  decode: (bytes: Uint8Array, offset: number, end: number, work: Work) => T | null,
  check: (result: T, length: number) => string | null,
): Outcome {
  const mutator = new Mutator(messages, new Random(SEED));
  const outcome: Outcome = { read: 0, other: 0, refused: 0, mostPerByte: 0 };
  const work = new Work();
  const attempt = (): T | null | DecodeError => {
    work.steps = 0;
    try {
      return decode(mutator.bytes, OFFSET, mutator.end, work);
    } catch (error) {
      if (error instanceof DecodeError) return error;
      throw new Error(`not a DecodeError, of ${inputOf(mutator)}`, { cause: error });
    }
  };
  for (let i = 0; i < count; i++) {
    mutator.next();
    const result = attempt();
    const allowed = bound.perByte * mutator.length + bound.fixed;
    if (work.steps > allowed) throw new Error(`${work.steps} steps, of ${inputOf(mutator)}`);
    outcome.mostPerByte = Math.max(outcome.mostPerByte, (work.steps - bound.fixed) / Math.max(1, mutator.length));
    if (result instanceof DecodeError) outcome.refused++;
    else if (result === null) outcome.other++;
    else {
      outcome.read++;
      const fault = check(result, mutator.length);
      if (fault) throw new Error(`${fault}, of ${inputOf(mutator)}`);
    }
    if (i % TWICE > 0) continue;
    const before = JSON.stringify(result);
    mutator.surround(i % 256);
    if (JSON.stringify(attempt()) !== before) throw new Error(`bytes around it matter, of ${inputOf(mutator)}`);
  }
  // Each way out is taken by many: the inputs are neither all nonsense nor all as they were.
  for (const ways of [outcome.read, outcome.refused]) expect(ways).toBeGreaterThan(count / 50);
  return outcome;
}

const inputOf = (mutator: Mutator): string => Buffer.from(mutator.bytes.subarray(OFFSET, mutator.end)).toString("hex");

/** Said anew, apart from the decoders' own check: what a host name is. */
function isHostName(name: string | null): boolean {
  if (name === null) return true;
  const labels = name.split(".");
  const isLabel = (label: string): boolean =>
    label.length > 0 && label.length <= 63 && [...label].every((c) => "abcdefghijklmnopqrstuvwxyz0123456789-_".includes(c));
  const last = labels.at(-1)!;
  return name.length <= 253 && labels.every(isLabel) && !/^(\d+|0x.*)$/.test(last.replace(/^0x[\da-f]*$/, "0x"));
}

function faultOfAnswer(answer: DnsAnswer): string | null {
  if (!isHostName(answer.host)) return `the host ${answer.host}`;
  if (answer.addresses.length !== 16 * answer.ttlsS.length) return "addresses without TTLs";
  if (answer.ttlsS.some((ttlS) => !(ttlS >= 0 && ttlS < 2 ** 31))) return "a TTL";
  return /^[\x21-\x7e]*$/.test(answer.name) && answer.name.length <= 1016 ? null : "the name";
}

function faultOfHello(hello: ClientHello, length: number): string | null {
  if (!isHostName(hello.serverName)) return `the server name ${hello.serverName}`;
  if (hello.alpn.some((name) => name === "" || name.length > 255)) return "a protocol";
  return hello.complete === hello.neededBytes <= length ? null : `${hello.neededBytes} bytes needed`;
}

const faultOfRequest = (request: HttpRequest): string | null => (isHostName(request.host) ? null : `the host ${request.host}`);

/** Initial packets' frames: of real clients, and a long hello in many parts. */
function payloads(): Uint8Array[] {
  const hello = message("tls", "chromium").subarray(5);
  const parts = Array.from({ length: 20 }, (_, i) => cryptoFrame(i * 90, hello.subarray(i * 90, (i + 1) * 90)));
  const shuffled = parts.toSorted((a, b) => a[20]! - b[20]!);
  const opened = [messages("quic", "chromium"), messages("quic", "gnutls").slice(0, 1)].flat().map((datagram) => {
    const packet = readLongHeader(datagram, 0, datagram.length, new Work())!;
    const keys = new InitialKeys(packet.version, datagram.subarray(packet.destination, packet.destinationEnd));
    return keys.open(datagram, 0, packet.number, packet.end)!;
  });
  const ack = [2, 0x41, 0x23, 5, 1, 3, 0, 2, 3, 5, 0, 0, 1, 1, 2, 0x40, 3, 1];
  return [
    ...opened,
    concat(...shuffled),
    concat(ack, cryptoFrame(0, hello)),
    concat(cryptoFrame(0, hello.subarray(0, 300)), ack),
  ];
}

describe("a million spoilt messages", { timeout: 300_000 }, () => {
  it("counts to a million", () => {
    expect(Object.values(INPUTS).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(1_000_000);
  });

  it("DNS answers", () => {
    const outcome = fuzz(INPUTS.dns, corpus("dns").slice(0, -1), DNS_WORK, decodeDns, faultOfAnswer);
    expect(outcome.other).toBeGreaterThan(0);
  });

  it("TLS ClientHellos", () => {
    const outcome = fuzz(INPUTS.tls, corpus("tls"), TLS_WORK, decodeTls, faultOfHello);
    expect(outcome.other).toBeGreaterThan(0);
  });

  it("HTTP requests", () => {
    const outcome = fuzz(INPUTS.http, corpus("http"), HTTP_WORK, decodeHttp, faultOfRequest);
    expect(outcome.other).toBeGreaterThan(0);
  });

  it("packets", () => {
    const payload = new Uint8Array(30);
    const ends = { src: "2001:db8::1", dst: "2001:db8::2", srcPort: 1, dstPort: 2, payload };
    const v4 = { ...ends, src: "192.0.2.1", dst: "192.0.2.2" };
    const extensions = [0, 60, 44, 51].map((type) => ({
      type,
      bytes: new Array(type === 51 ? 12 : 8).fill(type === 51 ? 1 : 0),
    }));
    const tcp = { seq: 1, flags: 2 };
    const packets = [
      udpPacket(ends),
      udpPacket(v4),
      tcpPacket({ ...ends, ...tcp }),
      tcpPacket({ ...v4, ...tcp }),
      udpPacket({ ...ends, extensions }),
    ];
    const packet = new Packet();
    const malformed: PacketVerdict = "malformed";
    const decode = (bytes: Uint8Array, offset: number, end: number, work: Work): Packet | null => {
      const verdict = decodePacket(bytes, offset, end, packet, work);
      if (verdict === malformed) throw new DecodeError("packet", offset, verdict);
      return verdict === "ok" ? packet : null;
    };
    const check = (
      { payloadStart, payloadEnd, payloadBytes, srcPort, dstPort, tcpSeq }: Packet,
      length: number,
    ): string | null => {
      const isWithin = payloadStart >= OFFSET && payloadEnd >= payloadStart && payloadEnd <= OFFSET + length;
      const isNumber =
        srcPort < 65_536 && dstPort < 65_536 && tcpSeq >= 0 && tcpSeq < 2 ** 32 && payloadBytes >= payloadEnd - payloadStart;
      return isWithin && isNumber ? null : "a field";
    };
    const outcome = fuzz(INPUTS.packet, packets, PACKET_WORK, decode, check);
    expect(outcome.other).toBeGreaterThan(0);
  });

  it("frames of QUIC Initials", () => {
    const bound = { ...QUIC_WORK, fixed: CLIENT_HELLO_WORK.fixed };
    const decode = (bytes: Uint8Array, offset: number, end: number, work: Work): ClientHello | null => {
      const plain = bytes.slice(offset, end);
      const stream = new CryptoStream();
      readFrames(plain, (at, from, length) => stream.add(at, plain, from, length, work), work);
      return stream.hello(work);
    };
    // What it needs counts in the stream, not in the packet.
    fuzz(INPUTS.payload, payloads(), bound, decode, (hello) => faultOfHello(hello, hello.complete ? MAX_CLIENT_HELLO : 0));
  });

  it("QUIC datagrams", () => {
    const quic = new QuicInitials(
      { maxConnections: 50, maxBytes: 100_000, maxAgeMs: 1000 },
      { mayDecrypt: () => true, now: () => 0 },
    );
    let flow = 0;
    const decode = (bytes: Uint8Array, offset: number, end: number, work: Work): ClientHello | null =>
      quic.decode(String(flow++), bytes, offset, end, work);
    const mutator = new Mutator([...messages("quic", "chromium"), message("quic", "gnutls")], new Random(SEED));
    for (let i = 0; i < INPUTS.datagram; i++) {
      mutator.next();
      const work = new Work();
      try {
        decode(mutator.bytes, OFFSET, mutator.end, work);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
      if (work.steps > QUIC_WORK.perByte * mutator.length + QUIC_WORK.fixed)
        throw new Error(`${work.steps} steps, of ${inputOf(mutator)}`);
      if (quic.connections > 50 || quic.heldBytes > 100_000) throw new Error(`too much is kept after ${inputOf(mutator)}`);
    }
    // The few that were left as they were, or were spoilt after the packet's end.
    expect(quic.stats.decrypted).toBeGreaterThan(INPUTS.datagram / 100);
    expect(quic.stats.unauthentic).toBeGreaterThan(INPUTS.datagram / 50);
  });

  it("QUIC connections whose frames were spoilt before they were sealed", () => {
    const quic = new QuicInitials(
      { maxConnections: 20, maxBytes: 60_000, maxAgeMs: 1000 },
      { mayDecrypt: () => true, now: () => 0 },
    );
    const mutator = new Mutator(payloads(), new Random(SEED));
    const random = new Random(SEED + 1);
    const destination = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const outcome = { complete: 0, refused: 0 };
    for (let i = 0; i < INPUTS.sealed; i++) {
      mutator.next();
      const frames = concat(mutator.bytes.subarray(OFFSET, Math.min(mutator.end, OFFSET + 8000)), new Uint8Array(20));
      const datagram = initialPacket({ destination, packetNumber: i, frames });
      const work = new Work();
      try {
        const hello = quic.decode(String(random.below(30)), datagram, 0, datagram.length, work);
        if (hello && !isHostName(hello.serverName))
          throw new Error(`the server name ${hello.serverName}, of ${inputOf(mutator)}`);
        if (hello?.complete) outcome.complete++;
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
        outcome.refused++;
      }
      if (work.steps > QUIC_WORK.perByte * datagram.length + QUIC_WORK.fixed)
        throw new Error(`${work.steps} steps, of ${inputOf(mutator)}`);
      if (quic.connections > 20 || quic.heldBytes > 60_000) throw new Error(`too much is kept after ${inputOf(mutator)}`);
    }
    for (const count of Object.values(outcome)) expect(count).toBeGreaterThan(INPUTS.sealed / 50);
    for (let flow = 0; flow < 30; flow++) quic.forget(String(flow));
    expect(quic).toMatchObject({ connections: 0, heldBytes: 0 });
  });
});
