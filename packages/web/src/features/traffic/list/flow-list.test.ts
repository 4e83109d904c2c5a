import { expect, it } from "vitest";
import { EXAMPLE_MS, exampleFlow } from "../testing.ts";
import { FlowList, type RowOrder } from "./flow-list.ts";

const at = (flow_id: string, seconds: number, change = {}) =>
  exampleFlow({ flow_id, start: new Date(EXAMPLE_MS + seconds * 1000).toISOString(), ...change });
const ids = (list: FlowList) => list.entries.map(({ flow }) => flow.flow_id);
const listOf = (order: RowOrder) => {
  const list = new FlowList();
  list.begin(order);
  return list;
};

it("sorts by start, newest first, then by flow id as a number, as the API does", () => {
  const list = listOf("newest");
  list.put([at("5", 1), at("9", 3), at("10", 3)]);
  list.put([at("7", 2), at("8", 3), at("11", 0)]);
  expect(ids(list)).toEqual(["10", "9", "8", "7", "5", "11"]);
});

it("sorts the other way round", () => {
  const list = listOf("oldest");
  list.put([at("5", 1), at("9", 3)]);
  list.putBefore([at("4", 0)]);
  list.put([at("8", 3)]);
  expect(ids(list)).toEqual(["4", "5", "8", "9"]);
});

it("leaves the order to the server where it alone knows it", () => {
  const list = listOf("told");
  list.put([at("3", 9), at("1", 1)]);
  list.put([at("7", 5), at("1", 1, { revision: 4 })]);
  list.putBefore([at("2", 2)]);
  expect(ids(list)).toEqual(["2", "3", "1", "7"]);
  expect(list.entries[2]?.flow.revision).toBe(4);
});

it("has each flow once, in its newest revision, whatever comes first", () => {
  const list = listOf("newest");
  list.put([at("1", 0, { revision: 2, src_bytes: 200 })]);
  list.put([at("1", 0, { revision: 1, src_bytes: 100 })]);
  expect(list.entries).toHaveLength(1);
  expect(list.entries[0]?.flow.src_bytes).toBe(200);
  list.put([at("1", 0, { revision: 3, src_bytes: 300 }), at("2", 1), at("2", 1, { revision: 1, src_bytes: 7 })]);
  expect(list.entries.map(({ flow }) => flow.src_bytes)).toEqual([7, 300]);
  list.update([at("1", 0, { revision: 4, src_bytes: 400 }), at("9", 9)]);
  expect(list.entries.map(({ flow }) => flow.src_bytes)).toEqual([7, 400]);
});

it("tells two reporters of the same flow id apart", () => {
  const list = listOf("newest");
  list.put([at("1", 0), at("1", 0, { reporter: "inetgw", reporter_id: "inetgw" })]);
  expect(list.entries.map(({ key }) => key)).toEqual(["inetgw/1", "debian/1"]);
});

it("keeps a stretch and forgets the others for good", () => {
  const list = listOf("newest");
  list.put([at("1", 1), at("2", 2), at("3", 3), at("4", 4)]);
  list.keep(1, 3);
  expect(ids(list)).toEqual(["3", "2"]);
  expect([list.has("debian/1"), list.has("debian/4"), list.first?.key, list.last?.key]).toEqual([
    false,
    false,
    "debian/3",
    "debian/2",
  ]);
});

it("does not change an array that it has given away", () => {
  const list = listOf("newest");
  list.put([at("1", 1)]);
  const before = list.entries;
  list.put([at("1", 1, { revision: 1 }), at("2", 2)]);
  list.keep(0, 1);
  expect(before.map(({ flow }) => flow.revision)).toEqual([0]);
});
