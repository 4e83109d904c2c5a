import { DecodeError } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { type ClientHello, MAX_CLIENT_HELLO } from "./client-hello.ts";
import { concat, fromHex, message, placed, word } from "./testing/messages.ts";
import { decodeTls, TLS_WORK } from "./tls.ts";
import { Work } from "./work.ts";

const NAME = "www.example.org";

function read(stream: Uint8Array): ClientHello | null {
  const { bytes, offset, end } = placed(stream);
  const work = new Work();
  try {
    return decodeTls(bytes, offset, end, work);
  } finally {
    expect(work.steps).toBeLessThanOrEqual(TLS_WORK.perByte * stream.length + TLS_WORK.fixed);
  }
}

/** The same hello in records of at most `size` bytes. */
function split(stream: Uint8Array, size: number): Uint8Array {
  const hello = stream.subarray(5);
  const records: Uint8Array[] = [];
  for (let at = 0; at < hello.length; at += size) {
    const part = hello.subarray(at, at + size);
    records.push(concat([22, 3, 1], word(part.length), part));
  }
  return concat(...records);
}

const extension = (type: number, ...data: number[]): number[] => [...word(type), ...word(data.length), ...data];
const serverName = (name: string, type = 0): number[] =>
  extension(0, ...word(name.length + 3), type, ...word(name.length), ...Buffer.from(name, "latin1"));

/** A hello with these extensions; null: without any. */
function hello(extensions: number[] | null, { suites = [0, 2, 0x13, 1], lie = 0 } = {}): Uint8Array {
  const body = [
    3,
    3,
    ...new Array(32).fill(7),
    0,
    ...suites,
    1,
    0,
    ...(extensions ? [...word(extensions.length), ...extensions] : []),
  ];
  const handshake = [1, 0, ...word(body.length + lie), ...body];
  return concat([22, 3, 1], word(handshake.length), handshake);
}

describe("ClientHellos of real clients", () => {
  it.each<[string, string | null, string[], boolean]>([
    ["openssl", NAME, ["h2", "http/1.1"], false],
    ["opensslNoName", null, [], false],
    ["opensslTls12", NAME, [], false],
    ["curl", NAME, ["h2", "http/1.1"], false],
    ["gnutls", NAME, ["h2", "http/1.1"], false],
    ["node", NAME, ["h2"], false],
    ["chromium", NAME, ["h2", "http/1.1"], true],
    ["goEch", "public.example.net", ["h2"], true],
  ])("reads that of %s", (client, name, alpn, ech) => {
    const stream = message("tls", client);
    expect(read(stream)).toEqual({ serverName: name, alpn, ech, complete: true, neededBytes: stream.length });
  });

  it("reads one that the client itself cut into records", () => {
    const stream = message("tls", "opensslRecords");
    expect(5 + stream[3]! * 256 + stream[4]!).toBeLessThan(stream.length);
    const found = read(stream);
    expect(found).toMatchObject({ serverName: NAME, complete: true, neededBytes: stream.length });
    expect(found?.alpn).toHaveLength(30);
  });

  it("does not show the name that ECH hides", () => {
    expect(Buffer.from(message("tls", "goEch")).includes("secret")).toBe(false);
  });

  it.each(["openssl", "opensslRecords", "node", "chromium", "goEch"])(
    "asks for more of %s wherever it is cut, and gives the name once it is there",
    (client) => {
      const stream = message("tls", client);
      const whole = read(stream);
      const nameAt = Buffer.from(stream).indexOf(whole?.serverName ?? "") + (whole?.serverName?.length ?? 0);
      for (let length = 0; length < stream.length; length++) {
        const found = read(stream.subarray(0, length));
        expect(found).toMatchObject({ complete: false, serverName: length < nameAt ? null : whole?.serverName });
        expect(found?.neededBytes).toBeGreaterThan(length);
        expect(found?.neededBytes).toBeLessThanOrEqual(stream.length);
      }
    },
  );

  it.each([1, 2, 3, 4, 5, 40, 41, 600])("puts one together from records of %i bytes", (size) => {
    const whole = message("tls", "chromium");
    const stream = split(whole, size);
    expect(read(stream)).toEqual({ ...read(whole), neededBytes: stream.length });
    for (const length of [7, 50, 400, stream.length - 1]) {
      const found = read(stream.subarray(0, length));
      expect(found?.complete).toBe(false);
      expect(found?.neededBytes).toBeGreaterThan(length);
      expect(found?.neededBytes).toBeLessThanOrEqual(stream.length);
    }
  });

  it("takes no more of a long record than a hello may have", () => {
    const stream = message("tls", "chromium");
    const rest = concat(stream.subarray(105), new Uint8Array(16_384 - stream.length + 105));
    const long = concat(split(stream.subarray(0, 105), 100), [22, 3, 1], word(rest.length), rest);
    expect(read(long)).toEqual({ ...read(stream), neededBytes: stream.length + 5 });
  });

  it("leaves alone what comes after the hello", () => {
    const stream = message("tls", "openssl");
    expect(read(concat(stream, fromHex("1703030005deadbeef00")))).toMatchObject({ complete: true, neededBytes: stream.length });
  });
});

