import { secondLevel } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { hostName, hostNameAt } from "./host-name.ts";
import { Work } from "./work.ts";

const label = "a".repeat(63);
const longest = [label, label, label, "a".repeat(61)].join(".");

describe("hostName", () => {
  it.each([
    ["example.com", "example.com"],
    ["EXAMPLE.com.", "example.com"],
    ["localhost", "localhost"],
    ["a-b.c--d.example", "a-b.c--d.example"],
    ["_sip._tcp.example", "_sip._tcp.example"],
    ["xn--fiqs8s", "xn--fiqs8s"],
    ["3com.example", "3com.example"],
    ["4.3.2.1.in-addr.arpa", "4.3.2.1.in-addr.arpa"],
    [longest, longest],
    [`${longest}.`, longest],
  ])("takes %j for a name", (text, name) => {
    expect(hostName(text)).toBe(name);
    const bytes = Buffer.from(`<${text}>`);
    const work = new Work();
    expect(hostNameAt(bytes, 1, bytes.length - 1, work)).toBe(name);
    expect(work.steps).toBe(text.length);
  });

  it.each([
    "",
    ".",
    "..",
    ".example",
    "a..example",
    "example..",
    "-a.example",
    "a-.example",
    "a b",
    "a/b",
    "a\n",
    "*.example",
    "192.0.2.1",
    "192.0.2.1.",
    "1",
    "0x7f.1",
    "a.0x7f",
    "a.example.0X",
    "::1",
    "[::1]",
    "fe80::1%eth0",
    "bücher.example",
    // The Kelvin sign, whose lower case is a k.
    "\u212Aelvin.example",
    `${label}a.example`,
    `${longest}a`,
    `a.${longest}`,
  ])("takes %j for none", (text) => {
    expect(hostName(text)).toBeNull();
  });

  it("looks at no more bytes than a name has", () => {
    const work = new Work();
    expect(hostNameAt(new Uint8Array(10_000).fill(97), 0, 10_000, work)).toBeNull();
    expect(work.steps).toBe(0);
  });
});

describe("secondLevel", () => {
  it.each([
    ["example.com", "example.com"],
    ["a.b.example.com", "example.com"],
    ["www.example.co.uk", "example.co.uk"],
    ["shop.example.com.au", "example.com.au"],
    ["a.b.example.co.jp", "example.co.jp"],
    ["example.co.uk", "example.co.uk"],
    ["co.uk", "co.uk"],
    ["localhost", "localhost"],
    ["ana.github.io", "github.io"],
    ["co.uk.example.com", "example.com"],
    // Not in the list: less is told.
    ["www.example.co.zz", "co.zz"],
  ])("shows %s as %s", (name, shown) => {
    expect(secondLevel(name)).toBe(shown);
  });
});
