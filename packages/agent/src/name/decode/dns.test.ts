import { DecodeError, formatAddress } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import {
  DNS_WORK,
  type DnsAnswer,
  decodeDns,
  decodeDnsQuery,
  dnsOverTcp,
  TYPE_A,
  TYPE_AAAA,
  TYPE_HTTPS,
  TYPE_SVCB,
} from "./dns.ts";
import { answer, pointer, query, type TestRecord, wireName } from "./testing/dns-message.ts";
import { concat, message, placed, word } from "./testing/messages.ts";
import { Work } from "./work.ts";

const CNAME = 5;
const v4 = (last: number): number[] => [192, 0, 2, last];

function read(bytes: Uint8Array): DnsAnswer {
  const { bytes: all, offset, end } = placed(bytes);
  const work = new Work();
  const found = decodeDns(all, offset, end, work);
  if (!found) throw new Error("no answer");
  expect(work.steps).toBeLessThanOrEqual(DNS_WORK.perByte * bytes.length + DNS_WORK.fixed);
  return found;
}

const addresses = (found: DnsAnswer): string[] =>
  found.ttlsS.map((ttlS, i) => `${formatAddress(found.addresses, i * 16)} ${ttlS}`);
const given = (name: string, records: readonly TestRecord[], type = TYPE_A): string[] =>
  addresses(read(answer(name, type, records)));
const failure = (bytes: Uint8Array): unknown => {
  try {
    return decodeDns(bytes, 0, bytes.length, new Work());
  } catch (error) {
    return error;
  }
};

describe("questions", () => {
  const ask = (bytes: Uint8Array) => {
    const { bytes: all, offset, end } = placed(bytes);
    return decodeDnsQuery(all, offset, end, new Work());
  };

  it("reads what is asked, and takes no answer for a question, nor a question for an answer", () => {
    const question = query("WWW.Example.org", TYPE_AAAA, 4711);
    expect(ask(question)).toEqual({ id: 4711, name: "www.example.org", host: "www.example.org", type: TYPE_AAAA });
    expect(ask(query("_8443._https.example.org", TYPE_HTTPS))?.host).toBe("example.org");
    expect(ask(answer("www.example.org", TYPE_A, []))).toBeNull();
    expect(failure(question)).toBeNull();
    for (let length = 0; length < question.length; length++)
      expect(() => ask(question.subarray(0, length)), String(length)).toThrow(DecodeError);
  });
});

describe("answers of a real server (dnsmasq)", () => {
  it("reads an address", () => {
    const found = read(message("dns", "a"));
    expect(found).toMatchObject({ name: "host.example.org", host: "host.example.org", type: 1, rcode: 0, truncated: false });
    expect(addresses(found)).toEqual(["192.0.2.1 120"]);
  });

  it("reads an IPv6 address", () => {
    expect(addresses(read(message("dns", "aaaa")))).toEqual(["2001:db8::1 120"]);
  });

  it("gives the name that was asked for, not that of the CNAMEs, and the least TTL on the way", () => {
    const found = read(message("dns", "cnames"));
    expect(found.host).toBe("www.example.org");
    expect(addresses(found)).toEqual(["192.0.2.1 60"]);
    expect(addresses(read(message("dns", "cnamesV6")))).toEqual(["2001:db8::1 60"]);
  });

  it("writes in lower case what a careful resolver asked in both", () => {
    expect(message("dns", "mixedCase")).toContain("X".charCodeAt(0));
    expect(read(message("dns", "mixedCase"))).toMatchObject({ name: "host.example.org", ttlsS: [120] });
  });

  it("reads the hints of an HTTPS record", () => {
    const found = read(message("dns", "https"));
    expect(found).toMatchObject({ host: "svc.example.org", type: TYPE_HTTPS, offersEch: true });
    expect(addresses(found)).toEqual(["192.0.2.7 300", "2001:db8::7 300"]);
  });

  it("reads many addresses", () => {
    expect(addresses(read(message("dns", "many"))).sort()).toHaveLength(12);
  });

  it("says what was cut off, and that there is none", () => {
    expect(read(message("dns", "truncated")).truncated).toBe(true);
    expect(read(message("dns", "none"))).toMatchObject({ host: "missing.example.org", rcode: 3, ttlsS: [] });
  });

  it("reads a message over TCP, when it is all there", () => {
    const stream = message("dns", "tcp");
    expect([0, 1].map((length) => dnsOverTcp(stream, 0, length))).toEqual([2, 2]);
    expect(dnsOverTcp(stream, 0, 2)).toBe(stream.length);
    const two = placed(concat(stream, stream));
    const needed = dnsOverTcp(two.bytes, two.offset, two.end);
    expect(needed).toBe(stream.length);
    expect(decodeDns(two.bytes, two.offset + 2, two.offset + needed, new Work())?.ttlsS).toHaveLength(60);
    expect(() => dnsOverTcp(new Uint8Array([0, 11]), 0, 2)).toThrow(DecodeError);
  });
});

