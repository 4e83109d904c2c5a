import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLoopback } from "./loopback.ts";
import { type Bytes, parseConntrack } from "./parse.ts";
import { ConntrackRecord, EVENT_DESTROY, EVENT_NEW, EVENT_NONE, EVENT_UPDATE } from "./record.ts";
import { TCP_CLOSE, TCP_SYN_SENT, TCP_TIME_WAIT } from "./states.ts";

// Real messages of Linux 6.18: testing/record-corpus.ts made them.
const corpus: { kind: "event" | "dump"; bytes: Buffer }[] = JSON.parse(
  readFileSync(new URL("fixtures/corpus.json", import.meta.url), "utf8"),
).messages.map((m: { kind: "event" | "dump"; hex: string }) => ({ kind: m.kind, bytes: Buffer.from(m.hex, "hex") }));

const PADDING = 32;

/** The message in the midst of other bytes. */
function place(message: Uint8Array, filler = 0xa5): Bytes {
  const u8 = new Uint8Array((2 * PADDING + message.length + 3) & ~3).fill(filler);
  u8.set(message, PADDING);
  return { u8, u16: new Uint16Array(u8.buffer), u32: new Uint32Array(u8.buffer) };
}

function parse(message: Uint8Array, solicited = false, filler?: number): ConntrackRecord | undefined {
  const record = new ConntrackRecord();
  return parseConntrack(place(message, filler), PADDING, PADDING + message.length, solicited, record) ? record : undefined;
}

const records = corpus.map(({ kind, bytes }) => parse(bytes, kind === "dump")!);

function find(event: number, protocol: number, dstPort: number, family = 2): ConntrackRecord {
  const record = records.find(
    (r) => r.event === event && r.protocol === protocol && r.dstPort === dstPort && r.family === family,
  );
  if (!record) throw new Error(`the corpus has no event ${event} of protocol ${protocol} to port ${dstPort}`);
  return record;
}

const v4 = (text: string): number[] => [text.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0), 0, 0, 0];
const CLIENT6 = [0xfd770001, 0, 0, 2];
const SERVER6 = [0xfd770002, 0, 0, 2];
const words4 = (...addresses: string[]): number[] => addresses.flatMap(v4);

