import { expect, it } from "vitest";
import type { AgentHealth } from "../../lib/api-types.ts";
import { agentNotes, kernelText, lostCount } from "./agent-notes.ts";

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
  rows_per_second: 0.5,
  gauges: { conntrack_acct: 1, conntrack_timestamp: 1 },
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
  [{ drops: { table_full: 3 } }, "bad", "Raise its --max-flows"],
  [{ drops: { name_off: 3, dns_unasked: 1 } }, "info", "Left out on purpose: name_off 3 · dns_unasked 1"],
  [{ drops: { tap_overrun: 2 } }, "info", "Names that were missed: tap_overrun 2"],
  [{ drops: { denied_not_in_network: 4 } }, "info", "Left out on purpose: denied_not_in_network 4"],
  [{ drops: { denied_untraced: 7 } }, "info", "beyond 200 a second: 7"],
  [{ gauges: { denied_deaf: 1 } }, "bad", "cannot hear what firewalls drop"],
  [{ gauges: { conntrack_acct: 0, conntrack_timestamp: 1 } }, "bad", "counts no bytes"],
  [{ drops: { tunnel_transport: 5, not_in_network: 0 } }, "info", "Left out on purpose: tunnel_transport 5"],
])("%o", (change, kind, text) => {
  expect(agentNotes({ ...well, ...change })).toEqual([expect.objectContaining({ kind, text: expect.stringContaining(text) })]);
});

it("says with a command what mends it", () => {
  const notes = agentNotes({ ...well, silent: true, gauges: { conntrack_acct: 0, conntrack_timestamp: 0 } });
  expect(notes.map(({ command }) => command)).toEqual([
    "systemctl status flowtrail-agent",
    "sysctl -w net.netfilter.nf_conntrack_acct=1",
    "sysctl -w net.netfilter.nf_conntrack_timestamp=1",
  ]);
});

it("tells what the kernel notes of connections", () => {
  expect(kernelText(well)).toBe("counts");
  expect(kernelText({ ...well, gauges: { conntrack_acct: 0, conntrack_timestamp: 1 } })).toBe("no accounting");
  expect(kernelText({ ...well, gauges: {} })).toBe("–");
});

it("counts batches that never came", () => {
  expect(lostCount({ ...well, lost_batches: [gap(41, 43), gap(50, 50)] })).toBe(4);
});
