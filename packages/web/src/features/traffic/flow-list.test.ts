import { expect, it } from "vitest";
import { FlowList } from "./flow-list.ts";
import { EXAMPLE_MS, exampleFlow } from "./testing.ts";

const at = (flow_id: string, seconds: number, change = {}) =>
  exampleFlow({ flow_id, start: new Date(EXAMPLE_MS + seconds * 1000).toISOString(), ...change });
const ids = (list: FlowList) => list.entries.map(({ flow }) => flow.flow_id);

it("sorts by start, newest first, then by flow id as a number, as the API does", () => {
  const list = new FlowList();
  list.put([at("5", 1), at("9", 3), at("10", 3)]);
  list.put([at("7", 2), at("8", 3), at("11", 0)]);
  expect(ids(list)).toEqual(["10", "9", "8", "7", "5", "11"]);
});

it("has each flow once, in its newest revision, whatever comes first", () => {
  const list = new FlowList();
  list.put([at("1", 0, { revision: 2, src_bytes: 200 })]);
  list.put([at("1", 0, { revision: 1, src_bytes: 100 })]);
  expect(list.entries).toHaveLength(1);
  expect(list.entries[0]?.flow.src_bytes).toBe(200);
  list.put([at("1", 0, { revision: 3, src_bytes: 300 }), at("2", 1), at("2", 1, { revision: 1, src_bytes: 7 })]);
  expect(list.entries.map(({ flow }) => flow.src_bytes)).toEqual([7, 300]);
});

it("tells two reporters of the same flow id apart", () => {
  const list = new FlowList();
  list.put([at("1", 0), at("1", 0, { reporter: "inetgw", reporter_id: "inetgw" })]);
  expect(list.entries.map(({ key }) => key)).toEqual(["inetgw/1", "debian/1"]);
});

it("keeps the newest rows and forgets the others for good", () => {
  const list = new FlowList();
  list.put([at("1", 1), at("2", 2), at("3", 3)]);
  expect(list.keepNewest(3)).toBe(false);
  expect(list.keepNewest(2)).toBe(true);
  expect(ids(list)).toEqual(["3", "2"]);
  expect(list.has("debian/1")).toBe(false);
});

it("does not change an array that it has given away", () => {
  const list = new FlowList();
  list.put([at("1", 1)]);
  const before = list.entries;
  list.put([at("1", 1, { revision: 1 }), at("2", 2)]);
  expect(before.map(({ flow }) => flow.revision)).toEqual([0]);
});