describe("parseConntrack on the kernel's own messages", () => {
  it("understands every message of the corpus", () => {
    expect(records.length).toBeGreaterThan(40);
    expect(records).not.toContain(undefined);
  });

  it("reads a new TCP connection with both sides translated", () => {
    const record = find(EVENT_NEW, 6, 8080);
    expect([...record.words]).toEqual(words4("10.77.1.2", "10.77.1.1", "10.77.2.2", "10.77.2.1"));
    expect(record).toMatchObject({
      replySrcPort: 80,
      tcpState: TCP_SYN_SENT,
      srcBytes: -1,
      srcPackets: -1,
      dstBytes: -1,
      startUs: 0,
      stopUs: 0,
    });
    expect(record.replyDstPort).toBeGreaterThanOrEqual(50000);
    expect(record.replyDstPort).toBeLessThanOrEqual(50100);
    expect(record.eventUs).toBeGreaterThan(1.7e15);
    expect(record.status & 0x30, "IPS_SRC_NAT and IPS_DST_NAT").toBe(0x30);
  });

  it("reads the end of a TCP connection: update into TIME_WAIT, then counters and stamps", () => {
    const updates = records.filter((r) => r.event === EVENT_UPDATE && r.protocol === 6 && r.dstPort === 8080);
    expect(updates.map((r) => r.tcpState)).toContain(TCP_TIME_WAIT);
    const record = find(EVENT_DESTROY, 6, 8080);
    // SYN 60, ACK 52, "finish" 58, ACK 52, FIN 52 and SYN-ACK 60, ACK 52, "bye" 55, FIN 52, ACK 52.
    expect(record).toMatchObject({
      srcBytes: 274,
      srcPackets: 5,
      dstBytes: 271,
      dstPackets: 5,
      tcpState: TCP_TIME_WAIT,
      timeoutS: -1,
    });
    expect(record.stopUs - record.startUs).toBeGreaterThan(2e6);
    expect(record.id).toBe(find(EVENT_NEW, 6, 8080).id);
  });

  it("reads a refused TCP connection: a SYN of 60 B, a reset of 40 B", () => {
    expect(find(EVENT_DESTROY, 6, 443)).toMatchObject({
      srcBytes: 60,
      srcPackets: 1,
      dstBytes: 40,
      dstPackets: 1,
      tcpState: TCP_CLOSE,
    });
  });

  it("reads IPv6", () => {
    const tcp = find(EVENT_DESTROY, 6, 80, 10);
    expect([...tcp.words]).toEqual([...CLIENT6, ...SERVER6, ...SERVER6, ...CLIENT6]);
    expect(tcp).toMatchObject({ tcpState: TCP_CLOSE, replySrcPort: 80, replyDstPort: tcp.srcPort });
    const udp = find(EVENT_DESTROY, 17, 5000, 10);
    expect(udp).toMatchObject({ srcBytes: 112, srcPackets: 2, dstBytes: 112, dstPackets: 2 }); // 40 + 8 + 8
  });

  it("reads zone and mark", () => {
    for (const event of [EVENT_NEW, EVENT_DESTROY, EVENT_NONE])
      expect(find(event, 17, 5007)).toMatchObject({ zone: 7, mark: 42 });
    expect(find(EVENT_NEW, 17, 5008), "a zone of the original direction only").toMatchObject({ zone: 8, mark: 0 });
    expect(find(EVENT_NEW, 17, 5000)).toMatchObject({ zone: 0, mark: 0 });
  });

  it("reads ICMP and ICMPv6", () => {
    const echo = find(EVENT_DESTROY, 1, 0);
    expect(echo).toMatchObject({ icmpType: 8, icmpCode: 0, srcBytes: 84, dstBytes: 84, srcPort: 0, tcpState: -1 });
    expect(echo.icmpId).toBeGreaterThan(0);
    expect(find(EVENT_DESTROY, 58, 0, 10)).toMatchObject({ icmpType: 128, icmpCode: 0, srcBytes: 104, dstBytes: 104 });
    expect(find(EVENT_NEW, 17, 5000)).toMatchObject({ icmpType: -1, icmpCode: -1, icmpId: -1 });
  });

  it("reads SCTP, GRE and a protocol without a module", () => {
    expect(find(EVENT_DESTROY, 132, 9999)).toMatchObject({
      srcPort: 40000,
      sctpState: 1,
      srcBytes: 52,
      dstBytes: 0,
      tcpState: -1,
    });
    expect(find(EVENT_DESTROY, 47, 0)).toMatchObject({ srcPackets: 1, dstPackets: 0 });
    expect(find(EVENT_DESTROY, 253, 0)).toMatchObject({ srcBytes: 21, srcPackets: 1, srcPort: 0 });
  });

  it("marks what was asked for as no event", () => {
    const entry = find(EVENT_NONE, 6, 8080);
    expect(entry).toMatchObject({ srcBytes: 274, stopUs: 0, eventUs: 0 });
    expect(entry.timeoutS).toBeGreaterThanOrEqual(0);
    expect(records.filter((r) => r.event === EVENT_NONE)).toHaveLength(corpus.filter((m) => m.kind === "dump").length);
  });

  it("leaves nothing of the message before in the record", () => {
    const record = new ConntrackRecord();
    for (const { kind, bytes } of corpus) {
      parseConntrack(place(bytes), PADDING, PADDING + bytes.length, kind === "dump", record);
      expect(record).toEqual(parse(bytes, kind === "dump"));
    }
  });
});

