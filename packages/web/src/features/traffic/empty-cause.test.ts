import { expect, it } from "vitest";
import type { Health } from "../../lib/api-types.ts";
import { type EmptyCause, emptyCause } from "./empty-cause.ts";
import { readQuery } from "./query.ts";

const store = { up: true, error: null, rows: 0, bytes: 0, waiting_rows: 0 };
const agent = {
  id: "debian",
  name: "debian",
  version: null,
  last_seen: "2026-11-22T09:51:00.000Z",
  silent: false,
  lag_ms: null,
  spool: { batches: 0, bytes: 0 },
  clock_skew_ms: null,
  rows: 0,
  rejected: 0,
  drops: {},
  addresses: {},
  lost_batches: [],
};
const nothing: Health = { status: "ok", store, agents: [] };
const stored: Health = { ...nothing, store: { ...store, rows: 5 } };

it.each<[string, string, Health, boolean | null, EmptyCause["kind"]]>([
  ["nobody has ever connected", "", nothing, null, "no_agent"],
  ["the server has no root", "", { ...nothing, local_agent: { state: "no_privileges", message: "m" } }, null, "no_privileges"],
  [
    "the agent beside the server failed",
    "",
    { ...nothing, local_agent: { state: "failed", message: "m" } },
    null,
    "agent_failed",
  ],
  ["agents are there, but no rows", "", { ...nothing, agents: [agent] }, null, "no_rows_yet"],
  [
    "no root here, but another node's agent reports",
    "",
    {
      ...nothing,
      agents: [agent],
      local_agent: { state: "no_privileges", message: "m" },
    },
    null,
    "no_rows_yet",
  ],
  ["rows are stored, but not of this time", "", stored, null, "not_in_range"],
  ["a filter excludes all of them", "verdict=denied", stored, true, "filtered"],
  ["a filter is on, but the time is to blame", "verdict=denied", stored, false, "not_in_range"],
  ["a filter is on, but nobody has ever connected", "verdict=denied", nothing, false, "no_agent"],
  ["the sample has just been switched on", "net=sample", nothing, null, "sample_starting"],
])("%s", (_, address, health, hasUnfiltered, kind) => {
  const query = readQuery(new URLSearchParams(address), "merged", 0);
  expect(emptyCause(query, health, hasUnfiltered).kind).toBe(kind);
});