describe("whose address it is", () => {
  it("does not believe a record that the question does not lead to", () => {
    expect(
      given("a.example", [
        { owner: "bank.example", type: TYPE_A, data: v4(66) },
        { owner: 12, type: TYPE_A, data: v4(1) },
        { owner: "bank.example", type: CNAME, data: wireName("a.example") },
        { owner: "a.example.evil.example", type: TYPE_A, data: v4(67) },
      ]),
    ).toEqual(["192.0.2.1 300"]);
  });

  it("follows CNAMEs in any order, in any case, once round at most", () => {
    const records: TestRecord[] = [
      { owner: "C.example", type: TYPE_A, ttlS: 900, data: v4(3) },
      { owner: "b.example", type: CNAME, ttlS: 50, data: wireName("c.EXAMPLE") },
      { owner: "a.example", type: CNAME, ttlS: 70, data: wireName("B.example") },
    ];
    expect(given("A.example", records)).toEqual(["192.0.2.3 50"]);
    expect(given("a.example", [...records, { owner: "c.example", type: CNAME, data: wireName("a.example") }])).toEqual([
      "192.0.2.3 50",
    ]);
  });

  it("takes the TTL of the CNAMEs before an address, not of those after it", () => {
    expect(
      given("a.example", [
        { owner: "a.example", type: TYPE_A, ttlS: 800, data: v4(1) },
        { owner: "a.example", type: CNAME, ttlS: 20, data: wireName("b.example") },
        { owner: "b.example", type: TYPE_A, ttlS: 10, data: v4(2) },
      ]),
    ).toEqual(["192.0.2.1 800", "192.0.2.2 10"]);
  });

  it("takes a TTL with its highest bit set for 0 (RFC 2181 §8)", () => {
    expect(given("a.example", [{ owner: 12, type: TYPE_A, ttlS: 0x80000001, data: v4(1) }])).toEqual(["192.0.2.1 0"]);
  });

  it("passes over other classes and types", () => {
    expect(
      given("a.example", [
        { owner: 12, type: TYPE_A, class: 3, data: v4(1) },
        { owner: 12, type: 46, data: [1, 2, 3] },
        { owner: 12, type: TYPE_AAAA, data: new Array(16).fill(9) },
      ]),
    ).toEqual(["909:909:909:909:909:909:909:909 300"]);
  });

  it("asks for a host by the question of a service", () => {
    const service = [...word(1), 0, ...word(4), ...word(4), ...v4(8)];
    const found = read(answer("_8443._https.api.example.net", TYPE_HTTPS, [{ owner: 12, type: TYPE_HTTPS, data: service }]));
    expect(found).toMatchObject({ name: "_8443._https.api.example.net", host: "api.example.net", offersEch: false });
    expect(addresses(found)).toEqual(["192.0.2.8 300"]);
    expect(read(answer("_dns.resolver.arpa", TYPE_SVCB, [])).host).toBe("resolver.arpa");
    expect(read(answer("_dmarc.example.net", 16, [])).host).toBe("_dmarc.example.net");
  });

  it("takes no hints from an alias (RFC 9460 §2.4.2)", () => {
    const alias = [...word(0), ...wireName("pool.example"), ...word(4), ...word(4), ...v4(8)];
    expect(given("a.example", [{ owner: 12, type: TYPE_HTTPS, data: alias }], TYPE_HTTPS)).toEqual([]);
  });
});

