/** Flows that outlive what was told of them: gaps, overruns, restarts. Times are ms after T0. */
import { describe, expect, it } from "vitest";
import {
  STATUS_CONFIRMED,
  STATUS_DYING,
  STATUS_SEEN_REPLY,
  TCP_ESTABLISHED,
  TCP_TIME_WAIT,
} from "../capture/conntrack/states.ts";
import type { RecordSpec } from "./testing/records.ts";
import { Track } from "./testing/track.ts";

const ANSWERED = STATUS_SEEN_REPLY | STATUS_CONFIRMED;
const udp = {
  protocol: 17,
  src: "100.64.0.1:40000",
  dst: "100.64.0.2:5000",
  id: 2,
  startMs: 0,
  status: ANSWERED,
  counters: [100, 1, 50, 1] as const,
} satisfies RecordSpec;
const tcp = { ...udp, protocol: 6, dst: "100.64.0.2:443", id: 1, tcpState: TCP_ESTABLISHED } satisfies RecordSpec;
const nat = {
  ...tcp,
  id: 3,
  src: "[fd0a::21]:5",
  dst: "[2001:db8::7]:80",
  replyDst: "[2001:db8::1]:999",
  zone: 4,
} satisfies RecordSpec;
const born = ({ startMs, counters: _none, ...spec }: RecordSpec): RecordSpec => ({
  ...spec,
  status: STATUS_CONFIRMED,
  eventMs: startMs ?? 0,
});
const idsOf = (rows: readonly { flow_id?: unknown }[]) => rows.map((row) => row.flow_id);

describe("A flow that the dumps lack", () => {
  it("is lost after two complete dumps in a row: counters are the last known, the end is not", () => {
    const track = new Track();
    track.dump([udp, tcp], 0);
    track.collect(1);
    track.dump([tcp], 10_000);
    expect(track.collect(15_000)).toEqual([]);
    track.dump([tcp], 20_000);
    expect(track.collect(20_500)).toEqual([]); // its DESTROY may be in the queue
    expect(track.collect(21_000)).toEqual([
      expect.objectContaining({
        revision: 1,
        state: "lost",
        end: null,
        end_reason: "unknown",
        counters_final: false,
        src_bytes: 100,
        src_bytes_delta: 0,
      }),
    ]);
    track.dump([tcp], 30_000);
    expect(track.collect(32_000)).toEqual([]);
    expect(track.tracker.stats).toMatchObject({ openFlows: 1, lost: 1, slots: 1 });
  });

  it("is lost after one, if events were dropped before it began", () => {
    const track = new Track();
    track.dump([udp], 0);
    track.collect(1);
    track.tracker.onOverrun(5000);
    track.dump([], 5100);
    expect(track.collect(6100)).toEqual([expect.objectContaining({ state: "lost", end_reason: "unknown" })]);
  });

  it("is not lost while dumps are not complete", () => {
    const track = new Track();
    track.dump([udp], 0);
    track.collect(1);
    track.tracker.onOverrun(5050);
    track.dump([], 6000, false);
    track.dump([udp], 7000, false);
    expect(track.collect(9000)).toEqual([]);
    track.dump([], 10_000);
    expect(track.collect(11_000)).toHaveLength(1);
  });

  it("is not lost by a dump that was begun before events were dropped", () => {
    const track = new Track();
    track.dump([udp], 0);
    track.collect(1);
    track.tracker.onDumpStart(5000);
    track.tracker.onOverrun(5050);
    track.tracker.onDumpEnd(true, 5100);
    expect(track.collect(7000)).toEqual([]);
    track.dump([], 8000);
    expect(track.collect(9000)).toHaveLength(1);
  });

  it("has ended as usual if its DESTROY comes in time", () => {
    const track = new Track();
    track.dump([udp], 0);
    track.tracker.onOverrun(50);
    track.dump([], 10_000);
    track.destroy({ ...udp, stopMs: 31_000 }, 10_010);
    expect(track.collect(11_500)).toEqual([expect.objectContaining({ state: "closed", end: 1000, counters_final: true })]);
  });

  it("is not in doubt if it began, or was heard of, since the dump began", () => {
    const track = new Track();
    track.tracker.onOverrun(0);
    track.tracker.onDumpStart(0);
    track.new(born(udp), 1);
    track.tracker.onDumpEnd(true, 2);
    expect(track.collect(5000)).toEqual([expect.objectContaining({ state: "open" })]);
  });

  it("that was closed already gets its last row", () => {
    const track = new Track();
    track.new(born(tcp), 0);
    track.update({ ...tcp, counters: [9, 9, 9, 9], startMs: 0, eventMs: 100, tcpState: TCP_TIME_WAIT }, 101);
    track.collect(500);
    track.tracker.onOverrun(600);
    track.dump([], 700);
    expect(track.collect(2000)).toEqual([
      expect.objectContaining({ revision: 1, state: "closed", end: 100, counters_final: true }),
    ]);
  });

  it("is not taken for a later entry with its tuple and id", () => {
    const track = new Track();
    track.dump([udp], 0);
    track.collect(1);
    track.dump([{ ...udp, startMs: 5000 }], 10_000);
    // Its DESTROY may still be in the queue.
    expect(track.collect(10_001).map((row) => [row.state, row.start, row.revision])).toEqual([["open", 5000, 0]]);
    track.destroy({ ...udp, stopMs: 34_000 }, 10_002);
    expect(track.collect(10_003).map((row) => [row.state, row.start, row.end])).toEqual([["closed", 0, 4000]]);
    track.destroy({ ...udp, startMs: 20_000, stopMs: 60_000 }, 60_000);
    expect(track.collect(60_001).map((row) => [row.state, row.start])).toEqual([["closed", 20_000]]);
    track.tracker.onOverrun(60_002);
    track.dump([], 60_003);
    expect(track.collect(62_000).map((row) => [row.state, row.start])).toEqual([["lost", 5000]]);
  });

  it("is told apart by the kernel's stamps, however close they are", () => {
    const track = new Track();
    track.dump([udp], 0);
    track.collect(1);
    track.destroy({ ...udp, startMs: 50, stopMs: 31_000 }, 31_000);
    expect(track.collect(31_001).map((row) => [row.state, row.start, row.revision])).toEqual([["closed", 50, 0]]);
    expect(track.tracker.stats.openFlows).toBe(1);
  });

  it("does not take the counters of a later entry that the kernel answers with", () => {
    const track = new Track();
    track.new(born(udp), 0);
    track.kernel.set(2, { ...udp, startMs: 5000 });
    expect(track.collect(5500)).toEqual([expect.objectContaining({ start: 0, src_bytes: null })]);
  });

  it("is not closed by late words about an earlier entry with its tuple and id", () => {
    const track = new Track();
    track.dump([{ ...tcp, startMs: 5000 }], 6000);
    track.new(born(tcp), 6001);
    track.update({ ...born(tcp), eventMs: 3000, tcpState: TCP_TIME_WAIT }, 6002);
    track.destroy({ ...tcp, tcpState: TCP_TIME_WAIT, stopMs: 4000, timeoutS: 119 }, 6003);
    expect(track.collect(6004).map((row) => [row.state, row.start, row.end])).toEqual([
      ["open", 5000, null],
      ["closed", 0, 3000],
    ]);
  });
});

