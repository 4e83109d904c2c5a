import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compareAddresses,
  formatAddress,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isUnspecified,
  isV4Mapped,
  parseAddress,
  writeAddress,
} from "./address.ts";

const anyBytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
/** Addresses with runs of zeros, which RFC 5952 is about; all bytes random would hardly ever have one. */
const sparseBytes = fc
  .array(fc.oneof(fc.constant(0), fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])));
const v4Bytes = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((four) => Uint8Array.from([...mappedPrefix, ...four]));
const mappedPrefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

describe("formatAddress and parseAddress", () => {
  it.each([
    ["100.102.137.9", "100.102.137.9"],
    ["0.0.0.0", "0.0.0.0"],
    ["255.255.255.255", "255.255.255.255"],
    ["::ffff:100.102.137.9", "100.102.137.9"],
    ["::FFFF:6466:8909", "100.102.137.9"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["2001:DB8::1", "2001:db8::1"],
    ["2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"],
  ])("reads %s and writes %s", (text, expected) => {
    const bytes = parseAddress(text);
    expect(bytes).not.toBeNull();
    expect(formatAddress(bytes as Uint8Array)).toBe(expected);
  });

  it.each([
    "",
    "1",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.00",
    "1..2.3",
    "1.2.3.4 ",
    " 1.2.3.4",
    "1.2.3.4/8",
    "0x7f.0.0.1",
    "1.2.3.-4",
    ":",
    ":::",
    "1:::2",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "::1:2:3:4:5:6:7:8",
    "1:2:3:4::5:6:7:8",
    "12345::",
    "g::",
    "1:",
    ":1",
    "::1:",
    "fe80::1%eth0",
    "[::1]",
    "::1.2.3",
    "::1.2.3.4:5",
    "1:2:3:4:5:6:7:1.2.3.4",
    "1.2.3.4::",
    "::ffff:01.2.3.4",
    "1:2:1.2.3.4",
    "é::1",
    "debian",
  ])("refuses %j", (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  it("brings all bytes back", () => {
    fc.assert(
      fc.property(fc.oneof(anyBytes, sparseBytes, v4Bytes), (bytes) => {
        expect(parseAddress(formatAddress(bytes))).toEqual(bytes);
      }),
    );
  });

  it("writes IPv6 as the platform's URL parser does", () => {
    fc.assert(
      fc.property(fc.oneof(anyBytes, sparseBytes), (bytes) => {
        fc.pre(!isV4Mapped(bytes));
        const groups = Array.from({ length: 8 }, (_, i) => (((bytes[i * 2] ?? 0) << 8) | (bytes[i * 2 + 1] ?? 0)).toString(16));
        expect(`[${formatAddress(bytes)}]`).toBe(new URL(`http://[${groups.join(":")}]/`).hostname);
      }),
    );
  });

  it("takes what node:net takes and nothing else", () => {
    const near = fc.string({ unit: fc.constantFrom("0", "1", "2", "5", "f", ":", "::", ".", "F"), maxLength: 20 });
    const forms = fc.oneof(near, fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(forms, (text) => {
        expect(parseAddress(text) !== null).toBe(isIPv4(text) || isIPv6(text));
      }),
      { numRuns: 5000 },
    );
  });
});

describe("writeAddress", () => {
  it("writes at the offset and nowhere else", () => {
    const out = new Uint8Array(48).fill(7);
    expect(writeAddress("10.0.0.1", out, 16)).toBe(true);
    expect(formatAddress(out, 16)).toBe("10.0.0.1");
    expect([...out.subarray(0, 16), ...out.subarray(32)].every((byte) => byte === 7)).toBe(true);
  });

  it("leaves the array as it is when the text is no address", () => {
    const out = new Uint8Array(16).fill(7);
    expect(writeAddress("1:2:3:4:5:6:7:x", out, 0)).toBe(false);
    expect(out).toEqual(new Uint8Array(16).fill(7));
  });
});

describe("kinds of addresses", () => {
  const kinds = { isLoopback, isLinkLocal, isMulticast, isUnspecified };
  it.each([
    ["127.0.0.1", "isLoopback"],
    ["127.255.0.3", "isLoopback"],
    ["::1", "isLoopback"],
    ["169.254.1.1", "isLinkLocal"],
    ["fe80::1", "isLinkLocal"],
    ["febf::1", "isLinkLocal"],
    ["224.0.0.251", "isMulticast"],
    ["239.255.255.250", "isMulticast"],
    ["ff02::fb", "isMulticast"],
    ["0.0.0.0", "isUnspecified"],
    ["::", "isUnspecified"],
    ["100.102.137.9", ""],
    ["240.0.0.1", ""],
    ["::2", ""],
    ["fec0::1", ""],
    ["1::1", ""],
    ["0.0.0.1", ""],
  ])("%s: %s", (text, expected) => {
    const padded = new Uint8Array(20).fill(9);
    writeAddress(text, padded, 3);
    const found = Object.entries(kinds).filter(([, test]) => test(padded, 3));
    expect(found.map(([name]) => name).join()).toBe(expected);
  });
});

it("compares by bytes", () => {
  const sorted = ["::1", "10.0.0.1", "10.0.0.2", "100.0.0.0", "2001:db8::", "fe80::1"];
  const bytes = sorted.map((text) => parseAddress(text) as Uint8Array);
  expect(
    [...bytes]
      .reverse()
      .sort(compareAddresses)
      .map((one) => formatAddress(one)),
  ).toEqual(sorted);
  expect(compareAddresses(Uint8Array.from([...(bytes[1] ?? []), ...(bytes[1] ?? [])]), bytes[1] as Uint8Array, 16)).toBe(0);
});