describe("names", () => {
  it("escapes what is no plain character, and takes it for no host", () => {
    const odd = answer("x", TYPE_A, []);
    const name = [6, 0x41, 0x2e, 0x5c, 0x20, 0x00, 0xff, 3, ...Buffer.from("COM"), 0];
    const found = read(concat(odd.subarray(0, 12), name, odd.subarray(15)));
    expect(found.name).toBe("a\\046\\092\\032\\000\\255.com");
    expect(found.host).toBeNull();
  });

  it("has the root", () => {
    expect(read(answer("", 2, []))).toMatchObject({ name: "", host: null });
  });

  it("has 255 octets at most", () => {
    const labels = (last: number): string => [63, 63, 63, last].map((length) => "a".repeat(length)).join(".");
    expect(read(answer(labels(61), TYPE_A, [])).name).toHaveLength(253);
    expect(() => read(answer(labels(62), TYPE_A, []))).toThrow("more than 255");
  });

  it.each([
    ["to itself", (at: number) => pointer(at)],
    ["forwards", (at: number) => pointer(at + 2)],
    ["round", (at: number) => [1, 97, ...pointer(at)]],
    ["out of the message", () => pointer(0x3fff)],
  ])("follows no pointer %s", (_, owner) => {
    const head = answer("a.example", TYPE_A, []);
    head[7] = 1;
    const bytes = concat(head, owner(head.length), word(TYPE_A), word(1), [0, 0, 0, 9], word(4), v4(1));
    expect(failure(bytes)).toBeInstanceOf(DecodeError);
  });
});

describe("names in the data of another record, where pointers lead", () => {
  const TXT = 16;
  const HEAD = answer("a.example", TYPE_A, []).length;
  /** Where the data of the first answer is, whose owner is a pointer. */
  const DATA = HEAD + 12;
  const owner = (place: number): TestRecord => ({ owner: place, type: TYPE_A, data: v4(1) });
  const through = (data: readonly number[], place: number): Uint8Array =>
    answer("a.example", TYPE_A, [{ owner: 12, type: TXT, data }, owner(place)]);

  it("follows them from there backwards only", () => {
    const forwards = [1, 97, ...pointer(DATA + 4), ...wireName("b.example")];
    const refused = { message: expect.stringContaining("backwards") };
    expect(failure(through(forwards, DATA))).toMatchObject(refused);
    const later = [...forwards, 1, 99, ...pointer(DATA)];
    expect(failure(through(later, DATA + forwards.length)), "by way of an earlier name").toMatchObject(refused);
    expect(addresses(read(through([1, 98, ...pointer(14)], DATA))), "b.example").toEqual([]);
    expect(addresses(read(through([1, 65, ...pointer(14)], DATA))), "A.example").toEqual(["192.0.2.1 300"]);
    expect(addresses(read(through([...pointer(12)], DATA)))).toEqual(["192.0.2.1 300"]);
  });

  it.each([
    [127, null],
    [129, "too many compression pointers"],
  ])("follows %i of them", (count, error) => {
    // The first points to the question, each other one to that before it; once plain, once after a label.
    const chain = Array.from({ length: count - 1 }, (_, i) => pointer(i === 0 ? 12 : DATA + 2 * (i - 1))).flat();
    const last = DATA + 2 * (count - 2);
    for (const data of [chain, [...chain, 1, 98, ...pointer(last)]]) {
      const found = failure(through(data, DATA + data.length - (data === chain ? 2 : 4)));
      expect(found).toMatchObject(error ? { message: expect.stringContaining(error) } : { name: "a.example" });
    }
  });

  it("adds up the octets of all parts", () => {
    const long = [62, ...new Array(62).fill(97)];
    const name = (first: number): number[] => [first, ...new Array(first).fill(98), ...pointer(DATA)];
    const data = [...long, ...long, ...long, 0];
    const at = (first: number): unknown => failure(through([...data, ...name(first)], DATA + data.length));
    expect(at(63)).toMatchObject({ name: "a.example" });
    const longer = [63, ...new Array(63).fill(97), ...long, ...long, 0];
    expect(failure(through([...longer, ...name(63)], DATA + longer.length))).toMatchObject({ name: "a.example" });
    const tooLong = [...long, ...long, ...long, 1, 97, 0];
    expect(failure(through([...tooLong, ...name(63)], DATA + tooLong.length))).toMatchObject({
      message: expect.stringContaining("more than 255"),
    });
  });
});