describe("parseConntrack on made numbers", () => {
  /** Replaces the payload of the first attribute whose header bytes are these. */
  function patch(message: Buffer, header: string, payload: string): Buffer {
    const hex = message.toString("hex");
    const at = hex.indexOf(header);
    expect(at).toBeGreaterThan(0);
    return Buffer.from(hex.slice(0, at + header.length) + payload + hex.slice(at + header.length + payload.length), "hex");
  }
  const destroy = corpus.find(({ bytes }) => bytes.readUInt16LE(4) === 0x102)!.bytes;

  it("keeps counters exact up to 2^53", () => {
    const message = patch(destroy, "0c000200", "001ffffffffffffe"); // CTA_COUNTERS_BYTES
    expect(parse(message)?.srcBytes).toBe(9007199254740990);
  });

  it("keeps a quarter of a microsecond of the stamps", () => {
    const ns = 1795342385211177123n;
    const message = patch(destroy, "0c000200", "0000000000000000");
    const stamped = patch(message, "0c000100", ns.toString(16).padStart(16, "0")); // the first of these is CTA_COUNTERS_PACKETS
    expect(parse(stamped)?.srcPackets).toBe(Number(ns));
    const event = patch(destroy, "0c001b00", ns.toString(16).padStart(16, "0")); // CTA_TIMESTAMP_EVENT
    expect(Math.abs(parse(event)!.eventUs - 1795342385211177)).toBeLessThanOrEqual(0.25);
  });
});

interface Attribute {
  path: string;
  type: number;
  payload: Buffer;
  inner: Attribute[] | undefined;
}

function decode(bytes: Buffer, prefix = ""): Attribute[] {
  const result: Attribute[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt16LE(at);
    const type = bytes.readUInt16LE(at + 2);
    const path = `${prefix}${type & 0x3fff}`;
    const payload = bytes.subarray(at + 4, at + length);
    result.push({ path, type, payload, inner: type & 0x8000 ? decode(payload, `${path}.`) : undefined });
    at += (length + 3) & ~3;
  }
  return result;
}

function encode(message: Buffer, tree: Attribute[]): Buffer {
  const attribute = ({ type, payload, inner }: Attribute): Buffer => {
    const content = inner ? Buffer.concat(inner.map(attribute)) : payload;
    const bytes = Buffer.alloc((4 + content.length + 3) & ~3);
    bytes.writeUInt16LE(4 + content.length, 0);
    bytes.writeUInt16LE(type, 2);
    content.copy(bytes, 4);
    return bytes;
  };
  const bytes = Buffer.concat([message.subarray(0, 20), ...tree.map(attribute)]);
  bytes.writeUInt32LE(bytes.length, 0);
  return bytes;
}

const leaves = (tree: Attribute[]): Attribute[] => tree.flatMap((one) => (one.inner ? leaves(one.inner) : [one]));

