import { expect, it } from "vitest";
import { countingNotes } from "./counting-words.ts";

const fine = { pending: 0, last_error: null };

it("has nothing to say when all is counted once", () => {
  expect(countingNotes({ status: "ok", reelections: fine, unknown_relays: [] })).toEqual([]);
  expect(countingNotes({ status: "ok" })).toEqual([]);
});

it("tells of elections under way, of those that fail, and of each relay that nobody named", () => {
  const notes = countingNotes({
    status: "ok",
    reelections: { ...fine, pending: 1, last_error: "the store is away" },
    unknown_relays: [{ reporter_id: "n-x", reporter: "hub", rows: 1200 }],
  });
  expect(notes.map(({ key, isBad }) => [key, isBad])).toEqual([
    ["pending", false],
    ["error", true],
    ["n-x", true],
  ]);
  expect(notes[0]?.text).toContain("1 stretch of time");
  expect(notes[1]?.text).toContain("the store is away");
  expect(notes[2]?.text).toContain("hub forwards traffic (1,200 reports)");
});
