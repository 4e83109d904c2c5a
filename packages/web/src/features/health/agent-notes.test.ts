import { expect, it } from "vitest";
import type { AgentHealth } from "../../lib/api-types.ts";
import { agentNotes, lostCount } from "./agent-notes.ts";

const well: AgentHealth = {
  id: "debian",
  name: "debian",
  version: "0.1.0",
  last_seen: "2026-11-22T09:51:00.000Z",
  silent: false,
  off_by_settings: false,
  lag_ms: 300,
  spool: { batches: 0, bytes: 0 },
  clock_skew_ms: 4,
  rows: 10,
  rejected: 0,
  drops: {},
  addresses: {},
  lost_batches: [],
};
const gap = (from: number, to: number) => ({ epoch: "a", from, to, noticed: "2026-11-22T09:51:00.000Z" });

it("says nothing of an agent that is well", () => {
  expect(agentNotes(well)).toEqual([]);
});

it.each<[Partial<AgentHealth>, "bad" | "info", string]>([
  [{ silent: true }, "bad", "Nothing is heard of it"],
  [{ silent: true, off_by_settings: true }, "info", "Off by settings"],
  [{ spool: { batches: 9, bytes: 100 * 1024 ** 2 } }, "bad", "100.00 MiB wait on its disk"],
  [{ rejected: 3 }, "bad", "3 of its rows were refused"],
  [{ clock_skew_ms: -61_000 }, "bad", "Its clock is 1 min 1 s off"],
  [{ lost_batches: [gap(41, 43), gap(50, 50)] }, "bad", "Batches 41–43, 50 never came"],
  [{ drops: { spool_full: 1200 } }, "bad", "Lost: spool_full 1,200"],
  [{ drops: { tunnel_transport: 5, not_in_network: 0 } }, "info", "Left out on purpose: tunnel_transport 5"],
])("%o", (change, kind, text) => {
  expect(agentNotes({ ...well, ...change })).toEqual([{ kind, text: expect.stringContaining(text) }]);
});

it("counts batches that never came", () => {
  expect(lostCount({ ...well, lost_batches: [gap(41, 43), gap(50, 50)] })).toBe(4);
});
