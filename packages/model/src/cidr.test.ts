import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAddress } from "./address.ts";
import { type Cidr, cidrContains, formatCidr, parseCidr } from "./cidr.ts";

const contains = (range: string, address: string) =>
  cidrContains(parseCidr(range) as Cidr, Uint8Array.from([1, 2, ...(parseAddress(address) as Uint8Array)]), 2);

describe("parseCidr", () => {
  it.each([
    ["100.102.0.0/16", 112, "100.102.0.0/16"],
    ["100.102.137.9/16", 112, "100.102.0.0/16"],
    ["10.1.2.3/32", 128, "10.1.2.3/32"],
    ["0.0.0.0/0", 96, "0.0.0.0/0"],
    ["10.0.0.255/25", 121, "10.0.0.128/25"],
    ["::ffff:10.0.0.0/104", 104, "10.0.0.0/8"],
    ["::/0", 0, "::/0"],
    ["2001:db8:ffff::1/33", 33, "2001:db8:8000::/33"],
    ["fd00::1/128", 128, "fd00::1/128"],
  ])("reads %s", (text, prefixBits, formatted) => {
    const cidr = parseCidr(text) as Cidr;
    expect(cidr.prefixBits).toBe(prefixBits);
    expect(formatCidr(cidr)).toBe(formatted);
  });

  it.each([
    "",
    "/",
    "/8",
    "10.0.0.0",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/08",
    "10.0.0.0/8/8",
    "::/129",
    "::/1e1",
    "10.0.0/8",
    "x/8",
  ])("refuses %j", (text) => {
    expect(parseCidr(text)).toBeNull();
  });
});

describe("cidrContains", () => {
  it.each([
    ["100.102.0.0/16", "100.102.137.9", true],
    ["100.102.0.0/16", "100.103.0.0", false],
    ["10.0.0.128/25", "10.0.0.128", true],
    ["10.0.0.128/25", "10.0.0.127", false],
    ["10.1.2.3/32", "10.1.2.3", true],
    ["10.1.2.3/32", "10.1.2.2", false],
    ["0.0.0.0/0", "203.0.113.1", true],
    ["0.0.0.0/0", "2001:db8::1", false],
    ["::/0", "2001:db8::1", true],
    ["::/0", "203.0.113.1", false],
    ["::/0", "::1", true],
    ["fd00::/8", "fdff::1", true],
    ["fe80::/10", "fec0::1", false],
  ])("%s, %s: %s", (range, address, expected) => {
    expect(contains(range, address)).toBe(expected);
  });

  it("agrees with comparing bit by bit", () => {
    const v6 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Uint8Array.from([0x20, ...bytes.subarray(1)]));
    fc.assert(
      fc.property(v6, v6, fc.integer({ min: 0, max: 128 }), fc.integer({ min: 0, max: 128 }), (a, b, shared, prefixBits) => {
        const bit = (bytes: Uint8Array, i: number) => ((bytes[i >> 3] ?? 0) >> (7 - (i & 7))) & 1;
        const mixed = Uint8Array.from({ length: 16 }, (_, byte) => {
          let value = 0;
          for (let i = byte * 8; i < byte * 8 + 8; i++) value = value * 2 + bit(i < shared ? a : b, i);
          return value;
        });
        const text = Array.from({ length: 8 }, (_, i) => (((a[i * 2] ?? 0) << 8) | (a[i * 2 + 1] ?? 0)).toString(16)).join(":");
        let same = true;
        for (let i = 0; i < prefixBits; i++) same &&= bit(a, i) === bit(mixed, i);
        expect(cidrContains(parseCidr(`${text}/${prefixBits}`) as Cidr, mixed)).toBe(same);
      }),
    );
  });
});
