import { filterTest, knownField, parseFilter, printFilter } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { Clock } from "../../lib/clock.ts";
import { exampleFlow } from "../traffic/testing.ts";
import { factGroups } from "./fact-list.ts";

const clock = new Clock("UTC");
const facts = (change: Parameters<typeof exampleFlow>[0] = {}) =>
  factGroups(exampleFlow(change), clock).flatMap((group) => group.facts);
const textOf = (label: string, change: Parameters<typeof exampleFlow>[0] = {}) =>
  facts(change)
    .find((fact) => fact.label === label)
    ?.parts.map(({ text }) => text);

/** With everything that a row may have. */
const FULL = {
  protocol: 6,
  nat_src_ip: "198.51.100.4",
  nat_src_port: 38532,
  nat_dst_ip: "10.0.0.1",
  nat_dst_port: 8443,
  src_type: "user",
  src_name: "majdi@netmaker.io",
  src_device: "laptop",
  src_by: "reporter",
  dst_type: "egress_route",
  dst_name: "office-lan",
  domain: "wiki.example.com",
  domain_source: "sni",
  app: "h2",
  process: "curl",
  rule: "drop in: ",
  src_bytes: 2417,
} as const;

describe("facts of a row", () => {
  it("each that can be asked for asks for a field that there is, and finds the row by it", () => {
    const flow = exampleFlow(FULL);
    const asks = facts(FULL).flatMap(({ parts, below = [] }) => [...parts, ...below].flatMap(({ ask }) => ask ?? []));
    expect(asks.length).toBeGreaterThan(25);
    for (const { field, value } of asks) {
      expect(knownField(field).name).toBe(field);
      const q = printFilter({ kind: "is", field, values: [value], not: false });
      expect([q, filterTest(parseFilter(q))(flow)]).toEqual([q, true]);
    }
  });

  it("names ends, and leaves out what is not known", () => {
    expect(textOf("Source")).toEqual(["debian"]);
    expect(textOf("Domain")).toBeUndefined();
    expect(textOf("Destination", FULL)).toEqual(["wiki.example.com"]);
    const [source] = facts(FULL);
    expect(source?.below?.map(({ text }) => text)).toEqual([
      "User",
      "laptop",
      "100.102.137.9",
      "port 44006",
      "named by the reporter, not in the inventory",
    ]);
    expect(textOf("Source after NAT", FULL)).toEqual(["198.51.100.4", "port 38532"]);
  });

  it("opens the page of what it names", () => {
    const entity = (change: Parameters<typeof exampleFlow>[0], label: string) =>
      facts(change).find((fact) => fact.label === label)?.parts[0]?.ask?.entity;
    expect(entity({}, "Source")).toBe("node");
    expect(entity(FULL, "Source")).toBe("user");
    expect(entity(FULL, "Destination")).toBe("external"); // by its domain, not the route
    expect(entity({ dst_type: "unknown", dst_name: null }, "Destination")).toBeUndefined();
  });

  it("says amounts shortly and exactly, and what is not known", () => {
    expect(textOf("Sent by source", FULL)).toEqual(["2.36 KiB", "2,417 bytes", "1 packet"]);
    expect(textOf("End", { state: "open", end: null })).toEqual(["Still open"]);
    expect(textOf("Verdict", { verdict: null })).toEqual(["Not known"]);
  });
});
