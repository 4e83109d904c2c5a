import { parseFilter } from "@flowtrail/model";
import { expect, it } from "vitest";
import { EXAMPLE_MS, exampleFlow } from "../testing.ts";
import { countReports, nearInTime, otherReportsOf } from "./report-counts.ts";

const after = (ms: number) => new Date(EXAMPLE_MS + ms).toISOString();

it("asks about all rows at once, in a filter that can be read", () => {
  const params = otherReportsOf([
    exampleFlow(),
    exampleFlow({ src_ip: "fd00::9", start: after(60_000), nat_src_ip: "198.51.100.4" }),
  ]);
  expect(parseFilter(params.get("q") ?? "")).toMatchObject({ kind: "and" });
  expect(params.get("from")).toBe(after(-5000));
  expect(params.get("to")).toBe(after(65_000));
  expect(params.getAll("network")).toEqual(["netmaker"]);
});

it("asks about rows of many hours hour by hour", () => {
  const row = (key: string, minutes: number) => {
    const flow = exampleFlow({ start: after(minutes * 60_000) });
    return { key, startMs: Date.parse(flow.start), flow, arrivedMs: null };
  };
  const groups = nearInTime([row("a", 0), row("b", 130), row("c", 60), row("d", 61), row("e", 10_000)]);
  expect(groups.map((group) => group.map(({ key }) => key))).toEqual([["e"], ["b"], ["d", "c"], ["a"]]);
  expect(nearInTime([])).toEqual([]);
});

it("counts what has the same ends at the same time, translated or not", () => {
  const flow = exampleFlow({ nat_src_ip: "198.51.100.4", nat_src_port: 4000 });
  const other = exampleFlow({ reporter: "inetgw", primary: false, start: after(1), end: after(3) });
  expect(countReports(flow, [other])).toBe(2);
  expect(countReports(flow, [exampleFlow({ src_ip: "198.51.100.4", src_port: 4000 })])).toBe(2);
  expect(countReports(flow, [exampleFlow({ src_port: 1 }), exampleFlow({ protocol: 17 })])).toBe(1);
  // The same port again, an hour later.
  expect(countReports(flow, [exampleFlow({ start: after(3_600_000), end: after(3_600_001) })])).toBe(1);
});