describe("what is no answer, or a broken one", () => {
  const good = message("dns", "cnames");
  const changed = (at: number, value: number): Uint8Array => good.with(at, value);

  it.each([
    ["a question", changed(2, 0x01)],
    ["another opcode", changed(2, 0xa8)],
    ["two questions", changed(5, 2)],
    ["class CHAOS", changed(12 + 17 + 3, 3)],
  ])("says null of %s", (_, bytes) => {
    expect(failure(bytes)).toBeNull();
  });

  it("throws DecodeError wherever it is cut", () => {
    for (let length = 0; length < good.length; length++) expect(failure(good.subarray(0, length))).toBeInstanceOf(DecodeError);
    expect(failure(good)).toMatchObject({ name: "www.example.org" });
  });

  it.each<[string, TestRecord]>([
    ["an A of five bytes", { owner: 12, type: TYPE_A, data: [1, 2, 3, 4, 5] }],
    ["an AAAA of four", { owner: 12, type: TYPE_AAAA, data: v4(1) }],
    ["a CNAME with more after it", { owner: 12, type: CNAME, data: [1, 97, 0, 0] }],
    ["a label of another kind", { owner: 12, type: CNAME, data: [0x41, 97, 0] }],
    ["a service without a target", { owner: 12, type: TYPE_HTTPS, data: [0, 1] }],
    ["parameters out of order", { owner: 12, type: TYPE_HTTPS, data: [0, 1, 0, 0, 4, 0, 4, ...v4(1), 0, 1, 0, 0] }],
    ["a hint of three bytes", { owner: 12, type: TYPE_HTTPS, data: [0, 1, 0, 0, 4, 0, 3, 1, 2, 3] }],
    ["a parameter that is too long", { owner: 12, type: TYPE_HTTPS, data: [0, 1, 0, 0, 4, 0, 9, ...v4(1)] }],
  ])("throws DecodeError of %s", (_, record) => {
    expect(failure(answer("a.example", TYPE_A, [record]))).toBeInstanceOf(DecodeError);
  });
});

describe("work", () => {
  it("stays within its bound for the most costly message: CNAMEs, each with its own ways through one long name", () => {
    // A name of 127 labels; each record's owner and target begin at another of them, after a chain of pointers.
    const long = new Array(127).fill("a").join(".");
    const head = answer(long, TYPE_A, []);
    const way = (i: number): number[] => [1, 98 + (i % 20), ...pointer(14 + 2 * (i % 8))];
    const records = Array.from({ length: 4000 }, (_, i) =>
      concat(way(i), word(CNAME), word(1), [0, 0, 0, 9], word(4), way(i + 1)),
    );
    head.set(word(records.length), 6);
    const bytes = concat(head, ...records).subarray(0, 65_535);
    const work = new Work();
    expect(() => decodeDns(bytes, 0, bytes.length, work)).toThrow("within");
    expect(work.steps).toBeGreaterThan(10 * bytes.length);
    expect(work.steps).toBeLessThanOrEqual(DNS_WORK.perByte * bytes.length + DNS_WORK.fixed);
  });
});
