import { expect, it } from "vitest";
import type { Health } from "../../lib/api-types.ts";
import { type EmptyCause, emptyCause, type Probes } from "./empty-cause.ts";
import { readQuery } from "./query.ts";

const store = { up: true, error: null, rows: 0, bytes: 0, waiting_rows: 0 };
const agent = {
  id: "debian",
  name: "debian",
  version: null,
  last_seen: "2026-11-22T09:51:00.000Z",
  silent: false,
  off_by_settings: false,
  rows_per_second: 0,
  gauges: {},
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
const connected: Health = { ...nothing, agents: [agent] };
const noRoot = { local_agent: { state: "no_privileges", message: "m" } } as const;
const never = { hasUnfiltered: false, culprits: [], newestMs: null };
const older = { ...never, newestMs: 5 };

it.each<[string, string, Health, Probes, EmptyCause["kind"]]>([
  ["nobody has ever connected", "", nothing, never, "no_agent"],
  ["the server has no root", "", { ...nothing, ...noRoot }, never, "no_privileges"],
  ["the agent beside it failed", "", { ...nothing, local_agent: { state: "failed", message: "m" } }, never, "agent_failed"],
  ["agents are there, but no rows", "", connected, never, "no_rows_yet"],
  ["no root here, but another node's agent reports", "", { ...connected, ...noRoot }, never, "no_rows_yet"],
  ["rows are stored, but not of this time", "", connected, older, "not_in_range"],
  ["rows are stored, and their agents are gone for long", "", { ...nothing, ...noRoot }, older, "not_in_range"],
  ["a filter excludes all of them", "q=verdict=denied", connected, { ...older, hasUnfiltered: true }, "filtered"],
  ["a filter is on, but the time is to blame", "q=verdict=denied", connected, older, "not_in_range"],
  ["a filter is on, but nobody has ever connected", "q=verdict=denied", nothing, never, "no_agent"],
  ["the sample has just been switched on", "net=sample", nothing, never, "sample_starting"],
])("%s", (_, address, health, probes, kind) => {
  const query = readQuery(new URLSearchParams(address), "merged", 0);
  expect(emptyCause(query, health, probes).kind).toBe(kind);
});

it("the condition that hides most is named; none where no single one is to blame", () => {
  const query = readQuery(new URLSearchParams("q=verdict=denied port=22 x"), "merged", 0);
  const culprit = (label: string, count: number) => ({ label, q: "", count, exact: true });
  const causeOf = (...culprits: Probes["culprits"]) => emptyCause(query, connected, { ...older, hasUnfiltered: true, culprits });
  expect(causeOf(culprit("a", 3), culprit("b", 0), culprit("c", 7))).toMatchObject({ culprit: { label: "c", count: 7 } });
  expect(causeOf(culprit("a", 0), culprit("b", 0))).toEqual({ kind: "filtered", culprit: null });
});