describe("parseConntrack on anything else", () => {
  it("refuses every message that ends too early", () => {
    for (const { bytes } of corpus) {
      for (let length = 0; length < bytes.length; length++) expect(parse(bytes.subarray(0, length))).toBeUndefined();
    }
  });

  it("refuses an attribute that it reads and that is a byte short, and passes over those that it does not read", () => {
    const read = /^([12]\.(1\.[1-4]|2\.[1-9]|3)|3|4\.[13]\.1|7|8|9\.[12]|10\.[12]|12|18|20\.[12]|27)$/;
    const seen = new Set<string>();
    for (const { kind, bytes } of corpus) {
      const tree = decode(bytes.subarray(20));
      expect(encode(bytes, tree), "the test's own coder").toEqual(bytes);
      for (const leaf of leaves(tree)) {
        const whole = leaf.payload;
        leaf.payload = whole.subarray(0, -1);
        expect(parse(encode(bytes, tree), kind === "dump") === undefined, leaf.path).toBe(read.test(leaf.path));
        leaf.payload = whole;
        seen.add(leaf.path);
      }
    }
    for (const path of [
      "1.1.1",
      "1.1.4",
      "1.2.1",
      "1.2.3",
      "1.2.6",
      "1.2.9",
      "1.3",
      "2.2.2",
      "3",
      "4.1.1",
      "4.3.1",
      "7",
      "8",
      "9.1",
      "10.2",
      "12",
      "18",
      "20.1",
      "20.2",
      "27",
    ]) {
      expect([...seen]).toContain(path);
    }
  });

  it("refuses an attribute that is longer than what holds it", () => {
    let tried = 0;
    const visit = (bytes: Buffer, solicited: boolean, siblings: Attribute[]): void => {
      const last = siblings.at(-1)!;
      const changed = Buffer.from(bytes);
      const at = last.payload.byteOffset - bytes.byteOffset - 4;
      // Beyond the padding that belongs to it.
      changed.writeUInt16LE(((last.payload.length + 3) & ~3) + 5, at);
      expect(parse(changed, solicited), last.path).toBeUndefined();
      tried++;
      for (const { inner } of siblings) if (inner) visit(bytes, solicited, inner);
    };
    for (const { kind, bytes } of corpus) visit(bytes, kind === "dump", decode(bytes.subarray(20)));
    expect(tried).toBeGreaterThan(corpus.length * 6);
  });

  it("refuses other subsystems, other kinds and other families", () => {
    const change = (offset: number, value: number): ConntrackRecord | undefined => {
      const bytes = Buffer.from(corpus[0]!.bytes);
      bytes[offset] = value;
      return parse(bytes);
    };
    expect(change(5, 1), "as it was").toBeDefined();
    expect(change(5, 2), "expectations").toBeUndefined();
    expect(change(4, 1), "IPCTNL_MSG_CT_GET").toBeUndefined();
    expect(change(16, 7), "AF_BRIDGE").toBeUndefined();
  });

  // One parse for bytes around the message of each kind: a read outside of it would tell them apart.
  it("neither throws nor looks beyond the message, whatever it is", () => {
    const mutation = fc.record({
      message: fc.nat({ max: corpus.length - 1 }),
      edits: fc.array(
        fc.tuple(fc.nat({ max: 339 }), fc.oneof(fc.constantFrom(0, 1, 3, 4, 5, 7, 8, 0x80, 0xff), fc.nat({ max: 255 }))),
        { maxLength: 6 },
      ),
      cut: fc.option(fc.nat({ max: 339 }), { nil: undefined }),
      fixLength: fc.boolean(),
    });
    let accepted = 0;
    fc.assert(
      fc.property(mutation, fc.boolean(), ({ message, edits, cut, fixLength }, solicited) => {
        const bytes = Buffer.from(corpus[message]!.bytes.subarray(0, cut));
        for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
        if (fixLength && bytes.length >= 4) bytes.writeUInt32LE(bytes.length, 0);
        const first = parse(bytes, solicited, 0x00);
        expect(parse(bytes, solicited, 0xff)).toEqual(first);
        expect(parse(bytes, solicited, 0x04)).toEqual(first);
        if (!first) return;
        accepted++;
        for (const value of Object.values(first)) if (typeof value === "number") expect(value).not.toBeNaN();
      }),
      { numRuns: 5000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});

describe("isLoopback", () => {
  const record = (family: number, ...words: number[]): ConntrackRecord => {
    const result = new ConntrackRecord();
    result.family = family;
    result.words.set(words);
    return result;
  };
  it("knows 127.0.0.0/8 and ::1, and nothing else", () => {
    expect(isLoopback(record(2, 0x7f000001))).toBe(true);
    expect(isLoopback(record(2, 0x7fffffff))).toBe(true);
    expect(isLoopback(record(2, 0x80000001))).toBe(false);
    expect(isLoopback(record(10, 0, 0, 0, 1))).toBe(true);
    expect(isLoopback(record(10, 0, 0, 0, 2))).toBe(false);
    expect(isLoopback(record(10, 0xfe800000, 0, 0, 1))).toBe(false);
    expect(isLoopback(record(10, 0x7f000001, 0, 0, 1))).toBe(false);
  });
});