describe("A dump beside the events", () => {
  it("does not open anew what ended since that part of it was made", () => {
    const track = new Track();
    const { startMs: _none, ...unstamped } = { ...udp, id: 8 };
    track.new(born(udp), 0);
    track.new(unstamped, 0);
    track.tracker.onDumpStart(1000);
    track.destroy({ ...udp, stopMs: 1000 }, 1001);
    track.destroy({ ...unstamped, stopMs: 1000 }, 1001);
    expect(track.collect(1002)).toHaveLength(2);
    expect(track.collect(60_000)).toEqual([]); // however long the dump takes
    track.entry(udp, 60_001);
    track.entry(unstamped, 60_001);
    track.entry({ ...udp, id: 9, status: ANSWERED | STATUS_DYING }, 60_001);
    track.tracker.onDumpEnd(true, 60_002);
    expect(track.collect(60_003)).toEqual([]);
    expect(track.tracker.stats).toMatchObject({ openFlows: 0, slots: 0 });
  });

  it("is one with them: a NEW that the dump was faster than opens nothing", () => {
    const track = new Track();
    track.dump([udp], 10);
    track.new(born(udp), 11);
    expect(track.collect(500)).toEqual([expect.objectContaining({ revision: 0, start: 0, src_bytes: 100 })]);
    expect(track.tracker.stats).toMatchObject({ opened: 1, repeated: 1 });
  });

  it("tells a late end of an earlier entry from the one that has its place", () => {
    const track = new Track();
    track.dump([udp], 0);
    track.new(born({ ...udp, id: 3, startMs: 500 }), 500);
    track.collect(501);
    track.destroy({ ...udp, stopMs: 400 }, 600); // dying entries may be told late (NETLINK_BROADCAST_ERROR)
    expect(track.collect(601)).toEqual([expect.objectContaining({ state: "closed", start: 0 })]);
    expect(track.tracker.stats.openFlows).toBe(1);
  });

  it("reports an idle flow again if somebody waits for a sign of life", () => {
    const track = new Track({ keepAliveMs: 20_000 });
    track.dump([udp], 0);
    track.collect(1);
    track.dump([udp], 10_000);
    expect(track.collect(10_001)).toEqual([]);
    track.dump([udp], 20_000);
    expect(track.collect(20_001)).toEqual([
      expect.objectContaining({ revision: 1, src_bytes_delta: 0, last_seen: 20_000, since: 20_000 }),
    ]);
  });
});

