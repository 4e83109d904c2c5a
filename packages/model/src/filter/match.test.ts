import { describe, expect, it } from "vitest";
import type { JsonRow } from "../json.ts";
import { filterTest } from "./match.ts";
import { parseFilter } from "./parse.ts";
import { patternTest } from "./pattern.ts";

const row: JsonRow = {
  flow_id: "1",
  reporter: "inetgw",
  direction: "ingress",
  protocol: 6,
  src_ip: "100.102.137.9",
  dst_ip: "203.0.113.7",
  src_port: 44006,
  dst_port: 443,
  src_bytes: 2417,
  dst_bytes: "18446744073709551615",
  start: "2026-11-22T09:51:00.000Z",
  last_seen: "2026-11-22T09:56:00.000Z",
  end: null,
  src_type: "user",
  src_name: "Ana@example.com",
  dst_type: "external",
  domain: "api.github.com",
};
const passes = (text: string) => filterTest(parseFilter(text))(row);

describe("a row", () => {
  it.each([
    "",
    "github ana",
    "203.0.113.0/24",
    "100.102.",
    "src.name=Ana@example.com",
    "from:ANA to:hub.com port:https proto:tcp type:user",
    "ip!=10.0.0.1",
    "duration=5m",
    "src.bytes>=2k bytes>1TiB",
    "verdict=null",
    "verdict!=refused",
    "not (verdict=refused)",
    "primary=false",
    "dst.name=null or name=null",
    "port<1024 and port>1024",
    "!(direction=outbound)",
  ])("passes %s", (text) => expect(passes(text)).toBe(true));

  it.each([
    "gitlab",
    "src.name=ana@example.com",
    "dst.ip=100.102.137.9",
    "ip!=203.0.113.7",
    "verdict=refused",
    "packets>0",
    "packets<1",
    "duration>5m",
    "domain=git*",
    "primary=true",
    "inetgw",
  ])("does not pass %s", (text) => expect(passes(text)).toBe(false));
});

describe("a pattern", () => {
  it.each([
    [["b"], "ABC", true],
    [["", ""], "", true],
    [["a", ""], "bA", false],
    [["a", "a"], "a", false],
    [["a", "b", "c"], "a-b-b-c", true],
    [["a", "b", "b"], "ab", false],
    [["ö", "", "ü"].filter(Boolean), "ÖxÜ", true],
    [["ä", "ö", "ö"], "äö", false],
    [["", "ß", ""], "STRAẞE\n", true],
    [["", "ж"], "жЖ", true],
    [["ж", ""], "aЖ", false],
  ])("%j over %j: %j", (pattern, text, fits) => expect(patternTest(pattern)(text)).toBe(fits));

  it("does not try again and again", () => {
    const pattern = ["", ..."aaaaaaaa", "b"];
    expect(patternTest(pattern)("a".repeat(100_000))).toBe(false);
    expect(patternTest(pattern.map((part) => part.replace("a", "ж")))("ж".repeat(100_000))).toBe(false);
  });
});
