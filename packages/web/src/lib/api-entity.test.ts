import { afterEach, expect, it, vi } from "vitest";
import { fetchHistory } from "./api-entity.ts";

afterEach(() => void vi.unstubAllGlobals());

it.each([
  [1, 3, false],
  [1, 200, true],
  [20, 3, false],
  [300, 3, true],
])("history of %d ids with %d changes each: cut? %s", async (ids, each, isCut) => {
  const asked = vi.fn(async (_path: string) =>
    Response.json({ changes: Array.from({ length: each }, (_, i) => ({ time: `2026-11-22T00:00:00.${100 + i}Z` })) }),
  );
  vi.stubGlobal("fetch", asked);
  const history = await fetchHistory("node", [...Array(ids).keys()].map(String), null);
  expect(history.isCut).toBe(isCut);
  expect(asked).toHaveBeenCalledTimes(Math.min(ids, 20));
  expect(history.changes).toHaveLength(asked.mock.calls.length * each);
  expect(history.changes.map(({ time }) => time)).toEqual(
    history.changes
      .map(({ time }) => time)
      .toSorted()
      .reverse(),
  );
});
