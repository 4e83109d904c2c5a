import { describe, expect, it } from "vitest";
import { type Heard, Roster } from "./roster.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = 1_000 * HOUR_MS;

function heard(reporterId: string, lastMs: number, coveredFromMs: number | null = null): Heard {
  return { reporterId, reporter: reporterId, lastMs, coveredFromMs, addresses: {} };
}

async function roster(enrolled: { node: string; name: string; createdMs: number }[], before: Heard[]): Promise<Roster> {
  const made = new Roster({ silentAfterMs: 30_000 }, { now: () => NOW_MS, enrolled: async () => enrolled });
  made.load(before);
  await made.refresh();
  return made;
}

describe("the roster", () => {
  it("knows who spoke lately, before a restart too", async () => {
    const agents = await roster([], [heard("a", NOW_MS - 20_000), heard("b", NOW_MS - 40_000)]);
    expect(agents.ids()).toEqual(["a"]);
    agents.note(heard("b", NOW_MS));
    expect(agents.has("b")).toBe(true);
    // Told late by another server.
    agents.note(heard("b", NOW_MS - 50_000));
    expect(agents.has("b")).toBe(true);
  });

  const node = (id: string) => ({ id, name: `name of ${id}` });
  it.each([
    ["spoke an hour ago", [], [heard("a", NOW_MS - HOUR_MS)], true],
    ["spoke two days ago", [], [heard("a", NOW_MS - 48 * HOUR_MS)], false],
    [
      "spoke two days ago and is enrolled",
      [{ node: "a", name: "a", createdMs: NOW_MS }],
      [heard("a", NOW_MS - 48 * HOUR_MS)],
      false,
    ],
    ["is enrolled, by its id", [{ node: "a", name: "x", createdMs: NOW_MS }], [], true],
    ["is enrolled, by its name", [{ node: "x", name: "name of a", createdMs: NOW_MS }], [], true],
    ["was enrolled long ago and never spoke", [{ node: "a", name: "a", createdMs: 0 }], [], false],
    ["is nobody", [], [], false],
    ["began after the flow was over", [], [heard("a", NOW_MS, NOW_MS - 10)], false],
    ["began before the flow was over", [], [heard("a", NOW_MS, NOW_MS - 5000)], true],
  ])("expects a report of an agent that %s: %o", async (_, enrolled, before, expected) => {
    const agents = await roster(enrolled, before);
    expect(agents.expects(node("a"), { endMs: NOW_MS - 1000 })).toBe(expected);
  });
});