describe("made hellos", () => {
  it("reads one without extensions", () => {
    expect(read(hello(null))).toMatchObject({ serverName: null, alpn: [], ech: false, complete: true });
  });

  it.each([
    ["Example.COM", "example.com"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["_x.example", "_x.example"],
    ["192.0.2.1", null],
    ["2001:db8::1", null],
    ["a b.example", null],
    ["b\xfccher.example", null],
    ["a..example", null],
    ["", null],
  ])("takes the name %j for %j", (name, expected) => {
    expect(read(hello(serverName(name)))).toMatchObject({ serverName: expected, complete: true });
  });

  it("passes over names of other types and protocol names that are no text", () => {
    expect(read(hello(serverName("a.example", 1)))?.serverName).toBeNull();
    expect(read(hello(extension(16, 0, 6, 2, 0x0a, 0x1a, 2, 104, 50)))?.alpn).toEqual(["h2"]);
  });

  it.each([
    ["a server", [22, 3, 3, 0, 5, 2, 0, 0, 1, 0]],
    ["an alert", [21, 3, 1, 0, 2, 1, 0]],
    ["application data", [23, 3, 3, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ["SSH", [...Buffer.from("SSH-2.0-OpenSSH_9.2p1")]],
    ["two letters", [...Buffer.from("SS")]],
  ])("says null of %s", (_, bytes) => {
    expect(read(Uint8Array.from(bytes))).toBeNull();
  });

  it.each<[string, Uint8Array]>([
    ["an empty record", fromHex("160301000001")],
    ["a record of 16385 bytes", fromHex("160301400101")],
    ["another record within", concat(split(message("tls", "openssl"), 100).subarray(0, 105), fromHex("1503010002010000"))],
    ["a hello that is too long", concat([22, 3, 1, 0x3f, 0xff, 1, ...[0, (MAX_CLIENT_HELLO >> 8) & 255, 0]], new Uint8Array(60))],
    ["a hello that ends within its fields", concat([22, 3, 1, 0, 44, 1, 0, 0, 4], new Uint8Array(40))],
    ["two server names", hello([...serverName("a.example"), ...serverName("b.example")])],
    ["two ALPN lists", hello([...extension(16, 0, 3, 2, 104, 50), ...extension(16, 0, 3, 2, 104, 51)])],
    ["an empty protocol name", hello(extension(16, 0, 1, 0))],
    ["a protocol name that is too long", hello(extension(16, 0, 3, 9, 104, 50))],
    ["a server name list of a wrong length", hello(extension(0, 0, 9, 0, 0, 1, 97))],
    ["a server name that is too long", hello(extension(0, 0, 4, 0, 0, 9, 97))],
    ["an extension that is too long", hello([0, 0, 0, 9, 1, 2])],
    ["half an extension", hello([0, 0, 0])],
    ["bytes after the extensions", concat(hello(serverName("a.example"), { lie: 1 }), [0])],
    ["no cipher suites", hello(null, { suites: [0, 0] })],
  ])("throws DecodeError of %s", (_, bytes) => {
    expect(() => read(bytes)).toThrow(DecodeError);
  });
});