describe("A restarted agent", () => {
  const flows = [udp, tcp, nat];

  it.each(["checkpoint", "rows"])(
    "goes on with the flows that it finds again: flow_id, next revision, right deltas (from %s)",
    (source) => {
      const before = new Track();
      before.dump(flows, 0);
      const first = before.collect(1);
      const saved = before.tracker.checkpoint();
      const { track, report } = source === "checkpoint" ? before.restarted(saved, []) : before.restarted(null, before.spooled);
      expect(report).toEqual({ flows: 3, rows: source === "rows" ? 3 : 0, problem: null });
      expect(track.collect(5000)).toEqual([]);
      track.dump(
        flows.map((spec) => ({ ...spec, counters: [130, 2, 50, 1] as const })),
        5001,
      );
      const rows = track.collect(5002);
      expect(idsOf(rows)).toEqual(idsOf(first));
      for (const [i, row] of rows.entries()) {
        const changed = {
          revision: 1,
          src_bytes: 130,
          src_packets: 2,
          src_bytes_delta: 30,
          src_packets_delta: 1,
          dst_bytes_delta: 0,
          dst_packets_delta: 0,
        };
        expect(row).toEqual({ ...first[i], ...changed, since: first[i]!.last_seen, last_seen: 5001 });
      }
      expect(track.collect(8000)).toEqual([]);
      track.destroy({ ...tcp, tcpState: TCP_TIME_WAIT, stopMs: 130_000 }, 130_000);
      expect(track.collect(130_001)).toEqual([
        expect.objectContaining({ revision: 2, flow_id: first[1]!.flow_id, counters_final: true }),
      ]);
    },
  );

  it("applies the rows that were spooled after the checkpoint", () => {
    const before = new Track();
    before.dump([udp, tcp], 0);
    before.collect(1);
    const saved = before.tracker.checkpoint();
    const already = before.spooled.splice(0);
    before.destroy({ ...udp, stopMs: 31_000 }, 2000);
    before.update({ ...tcp, startMs: 0, eventMs: 2000, tcpState: TCP_TIME_WAIT }, 2000);
    before.new(born(nat), 2000);
    const [, closed, opened] = before.collect(2001);
    // Rows from before the checkpoint change nothing.
    const { track, report } = before.restarted(saved, [...already, ...before.spooled]);
    expect(report).toMatchObject({ flows: 2, rows: 5 });
    track.dump(
      [
        { ...tcp, tcpState: TCP_TIME_WAIT, timeoutS: 100, counters: [110, 2, 50, 1] },
        { ...nat, startMs: 0 },
      ],
      3000,
    );
    expect(track.collect(3001)).toEqual([
      expect.objectContaining({
        flow_id: closed!.flow_id,
        revision: 2,
        state: "closed",
        end: 2000,
        end_reason: "finished",
        src_bytes_delta: 10,
      }),
      expect.objectContaining({ flow_id: opened!.flow_id, revision: 1, start: 0, src_bytes_delta: 100, since: 0 }),
    ]);
  });

  it("says of each flow that is gone once that it is lost, because the agent was stopped", () => {
    const before = new Track();
    before.dump([udp, tcp], 0);
    before.collect(1);
    const { track } = before.restarted(before.tracker.checkpoint(), []);
    track.dump([tcp], 5000);
    expect(track.collect(6000)).toEqual([
      expect.objectContaining({
        revision: 1,
        state: "lost",
        end_reason: "agent_stopped",
        end: null,
        src_bytes: 100,
        dst_port: 5000,
      }),
    ]);
    track.dump([tcp], 15_000);
    expect(track.collect(17_000)).toEqual([]);
  });

  it("takes a NEW for a later entry", () => {
    const before = new Track();
    before.dump([udp], 0);
    before.collect(1);
    const { track } = before.restarted(before.tracker.checkpoint(), []);
    track.new(born({ ...udp, startMs: 4000 }), 4000);
    expect(track.collect(4500).map((row) => [row.state, row.end_reason, row.start])).toEqual([
      ["lost", "agent_stopped", 0],
      ["open", null, 4000],
    ]);
  });

  it("asks which entry an UPDATE is about, as the one that it knew may have a successor", () => {
    const before = new Track();
    before.dump([tcp], 0);
    before.collect(1);
    const { track } = before.restarted(before.tracker.checkpoint(), []);
    const { startMs: _none, ...closing } = { ...tcp, tcpState: TCP_TIME_WAIT, eventMs: 6000 };
    track.kernel.set(1, { ...tcp, startMs: 5000, tcpState: TCP_TIME_WAIT });
    track.update(closing, 6001);
    expect(track.collect(6500).map((row) => [row.state, row.start, row.end, row.revision])).toEqual([["closed", 5000, 6000, 0]]);
    // The same entry as before: it goes on, and is closed.
    const again = before.restarted(before.tracker.checkpoint(), []).track;
    again.kernel.set(1, { ...tcp, tcpState: TCP_TIME_WAIT });
    again.update(closing, 6001);
    expect(again.collect(6500).map((row) => [row.state, row.start, row.end, row.revision])).toEqual([["closed", 0, 6000, 1]]);
  });

  it("still writes the row of a flow that ended after the last flush before the checkpoint", () => {
    const before = new Track();
    before.dump([udp], 0);
    before.collect(1);
    before.destroy({ ...udp, counters: [120, 2, 50, 1], stopMs: 31_000 }, 2000);
    const saved = before.tracker.checkpoint();
    // Rows from before the checkpoint don't bring it back to life.
    const { track } = before.restarted(saved, before.spooled);
    expect(track.collect(3000)).toEqual([
      expect.objectContaining({ revision: 1, state: "closed", end: 1000, src_bytes_delta: 20, counters_final: true }),
    ]);
    // If that row was spooled after the checkpoint, it is not written again.
    before.spooled.length = 0;
    before.collect(2500);
    expect(before.restarted(saved, before.spooled).track.collect(3000)).toEqual([]);
  });

  it("reports entries that began before it, with the kernel's start", () => {
    const track = new Track();
    track.dump([{ ...udp, startMs: -5000 }], 0);
    track.destroy({ ...tcp, startMs: -4000, tcpState: TCP_TIME_WAIT, stopMs: 121_000 }, 121_000);
    expect(track.collect(121_001).map((row) => [row.start, row.start_exact])).toEqual([
      [-5000, true],
      [-4000, true],
    ]);
  });

  it("says why it can't use a checkpoint, and begins anew", () => {
    const before = new Track();
    before.dump([udp, nat], 0);
    const good = before.tracker.checkpoint();
    const other = new Uint8Array(Buffer.from(Buffer.from(good).toString("latin1").replace("addresses:", "somewhere:"), "latin1"));
    for (const [bytes, problem] of [
      [new Uint8Array(3), "too short"],
      [new Uint8Array(64), "no checkpoint"],
      [good.slice(0, 40), "cut off"],
      [good.slice(0, -8), "bytes"],
      [other, "another version"],
      [good.map((byte, i) => (i === 8 ? 0 : byte)), "damaged"],
    ] as const) {
      const { track, report } = before.restarted(bytes, []);
      expect(report).toMatchObject({ flows: 0, problem: expect.stringContaining(problem) });
      track.dump([udp], 5000);
      expect(track.collect(5001)).toHaveLength(1);
    }
  });

  it("reads a checkpoint wherever its bytes lie", () => {
    const before = new Track();
    before.dump(flows, 0);
    const first = before.collect(1);
    const shifted = Buffer.concat([Buffer.alloc(3), before.tracker.checkpoint()]).subarray(3);
    const { track, report } = before.restarted(shifted, []);
    expect(report).toMatchObject({ flows: 3, problem: null });
    track.dump(
      flows.map((spec) => ({ ...spec, counters: [130, 2, 50, 1] as const })),
      5001,
    );
    expect(idsOf(track.collect(5002))).toEqual(idsOf(first));
  });

  it("keeps more flows than the table has room for out", () => {
    const before = new Track();
    before.dump([udp, tcp, nat], 0);
    before.collect(1);
    const after = new Track({ maxFlows: 2 });
    expect(after.tracker.restore(before.tracker.checkpoint(), [])).toMatchObject({ flows: 2, problem: null });
  });
});
