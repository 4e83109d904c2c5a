import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FlowKey } from "../track/flow-key.ts";
import { KeyedTable } from "./keyed-table.ts";

const LIMIT = 600;

function keyOf(number: number): FlowKey {
  const key = new FlowKey();
  key.words[number % 8] = number;
  key.first = 0xfff0 + (number & 7);
  key.second = number & 3;
  key.protocol = number & 1 ? 6 : 17;
  return key;
}

describe("KeyedTable", () => {
  it("is a map of lists that drops what was used least recently", () => {
    const step = fc.record({ what: fc.constantFrom("add", "touch", "remove"), key: fc.nat(400) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 1500 }), (steps) => {
        const evicted: number[] = [];
        const table = new KeyedTable(LIMIT, (entry) => evicted.push(entry), 7);
        // Entries in the order of use, with their keys.
        let model: { entry: number; key: number }[] = [];
        for (const { what, key } of steps) {
          const found = table.find(keyOf(key));
          if (what === "add") {
            evicted.length = 0;
            const oldest = model[0];
            const entry = table.add(keyOf(key));
            expect(evicted).toEqual(model.length === LIMIT ? [oldest!.entry] : []);
            if (model.length === LIMIT) model = model.slice(1);
            model.push({ entry, key });
          } else if (found >= 0) {
            const at = model.findIndex((one) => one.entry === found);
            const [one] = model.splice(at, 1);
            if (what === "remove") table.remove(found);
            else {
              table.touch(found);
              model.push(one!);
            }
          }
        }
        expect(table.size).toBe(model.length);
        for (const key of new Set(model.map((one) => one.key))) {
          const entries: number[] = [];
          for (let entry = table.find(keyOf(key)); entry >= 0; entry = table.findOlder(keyOf(key), entry)) entries.push(entry);
          expect(entries.sort()).toEqual(
            model
              .filter((one) => one.key === key)
              .map((one) => one.entry)
              .sort(),
          );
        }
        const order: number[] = [];
        for (let entry = table.oldest; entry >= 0; entry = table.after(entry)) order.push(entry);
        expect(order).toEqual(model.map((one) => one.entry));
      }),
      { numRuns: 30 },
    );
  });
});
