import { ExcludeRules, parseAddress, parseCidr } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { type NameMode, NamePolicy } from "./policy.ts";

const address = (text: string): Uint8Array => parseAddress(text)!;
const host = (name: string, ...addresses: string[]) => ({ name, addresses: addresses.map((text) => ({ bytes: address(text) })) });
const network = (id: string, ranges: string[], egress: string[] = [], members: string[] = []) => ({
  id,
  ranges: ranges.map((text) => parseCidr(text)!),
  egress: egress.map((text) => ({ id: text, ranges: [parseCidr(text)!] })),
  members: members.map(address),
});
const INTERFACES = [host("lo"), host("eth0", "192.0.2.10"), host("wg0", "100.64.0.1", "fd0a::1"), host("wg1", "10.8.0.1")];
const A = network("a", ["100.64.0.0/16", "fd0a::/64"], ["10.20.0.0/16"], ["172.31.0.7"]);
const B = network("b", ["100.64.128.0/17", "10.8.0.0/24"]);
const policyOf = (modes: Record<string, NameMode>, networks = [A, B]): NamePolicy =>
  new NamePolicy({
    networks,
    modeOf: (id) => modes[id] ?? "off",
    interfaces: INTERFACES,
    exclude: new ExcludeRules({ ranges: [{ reason: "excluded", ranges: [parseCidr("100.64.9.0/24")!] }], domains: [] }),
  });

describe("NamePolicy", () => {
  it("listens only where a network wants names; for the host itself everywhere", () => {
    expect(policyOf({ a: "full", b: "full" }).interfaces).toEqual(["wg0", "wg1"]);
    expect(policyOf({ a: "second-level", b: "off" }).interfaces).toEqual(["wg0"]);
    expect(policyOf({}).interfaces).toEqual([]);
    expect(policyOf({ local: "full" }, [network("local", ["192.0.2.0/24"])]).interfaces).toEqual(["lo", "eth0", "wg0", "wg1"]);
  });

  it("has a client's setting by its network, the strictest of several, that of its route, or that of the interface", () => {
    const both = [A, { ...B, ranges: [...B.ranges, parseCidr("100.64.0.1/32")!] }];
    const policy = policyOf({ a: "full", b: "second-level" }, both);
    const at = (text: string, name = "wg0"): NameMode => policy.modeAt(name, address(text));
    expect([at("100.64.0.7"), at("fd0a::7"), at("172.31.0.7"), at("10.20.0.7")]).toEqual(["full", "full", "full", "full"]);
    expect([at("100.64.200.1"), at("203.0.113.1"), at("10.8.0.7", "wg1"), at("10.8.0.7", "eth0")]).toEqual([
      "second-level",
      "second-level",
      "second-level",
      "off",
    ]);
    const strict = policyOf({ a: "off", b: "full" }, both);
    expect(
      ["100.64.0.7", "100.64.200.1", "203.0.113.1", "172.31.0.7"].map((text) => strict.modeAt("wg0", address(text))),
    ).toEqual(["off", "off", "off", "off"]);
    expect([strict.modeOf("a"), strict.modeOf("b"), strict.modeOf("other")]).toEqual(["off", "full", "off"]);
  });

  it("has a client's setting wherever its packets pass", () => {
    const local = network("local", ["192.0.2.0/24"]);
    const policy = policyOf({ a: "off", b: "second-level", local: "full" }, [
      A,
      { ...B, ranges: [parseCidr("10.8.0.0/24")!] },
      local,
    ]);
    const everywhere = (text: string): NameMode[] => policy.interfaces.map((name) => policy.modeAt(name, address(text)));
    expect(policy.interfaces).toEqual(["lo", "eth0", "wg0", "wg1"]);
    expect(everywhere("100.64.0.7")).toEqual(["off", "off", "off", "off"]);
    expect(everywhere("172.31.0.7")).toEqual(["off", "off", "off", "off"]);
    expect(everywhere("10.20.0.7")).toEqual(["off", "off", "off", "off"]);
    expect(everywhere("10.8.0.7")).toEqual(["second-level", "second-level", "second-level", "second-level"]);
    expect(everywhere("192.0.2.10")).toEqual(["full", "full", "full", "full"]);
    expect(everywhere("203.0.113.1")).toEqual(["full", "full", "off", "second-level"]);
  });

  it("knows its own and the excluded addresses", () => {
    const policy = policyOf({ a: "full" });
    expect(["100.64.0.1", "192.0.2.10", "100.64.0.2"].map((text) => policy.isOwn(address(text)))).toEqual([true, true, false]);
    expect(["100.64.9.1", "100.64.8.1"].map((text) => policy.isExcluded(address(text)))).toEqual([true, false]);
  });
});
