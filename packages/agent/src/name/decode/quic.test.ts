import { DecodeError } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { type ClientHello, MAX_CLIENT_HELLO } from "./client-hello.ts";
import { QUIC_WORK, QuicInitials } from "./quic.ts";
import { InitialKeys } from "./quic-keys.ts";
import { concat, fromHex, message, messages, placed, word } from "./testing/messages.ts";
import { cryptoFrame, initialPacket } from "./testing/quic-packet.ts";
import { Work } from "./work.ts";

const NAME = "www.example.org";
const FLOW = "192.0.2.1:40000 198.51.100.2:443";
const DESTINATION = fromHex("8394c8f03e515708");
/** RFC 9001 A.2 and RFC 9369 A.2: the CRYPTO frame, and the whole payload. */
const CRYPTO = fromHex(
  `060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578
   616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e000500050100000000003300260024001d00209370b2c9caa47fba
   baf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c0002400100
   3900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff`,
);
const FRAMES = concat(CRYPTO, new Uint8Array(1162 - CRYPTO.length));
/** A real hello, as it lies in the stream of the handshake. */
const HELLO = message("tls", "chromium").subarray(5);

class Reader {
  mayDecrypt = true;
  nowMs = 1000;
  asked = 0;
  readonly quic: QuicInitials;

  constructor(config = {}) {
    this.quic = new QuicInitials(
      { maxConnections: 100, maxBytes: 100_000, maxAgeMs: 30_000, ...config },
      {
        mayDecrypt: () => {
          this.asked++;
          return this.mayDecrypt;
        },
        now: () => this.nowMs,
      },
    );
  }

  read(datagram: Uint8Array, flow = FLOW): ClientHello | null {
    const { bytes, offset, end } = placed(datagram);
    const work = new Work();
    try {
      return this.quic.decode(flow, bytes, offset, end, work);
    } finally {
      expect(work.steps).toBeLessThanOrEqual(QUIC_WORK.perByte * datagram.length + QUIC_WORK.fixed);
    }
  }
}

const initial = (frames: Uint8Array, more: Partial<Parameters<typeof initialPacket>[0]> = {}): Uint8Array =>
  initialPacket({ destination: DESTINATION, frames: concat(frames, new Uint8Array(32)), ...more });

/** The hello in frames of `size` bytes, in this order. */
const frames = (size: number, order: (count: number) => number[]): Uint8Array[] =>
  order(Math.ceil(HELLO.length / size)).map((i) => cryptoFrame(i * size, HELLO.subarray(i * size, (i + 1) * size)));

describe("the RFCs' examples", () => {
  it.each([
    [1, "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c", "9f50449e04a0e810283a1e9933adedd2"],
    [2, "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f", "45b95e15235d6f45a6b19cbcb0294ba9"],
  ] as const)("derives the keys of version %i (RFC 9001 A.1, RFC 9369 A.1)", (version, key, iv, headerKey) => {
    const keys = new InitialKeys(version, DESTINATION);
    expect([keys.key, keys.iv, keys.headerKey].map((bytes) => bytes.toString("hex"))).toEqual([key, iv, headerKey]);
  });

  // The ends of the packets as they are printed there: the tag at the end depends on every byte.
  it.each([
    [1, "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11", "e221af44860018ab0856972e194cd934"],
    [2, "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485", "a18b2faa745b6fe189cf772a9f84cbfc"],
  ] as const)("reads the client's packet of version %i (RFC 9001 A.2, RFC 9369 A.2)", (version, head, tail) => {
    const packet = initialPacket({ version, destination: DESTINATION, packetNumber: 2, frames: FRAMES });
    expect(packet).toHaveLength(1200);
    expect(Buffer.from(packet.subarray(0, 32)).toString("hex")).toBe(head);
    expect(Buffer.from(packet.subarray(-16)).toString("hex")).toBe(tail);
    expect(new Reader().read(packet)).toMatchObject({ serverName: "example.com", alpn: ["alpn"], complete: true });
  });
});

