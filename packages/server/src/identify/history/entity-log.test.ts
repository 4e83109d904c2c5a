import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { InventoryChange } from "./change.ts";
import { EntityLog } from "./entity-log.ts";

const REF = { source: "file", network: "net", kind: "node", id: "n" } as const;
const change = (atMs: number, name: string | null, changeId = `${atMs}`): InventoryChange => ({
  ...REF,
  atMs,
  changeId,
  entity: name === null ? null : JSON.stringify({ id: "n", name }),
  who: "",
  what: "",
});

function told(log: EntityLog, firstMs = 0) {
  return log.versions(firstMs).map(({ entity, fromMs, toMs, isFirst }) => [entity.name, fromMs, toMs, isFirst]);
}

function logOf(...changes: InventoryChange[]): EntityLog {
  const log = new EntityLog(REF);
  for (const one of changes) log.add(one);
  return log;
}

describe("versions", () => {
  it("begin and end with changes, and are gone while it is deleted", () => {
    expect(told(logOf(change(10, "a"), change(20, "b"), change(30, null), change(40, "b")), 10)).toEqual([
      ["a", 10, 20, true],
      ["b", 20, 30, false],
      ["b", 40, Number.POSITIVE_INFINITY, false],
    ]);
  });

  it("are not cut by a change that changes nothing", () => {
    expect(told(logOf(change(10, "a"), change(15, "a", "other server"), change(20, null), change(21, null)))).toEqual([
      ["a", 10, 20, false],
    ]);
  });

  it("are the same whatever order changes come in, and however often", () => {
    const anyChange = fc
      .tuple(fc.integer({ min: 0, max: 8 }), fc.constantFrom("a", "b", null), fc.constantFrom("x", "y"))
      .map(([atMs, name, id]) => change(atMs, name, `${id}${name}`));
    fc.assert(
      fc.property(
        fc.uniqueArray(anyChange, { selector: ({ atMs, changeId }) => `${atMs} ${changeId}` }),
        fc.infiniteStream(fc.nat()),
        (changes, numbers) => {
          const twice = [...changes, ...changes];
          for (let i = twice.length - 1; i > 0; i--) {
            const j = (numbers.next().value ?? 0) % (i + 1);
            [twice[i], twice[j]] = [twice[j]!, twice[i]!];
          }
          const log = logOf(...twice);
          expect(log.changes).toHaveLength(changes.length);
          expect(told(log)).toEqual(told(logOf(...changes)));
        },
      ),
    );
  });
});

describe("what is let go of", () => {
  it("is what was over before that time", () => {
    const log = logOf(change(10, "a"), change(20, "b"), change(30, "c"));
    expect(log.forget(25)).toBe(1);
    expect(told(log)).toEqual([
      ["b", 20, 30, false],
      ["c", 30, Number.POSITIVE_INFINITY, false],
    ]);
    expect(log.forget(1000)).toBe(1);
    expect(told(log)).toEqual([["c", 30, Number.POSITIVE_INFINITY, false]]);
  });

  it("is everything of what is gone", () => {
    const log = logOf(change(10, "a"), change(20, null));
    expect(log.forget(25)).toBe(2);
    expect(log.changes).toEqual([]);
  });
});
