import { filterTest, parseFilter, printFilter } from "@flowtrail/model";
import { expect, it } from "vitest";
import { withPinned } from "../../lib/pinned-filter.ts";
import { entityEnds } from "./ends.ts";

it.each([
  ["node", "inetgw", "name", "src.name=inetgw and src.type=node or dst.name=inetgw and dst.type=node"],
  ["external", "github.com", "domain", "domain=github.com"],
  ["external", "140.82.113.26", "ip", "ip=140.82.113.26"],
] as const)("%s %s is asked for by %s: %s", (kind, name, field, text) => {
  const ends = entityEnds(kind, name);
  expect(ends.field).toBe(field);
  expect(printFilter(parseFilter(text))).toBe(printFilter(ends.either));
});

it("a user that is called as a node is no node", () => {
  const test = filterTest(entityEnds("user", "ana").either);
  const node = { src_name: "ana", src_type: "node", dst_name: "db", dst_type: "node" } as const;
  expect(test(node)).toBe(false);
  expect(test({ ...node, src_type: "user" })).toBe(true);
  // Neither is a user beside a node of the name.
  expect(test({ ...node, dst_type: "user" })).toBe(false);
});

it("what is asked on the page narrows it, whatever it is", () => {
  const { either } = entityEnds("user", "ana b");
  const q = withPinned(either, "port=443 or port=22");
  const test = filterTest(parseFilter(q));
  const flow = { src_name: "ana b", src_type: "user", dst_port: 22 } as const;
  expect(test(flow)).toBe(true);
  expect(test({ ...flow, dst_port: 80 })).toBe(false);
  expect(test({ ...flow, src_name: "ben" })).toBe(false);
  expect(withPinned(either, "")).toBe(printFilter(either));
  expect(withPinned(null, "x")).toBe("x");
  expect(withPinned(either, "port=")).toBe("port=");
});