describe("real clients", () => {
  it("reads the handshake of ngtcp2 and GnuTLS once, and no more of it", () => {
    const reader = new Reader();
    const datagrams = messages("quic", "gnutls");
    const found = datagrams.map((datagram) => reader.read(datagram));
    expect(found.map((hello) => hello?.serverName)).toEqual([NAME, undefined, undefined, undefined, undefined]);
    expect(found[0]).toMatchObject({ alpn: ["h3"], ech: false, complete: true });
    expect(reader.read(datagrams[0]!), "sent again").toBeNull();
    expect(reader.asked).toBe(1);
    expect(reader.quic.stats).toMatchObject({ decrypted: 1, unauthentic: 0, done: 1 });
    expect(reader.quic.heldBytes).toBe(0);
  });

  it("reads the hello of a client that was sent away with a Retry", () => {
    const [first, afterRetry] = messages("quic", "gnutlsRetry");
    expect(new Reader().read(first!)?.serverName).toBe(NAME);
    expect(new Reader().read(afterRetry!), "with a token, and the keys of the server's id").toMatchObject({ serverName: NAME });
  });

  it("puts together Chromium's, with a post-quantum key share, in shuffled parts over two packets", () => {
    const reader = new Reader();
    const datagrams = messages("quic", "chromium");
    const found = datagrams.map((datagram) => reader.read(datagram));
    expect(found.find((hello) => hello?.complete)).toMatchObject({ serverName: NAME, alpn: ["h3"], complete: true });
    expect(new Reader().read(datagrams[0]!)?.complete ?? false).toBe(false);
    const backwards = new Reader();
    const again = [...datagrams].reverse().map((datagram) => backwards.read(datagram));
    expect(again.find((hello) => hello?.complete)?.serverName).toBe(NAME);
  });
});

describe("hellos in parts", () => {
  it.each<[string, number, (count: number) => number[]]>([
    ["in order", 100, (count) => Array.from({ length: count }, (_, i) => i)],
    ["backwards", 100, (count) => Array.from({ length: count }, (_, i) => count - 1 - i)],
    ["twice each", 300, (count) => Array.from({ length: 2 * count }, (_, i) => (i * 3) % count)],
    [
      "each second one first",
      40,
      (count) => Array.from({ length: count }, (_, i) => (2 * i < count ? 2 * i : 2 * (i - ((count + 1) >> 1)) + 1)),
    ],
  ])("puts them together %s", (_, size, order) => {
    const reader = new Reader();
    const found = frames(size, order).map((frame, i) => reader.read(initial(frame, { packetNumber: i })));
    const complete = found.filter((hello) => hello?.complete);
    expect(complete).toHaveLength(1);
    expect(complete[0]).toMatchObject({ serverName: NAME, neededBytes: HELLO.length });
    expect(reader.quic.heldBytes).toBe(0);
  });

  it("keeps what came first where parts overlap", () => {
    const reader = new Reader();
    const other = HELLO.map((byte) => byte ^ 0xff);
    reader.read(initial(cryptoFrame(200, HELLO.subarray(200, 900))));
    reader.read(initial(cryptoFrame(0, concat(HELLO.subarray(0, 200), other.subarray(200, 700)))));
    expect(reader.read(initial(cryptoFrame(700, concat(other.subarray(700, 900), HELLO.subarray(900)))))).toMatchObject({
      serverName: NAME,
      complete: true,
    });
  });

  it("gives the name as soon as it is there", () => {
    const first = new Reader().read(initial(cryptoFrame(0, HELLO.subarray(0, HELLO.length - 1))));
    expect(first).toMatchObject({ complete: false, neededBytes: HELLO.length });
  });

  it("reads several packets of one datagram, skips 0-RTT and others, and ends at padding or a short header", () => {
    const half = HELLO.length >> 1;
    const parts = [cryptoFrame(0, HELLO.subarray(0, half)), cryptoFrame(half, HELLO.subarray(half))].map((part) => initial(part));
    const zeroRtt = concat([0xd0, 0, 0, 0, 1, 8], DESTINATION, [0], word(0x4000 + 30), new Uint8Array(30));
    for (const after of [new Uint8Array(100), concat([0x40], new Uint8Array(60))])
      expect(new Reader().read(concat(parts[0]!, zeroRtt, parts[1]!, after))).toMatchObject({ serverName: NAME, complete: true });
  });

  it("gives the hello that lies before a packet that is cut off", () => {
    const reader = new Reader();
    const datagram = concat(initial(cryptoFrame(0, HELLO)), initial(new Uint8Array(0)));
    expect(reader.read(datagram.subarray(0, -1))).toMatchObject({ serverName: NAME, complete: true });
    expect(reader.quic.stats.cut).toBe(1);
  });

  it("leaves alone a packet to another connection id in the same datagram", () => {
    const other = initial(cryptoFrame(500, HELLO.subarray(500)), { destination: fromHex("aabbccdd"), keysOf: DESTINATION });
    expect(new Reader().read(concat(initial(cryptoFrame(0, HELLO.subarray(0, 500))), other))).toMatchObject({ complete: false });
  });

  it("steps over tokens, acknowledgements and pings", () => {
    const ack = fromHex("02 4123 05 01 03 00 02  03 05 00 00 01 01 02 4003  01");
    const token = new Uint8Array(40).fill(7);
    expect(new Reader().read(initial(concat(ack, cryptoFrame(0, HELLO)), { token }))).toMatchObject({ complete: true });
  });

  it("goes on with the first keys when the server's id has taken the place of the client's", () => {
    const reader = new Reader();
    const source = fromHex("c0ffee");
    reader.read(initial(cryptoFrame(0, HELLO.subarray(0, 500)), { source }));
    const rest = initial(cryptoFrame(500, HELLO.subarray(500)), {
      source,
      destination: fromHex("aabbccdd"),
      keysOf: DESTINATION,
    });
    expect(reader.read(rest)).toMatchObject({ complete: true });
    expect(reader.quic.stats).toMatchObject({ decrypted: 2, unauthentic: 0 });
  });

  it("begins anew with the keys of the server's id after a Retry", () => {
    const reader = new Reader();
    const source = fromHex("c0ffee");
    reader.read(initial(cryptoFrame(0, HELLO.subarray(0, 500)), { source }));
    const again = initial(cryptoFrame(0, HELLO), { source, destination: fromHex("aabbccdd"), token: fromHex("01") });
    expect(reader.read(again)).toMatchObject({ complete: true });
    expect(reader.quic).toMatchObject({ connections: 1, heldBytes: 0 });
  });
});

