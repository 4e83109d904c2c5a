import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAddress } from "./address.ts";
import { type Cidr, cidrContains, parseCidr } from "./cidr.ts";
import { ExcludeRules, isDomainPattern } from "./exclude.ts";
import { RangeTable } from "./range-table.ts";

const cidr = (text: string) => parseCidr(text) as Cidr;
const address = (text: string) => parseAddress(text) as Uint8Array;

describe("ranges", () => {
  it("finds what a look at each range finds, whatever the ranges", () => {
    const v4 = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3), fc.nat(3)).map((parts) => parts.map((part) => part * 64).join("."));
    const range = fc.oneof(
      fc.tuple(v4, fc.integer({ min: 0, max: 32 })).map(([ip, bits]) => `${ip}/${bits}`),
      fc.tuple(fc.nat(3), fc.nat(3), fc.integer({ min: 0, max: 128 })).map(([a, b, bits]) => `fd0${a}::${b}/${bits}`),
      fc.constant("::/0"),
    );
    const ip = fc.oneof(
      v4,
      fc.tuple(fc.nat(3), fc.nat(3)).map(([a, b]) => `fd0${a}::${b}`),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(range, fc.nat(4)), { maxLength: 12 }), ip, (ranges, one) => {
        const list = ranges.map(([text, value]) => [cidr(text), value] as const);
        const expected = list.filter(([range]) => cidrContains(range, address(one))).map(([, value]) => value);
        expect(new RangeTable(list).find(address(one))).toBe(expected.length === 0 ? -1 : Math.min(...expected));
      }),
    );
  });

  it("finds one of ten thousand addresses, and reads at an offset", () => {
    const ranges = Array.from({ length: 10_000 }, (_, i) => cidr(`10.${i >> 8}.${i & 255}.7/32`));
    const rules = new ExcludeRules({ ranges: [{ reason: "excluded_user", ranges }], domains: [] });
    const bytes = new Uint8Array(32);
    bytes.set(address("10.20.30.7"), 16);
    expect(rules.ofAddress(bytes, 16)).toBe("excluded_user");
    bytes.set(address("10.20.30.8"), 16);
    expect(rules.ofAddress(bytes, 16)).toBeNull();
  });
});

describe("domains", () => {
  const rules = new ExcludeRules({ ranges: [], domains: ["example.com", "*.clinic.example"] });
  it.each([
    ["example.com", true],
    ["www.example.com", true],
    ["a.b.example.com", true],
    ["notexample.com", false],
    ["example.com.evil.test", false],
    ["clinic.example", false],
    ["www.clinic.example", true],
    ["com", false],
    ["", false],
  ])("%s: %s", (domain, isExcluded) => {
    expect(rules.hasDomain(domain)).toBe(isExcluded);
  });

  it.each([
    ["example.com", true],
    ["*.example.com", true],
    ["xn--bcher-kva.example", true],
    ["_dmarc.example.com", true],
    ["a*.example.com", false],
    ["*", false],
    ["*.*.example.com", false],
    ["10.0.0.1", false],
    ["example..com", false],
    ["example.com.", false],
    ["EXAMPLE.com", false],
    ["", false],
  ])("%s is a pattern: %s", (text, isOne) => {
    expect(isDomainPattern(text)).toBe(isOne);
  });
});
