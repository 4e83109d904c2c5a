import type { FlowJson } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { exampleFlow } from "../traffic/testing.ts";
import { differences, percent } from "./compare.ts";

const START = "2026-11-22T09:51:00.000Z";
const at = (ms: number) => new Date(Date.parse(START) + ms).toISOString();
const report = (reporter: string, rank: number, change: Partial<FlowJson> = {}) =>
  exampleFlow({
    reporter,
    rank,
    start: START,
    src_bytes: 1000,
    dst_bytes: 500,
    src_packets: 10,
    dst_packets: 5,
    state: "closed",
    ...change,
  });
const kinds = (...reports: FlowJson[]) => differences(reports).map(({ kind }) => kind);
const debian = report("debian", 1);

describe("differences of reports", () => {
  it("has nothing to say of one, nor of two that agree", () => {
    expect(differences([debian])).toEqual([]);
    expect(differences([report("inetgw", 3, { start: at(20) }), debian])).toEqual([]);
  });

  it("loss: who is further away from the sender counted less, in either direction", () => {
    const found = differences([report("inetgw", 3, { src_bytes: 800, src_packets: 9 }), debian]);
    expect(found).toEqual([
      {
        kind: "loss",
        text: "200 bytes of what debian sent (20%) were counted by debian but not by inetgw: lost between them, or sent another way.",
      },
    ]);
    const [back] = differences([report("debian", 1, { dst_bytes: "400" }), report("inetgw", 3)]);
    expect(back?.kind).toBe("loss");
    expect(back?.text).toContain("counted by inetgw but not by debian");
    expect(kinds(debian, report("inetgw", 3, { src_bytes: 0 }))).toEqual(["loss"]);
  });

  it("asymmetry: what comes later counted more, or what comes first nothing", () => {
    expect(kinds(debian, report("inetgw", 3, { src_bytes: 1200 }))).toEqual(["way"]);
    const [none] = differences([report("gw", 2, { dst_bytes: 400 }), report("debian", 3, { dst_bytes: 0 })]);
    expect(none).toMatchObject({ kind: "way" });
    expect(none?.text).toContain("does not pass debian");
    const [late] = differences([report("debian", 1, { src_bytes: 10, start_exact: false }), report("inetgw", 3)]);
    expect(late?.text).toContain("began to count later");
  });

  it("offload: no more bytes than the headers of packets that were counted as one", () => {
    const merged = report("debian", 1, { src_bytes: 10_000, src_packets: 2 });
    const split = report("inetgw", 3, { src_bytes: 10_260, src_packets: 7 });
    expect(kinds(merged, split)).toEqual(["offload"]);
    expect(kinds({ ...split, rank: 1 }, { ...merged, rank: 3 })).toEqual(["offload"]);
    expect(kinds(merged, { ...split, src_bytes: 12_000 })).toEqual(["way"]);
    expect(kinds({ ...split, rank: 1, protocol: 1 }, { ...merged, rank: 3, protocol: 1 })).toEqual(["loss"]);
  });

  it("two of the same place: nobody knows who is first", () => {
    expect(kinds(report("a", 5), report("b", 5, { src_bytes: 1 }))).toEqual(["way"]);
  });

  it("an older report is no loss", () => {
    const open = report("inetgw", 3, { state: "open", src_bytes: 900, last_seen: at(5000) });
    expect(differences([report("debian", 1, { last_seen: at(12_000) }), open])).toEqual([
      {
        kind: "older",
        text: "The counters of inetgw are 7.0 s older than those of debian: what differs may be what was sent since.",
      },
    ]);
  });

  it("clocks: nobody further away sees it begin first, nor seconds later", () => {
    expect(kinds(debian, report("inetgw", 3, { start: at(-300) }))).toEqual(["clock"]);
    expect(kinds(debian, report("inetgw", 3, { start: at(-1) }))).toEqual([]);
    expect(kinds(debian, report("inetgw", 3, { start: at(2500) }))).toEqual(["clock"]);
    expect(kinds(debian, report("inetgw", 3, { start: at(2500), start_exact: false }))).toEqual([]);
  });

  it("NAT, and what is not known is not compared", () => {
    expect(kinds(debian, report("inetgw", 4, { src_ip: "198.51.100.4" }))).toEqual(["nat"]);
    expect(kinds(debian, report("inetgw", 3, { src_bytes: null }))).toEqual([]);
  });

  it.each([
    [5n, 100n, "5%"],
    [1n, 3000n, "0.033%"],
    [1n, 1_000_000_000n, "<0.01%"],
    [100n, 100n, "100%"],
  ])("%s of %s is %s", (part, all, text) => {
    expect(percent(part, all)).toBe(text);
  });
});