describe("whose hello it is", () => {
  it("does not mix flows with the same connection id", () => {
    const reader = new Reader();
    reader.read(initial(cryptoFrame(0, HELLO.subarray(0, 500))), "a");
    expect(reader.read(initial(cryptoFrame(500, HELLO.subarray(500))), "b")).toBeNull();
    expect(reader.read(initial(cryptoFrame(500, HELLO.subarray(500))), "a")?.complete).toBe(true);
  });

  it("reads another connection of the same addresses and ports: with another id of the client, later, or when told", () => {
    const whole = initial(cryptoFrame(0, HELLO), { source: fromHex("01") });
    const other = initial(cryptoFrame(0, HELLO), { source: fromHex("02"), destination: fromHex("0102030405060708") });
    const reader = new Reader();
    expect(reader.read(whole)?.complete).toBe(true);
    expect(reader.read(whole)).toBeNull();
    expect(reader.read(other)?.complete).toBe(true);
    expect(reader.read(other)).toBeNull();
    reader.nowMs += 30_000;
    expect(reader.read(other)?.complete).toBe(true);
    reader.quic.forget(FLOW);
    reader.quic.forget("never seen");
    expect(reader.read(other)?.complete).toBe(true);
    expect(reader.quic.stats).toMatchObject({ decrypted: 4, done: 2 });
  });

  it("throws nothing away for a packet that anybody may have sent", () => {
    const reader = new Reader();
    reader.read(initial(cryptoFrame(0, HELLO.subarray(0, 500))));
    const forged = initial(cryptoFrame(0, HELLO));
    expect(reader.read(forged.with(forged.length - 1, forged.at(-1)! ^ 1))).toBeNull();
    expect(reader.quic.stats.unauthentic).toBe(1);
    expect(reader.read(initial(cryptoFrame(500, HELLO.subarray(500))))?.complete).toBe(true);
  });
});

