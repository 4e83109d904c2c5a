import { describe, expect, it } from "vitest";
import { FlowKey } from "./flow-key.ts";
import { PHASE } from "./flow-layout.ts";
import { FlowTable } from "./flow-table.ts";
import { makeRecord, type RecordSpec } from "./testing/records.ts";

const keyOf = (spec: RecordSpec): FlowKey => {
  const key = new FlowKey();
  key.setRecord(makeRecord("new", spec));
  return key;
};
const v4 = (i: number): RecordSpec => ({ src: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:1`, dst: "10.0.0.1:2" });

describe("FlowTable", () => {
  it("finds each flow by all of its identity, while it grows and shrinks", () => {
    const table = new FlowTable(100_000);
    const keys = [
      ...Array.from({ length: 5000 }, (_, i) => keyOf(v4(i))),
      keyOf({ ...v4(0), zone: 1 }),
      keyOf({ ...v4(0), id: 2 }),
      keyOf({ ...v4(0), protocol: 17 }),
      keyOf({ ...v4(0), dst: "10.0.0.1:3" }),
      keyOf({ ...v4(0), dst: "10.0.0.2:2" }),
      keyOf({ src: "[fd00::1]:1", dst: "[fd00::2]:2" }),
      keyOf({ src: "[fd00::2]:1", dst: "[fd00::1]:2" }),
    ];
    const slots = keys.map((key) => table.add(key));
    expect(new Set(slots).size).toBe(keys.length);
    expect(keys.map((key) => table.find(key))).toEqual(slots);
    const copy = new FlowKey();
    table.readKey(slots.at(-1)!, copy);
    expect(table.find(copy)).toBe(slots.at(-1));
    for (const [i, slot] of slots.entries()) if (i % 2 === 0) table.free(slot);
    expect(keys.map((key) => table.find(key))).toEqual(slots.map((slot, i) => (i % 2 === 0 ? -1 : slot)));
    expect(table.size).toBe(Math.floor(keys.length / 2));
    const { end } = table;
    for (const [i, key] of keys.entries()) if (i % 2 === 0) table.add(key);
    expect(table.end).toBe(end); // freed slots are used again
    for (const key of keys) table.free(table.find(key));
    expect([table.size, table.find(keys[0]!)]).toEqual([0, -1]);
  });

  it("finds the newest of one identity first, also after it has grown", () => {
    const table = new FlowTable(10_000);
    const key = keyOf(v4(0));
    const filler = table.add(keyOf(v4(1)));
    const oldest = table.add(key);
    const middle = table.add(key);
    table.free(filler);
    const newest = table.add(key); // has the lowest number
    const order = (): number[] => {
      const slots = [];
      for (let slot = table.find(key); slot >= 0; slot = table.findOlder(key, slot)) slots.push(slot);
      return slots;
    };
    expect(order()).toEqual([newest, middle, oldest]);
    for (let i = 2; i < 5000; i++) table.add(keyOf(v4(i)));
    expect(order()).toEqual([newest, middle, oldest]);
  });

  it("holds no more than its limit, and hands out clean slots", () => {
    const table = new FlowTable(3);
    const [first] = [0, 1, 2].map((i) => table.add(keyOf(v4(i))));
    expect(table.add(keyOf(v4(3)))).toBe(-1);
    table.columns.totals.fill(9);
    table.columns.phase[first!] = PHASE.open;
    table.free(first!);
    const slot = table.add(keyOf(v4(3)));
    expect(slot).toBe(first);
    expect([...table.columns.totals.subarray(slot * 4, slot * 4 + 4)]).toEqual([0, 0, 0, 0]);
  });

  it("costs at most 200 bytes per flow, and some more where flows are translated", () => {
    const table = new FlowTable(4096);
    for (let i = 0; i < 4096; i++) table.add(keyOf(v4(i)));
    expect(table.bytes / 4096).toBeLessThanOrEqual(200);
    table.translate();
    expect(table.bytes / 4096).toBeLessThanOrEqual(236);
  });
});