describe("limits", () => {
  it("leaves a packet unread when it may not decrypt, and counts it", () => {
    const reader = new Reader();
    reader.mayDecrypt = false;
    expect(reader.read(initial(cryptoFrame(0, HELLO)))).toBeNull();
    expect(reader.quic).toMatchObject({ connections: 0, stats: { refused: 1, decrypted: 0 } });
    reader.mayDecrypt = true;
    expect(reader.read(initial(cryptoFrame(0, HELLO)))?.complete).toBe(true);
  });

  it("keeps so many connections, the last ones", () => {
    const reader = new Reader({ maxConnections: 2 });
    const half = initial(cryptoFrame(0, HELLO.subarray(0, 500)));
    for (const flow of ["a", "b", "a", "c"]) reader.read(half, flow);
    expect(reader.quic).toMatchObject({ connections: 2, stats: { evicted: 1 } });
    const rest = initial(cryptoFrame(500, HELLO.subarray(500)));
    expect(["a", "c", "b"].map((flow) => reader.read(rest, flow)?.complete)).toEqual([true, true, undefined]);
  });

  it("keeps so many bytes", () => {
    const reader = new Reader({ maxBytes: 40_000 });
    const last = initial(cryptoFrame(MAX_CLIENT_HELLO - 1, HELLO.subarray(0, 1)));
    for (let i = 0; i < 10; i++) reader.read(last, String(i));
    expect(reader.quic).toMatchObject({ connections: 2, heldBytes: 2 * MAX_CLIENT_HELLO, stats: { evicted: 8 } });
    for (let i = 0; i < 10; i++) reader.quic.forget(String(i));
    expect(reader.quic).toMatchObject({ connections: 0, heldBytes: 0 });
  });

  it("keeps nothing for longer than it may, or when told", () => {
    const reader = new Reader();
    const [half, whole] = [HELLO.subarray(0, 500), HELLO].map((bytes) => initial(cryptoFrame(0, bytes)));
    reader.read(half!, "a");
    reader.read(whole!, "b");
    reader.nowMs += 10_000;
    reader.read(half!, "c");
    reader.quic.sweep();
    expect(reader.quic.connections).toBe(3);
    reader.nowMs += 20_000;
    reader.quic.sweep();
    expect(reader.quic).toMatchObject({ connections: 1, stats: { evicted: 1 } });
    expect(reader.quic.heldBytes).toBeGreaterThan(0);
    reader.quic.clear();
    expect(reader.quic).toMatchObject({ connections: 0, heldBytes: 0, stats: { evicted: 1 } });
  });

  it("reads the hello once for a datagram of many packets", () => {
    const extensions = new Array(4000).fill([0xaa, 0xaa, 0, 0]).flat();
    const body = concat([3, 3], new Uint8Array(32), [0, 0, 2, 0x13, 1, 1, 0], word(extensions.length), extensions);
    const long = concat([1, 0], word(body.length), body);
    const reader = new Reader();
    const packets = Array.from({ length: 500 }, (_, i) =>
      initial(cryptoFrame(15_000 + i, long.subarray(15_000 + i, 15_001 + i))),
    );
    reader.read(initial(cryptoFrame(0, long.subarray(0, 15_000))));
    expect(reader.read(concat(...packets))).toMatchObject({ complete: false });
  });

  it("does a bounded work for the most costly packet: parts of one byte, each apart from the others", () => {
    const reader = new Reader();
    const holes = Array.from({ length: 64 }, (_, i) => cryptoFrame(2 * i + 1, HELLO.subarray(2 * i + 1, 2 * i + 2)));
    reader.read(initial(concat(...holes)));
    const touching = Array.from({ length: 8000 }, () => fromHex("06407f0101"));
    reader.read(initial(concat(...touching).subarray(0, 16_300)));
  });
});

describe("what is no Initial, or a broken one", () => {
  const good = initial(cryptoFrame(0, HELLO));

  it.each<[string, Uint8Array]>([
    ["DNS", message("dns", "a")],
    ["a short header", concat([0x40], new Uint8Array(40))],
    ["another version", good.with(4, 9)],
    ["version negotiation", good.with(4, 0)],
    ["a Handshake packet", concat([0xe0, 0, 0, 0, 1, 0, 0], word(0x4000 + 20), new Uint8Array(20))],
    ["a Retry", concat([0xf0, 0, 0, 0, 1, 0, 0], new Uint8Array(40))],
    ["nothing", new Uint8Array(0)],
  ])("says null of %s", (_, datagram) => {
    const reader = new Reader();
    expect(reader.read(datagram)).toBeNull();
    expect(reader.asked).toBe(0);
  });

  it.each<[string, Uint8Array]>([
    ["a connection id of 21 bytes", good.with(5, 21)],
    ["a packet that is longer than its datagram", good.subarray(0, good.length - 1)],
    ["a packet without a sample", concat([0xc0, 0, 0, 0, 1, 0, 0, 0, 19], new Uint8Array(19))],
    ["a header that ends within the token", concat([0xc0, 0, 0, 0, 1, 0, 0, 0x44, 0xff], new Uint8Array(19))],
    ["a STREAM frame", initial(fromHex("0801020304"))],
    ["a CRYPTO frame that is too long", initial(fromHex("0600 7fff 01"))],
    ["an offset of 2^61", initial(fromHex("06 e000000000000000 01 01"))],
    ["an ACK of too many ranges", initial(fromHex("02 00 00 bfffffff 00"))],
    [
      "a handshake in more than 64 parts",
      initial(concat(...Array.from({ length: 65 }, (_, i) => cryptoFrame(2 * i + 1, HELLO.subarray(0, 1))))),
    ],
    ["a hello that is malformed", initial(cryptoFrame(0, concat([1, 0, 0, 4], new Uint8Array(40))))],
  ])("throws DecodeError of %s, and forgets it", (_, datagram) => {
    const reader = new Reader();
    expect(() => reader.read(datagram)).toThrow(DecodeError);
    expect(reader.quic).toMatchObject({ connections: 0, heldBytes: 0 });
  });

  it("ends with the connection", () => {
    expect(new Reader().read(initial(concat(fromHex("1c00000000"), cryptoFrame(0, HELLO))))).toBeNull();
  });

  it("reads what is no hello as nothing", () => {
    expect(new Reader().read(initial(cryptoFrame(0, fromHex("02000001000000"))))).toBeNull();
  });
});
