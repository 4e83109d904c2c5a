/** How flows end and whether they were answered, against docs/internals/flow-record.md, sentence by sentence. Times are ms after T0. */
import { describe, expect, it } from "vitest";
import {
  STATUS_ASSURED,
  STATUS_CONFIRMED,
  STATUS_SEEN_REPLY,
  TCP_CLOSE,
  TCP_ESTABLISHED,
  TCP_TIME_WAIT,
} from "../capture/conntrack/states.ts";
import type { RecordSpec } from "./testing/records.ts";
import { Track } from "./testing/track.ts";

const ANSWERED = STATUS_SEEN_REPLY | STATUS_CONFIRMED;
const tcp = { protocol: 6, src: "100.64.0.1:40000", dst: "100.64.0.2:443", id: 1, startMs: 0 } satisfies RecordSpec;
const udp = { protocol: 17, src: "100.64.0.1:40000", dst: "100.64.0.2:5000", id: 2, startMs: 0 } satisfies RecordSpec;
/** NEW carries the tuple, the status and (Linux ≥ 6.14) its own stamp, nothing else. */
const born = ({ startMs, ...spec }: RecordSpec): RecordSpec => ({ ...spec, status: STATUS_CONFIRMED, eventMs: startMs ?? 0 });

/** No event carries when the entry began but DESTROY. */
const unstamped = ({ startMs: _none, ...spec }: RecordSpec): RecordSpec => spec;

describe("Times: the end of TCP", () => {
  const closing = { ...tcp, status: ANSWERED | STATUS_ASSURED, tcpState: TCP_TIME_WAIT };

  it("is when it entered TIME_WAIT, told at once with counters asked of the kernel; DESTROY makes them final", () => {
    const track = new Track();
    track.new(born(tcp), 0);
    track.collect(500);
    track.update({ ...unstamped(closing), eventMs: 2000 }, 2010);
    track.kernel.set(1, { ...closing, counters: [600, 6, 700, 5] });
    expect(track.collect(2500)).toEqual([
      expect.objectContaining({
        revision: 1,
        state: "closed",
        end: 2000,
        end_reason: "finished",
        counters_final: false,
        src_bytes: 600,
        last_seen: 2500,
      }),
    ]);
    track.destroy({ ...closing, counters: [652, 7, 700, 5], stopMs: 123_000 }, 124_000);
    expect(track.collect(124_001)).toEqual([
      expect.objectContaining({
        revision: 2,
        state: "closed",
        end: 2000,
        end_reason: "finished",
        counters_final: true,
        src_bytes: 652,
        src_bytes_delta: 52,
        since: 2500,
        last_seen: 3000, // the last packet: stop − 120 s
      }),
    ]);
  });

  it("is reset when it entered CLOSE", () => {
    const track = new Track();
    track.new(born(tcp), 0);
    track.update({ ...unstamped(closing), tcpState: TCP_CLOSE, eventMs: 90 }, 100);
    expect(track.collect(500)).toEqual([
      expect.objectContaining({ revision: 0, state: "closed", end: 90, end_reason: "reset", verdict: "answered" }),
    ]);
  });

  it("stays what it was when more is heard of a closed flow", () => {
    const track = new Track();
    track.new(born(tcp), 0);
    track.update({ ...unstamped(closing), eventMs: 90 }, 100);
    track.update({ ...unstamped(closing), tcpState: TCP_CLOSE, eventMs: 3000 }, 3000);
    track.dump([{ ...closing, tcpState: TCP_CLOSE, timeoutS: 9 }], 4000);
    track.destroy({ ...closing, tcpState: TCP_CLOSE, stopMs: 13_000 }, 13_000);
    expect(track.collect(13_001)).toEqual([expect.objectContaining({ end: 90, end_reason: "finished" })]);
  });

  it("is the arrival of the event on kernels that do not stamp it", () => {
    const track = new Track();
    track.new(unstamped(tcp), 0);
    track.update(unstamped(closing), 1234);
    expect(track.collect(1500)[0]).toMatchObject({ end: 1234 });
  });

  it("is found by a dump if the event was dropped: at the second look, as the first may be ahead of the event", () => {
    const track = new Track();
    track.new(born(tcp), 0);
    track.collect(1);
    track.dump([{ ...closing, timeoutS: 118 }], 10_000);
    expect(track.collect(10_001)[0]).toMatchObject({ state: "open", verdict: "answered" });
    track.dump([{ ...closing, timeoutS: 108 }], 20_000);
    expect(track.collect(20_001)).toEqual([expect.objectContaining({ state: "closed", end: 8000, end_reason: "finished" })]);
  });

  it("is told for a connection that was over before the agent began", () => {
    const track = new Track();
    track.dump([{ ...closing, startMs: -60_000, timeoutS: 100, counters: [9, 1, 9, 1] }], 0);
    expect(track.collect(1)).toEqual([
      expect.objectContaining({ state: "closed", start: -60_000, end: -20_000, counters_final: false }),
    ]);
  });

  it("is known even if its beginning was dropped, from the kernel's answer", () => {
    const track = new Track();
    track.kernel.set(1, { ...closing, startMs: -500, counters: [9, 1, 9, 1] });
    track.update({ ...unstamped(closing), eventMs: 90 }, 100);
    expect(track.collect(500)).toEqual([
      expect.objectContaining({ revision: 0, start: -500, end: 90, state: "closed", src_bytes: 9 }),
    ]);
    // Gone already: the DESTROY on its way tells it.
    const gone = new Track();
    gone.update({ ...unstamped(closing), eventMs: 90 }, 100);
    expect(gone.collect(500)).toEqual([]);
  });
});

describe("Times: the end of others is the last packet, the kernel's stop stamp minus the state's timeout", () => {
  const ended = (spec: RecordSpec, at = 1_000_000) => {
    const track = new Track();
    track.new(born({ ...spec, startMs: 0 }), 0);
    track.destroy({ startMs: 0, ...spec }, at);
    const [row] = track.collect(at + 1);
    return [row!.end, row!.end_reason];
  };
  it.each<[string, RecordSpec, unknown]>([
    ["UDP: 30 s", { ...udp, stopMs: 40_000 }, [10_000, "timeout"]],
    ["UDP of both sides for a while: 120 s", { ...udp, status: ANSWERED | STATUS_ASSURED, stopMs: 150_000 }, [30_000, "timeout"]],
    [
      "ICMP: 30 s",
      { protocol: 1, src: "100.64.0.1", dst: "100.64.0.2", icmp: { type: 8, code: 0, id: 1 }, stopMs: 31_000 },
      [1000, "timeout"],
    ],
    ["others: 600 s", { protocol: 253, src: "100.64.0.1", dst: "100.64.0.2", stopMs: 601_000 }, [1000, "timeout"]],
    [
      "GRE with answers: 180 s",
      { protocol: 47, src: "100.64.0.1", dst: "100.64.0.2", status: ANSWERED | STATUS_ASSURED, stopMs: 182_000 },
      [2000, "timeout"],
    ],
    ["SCTP by its state", { ...udp, protocol: 132, sctpState: 7, stopMs: 5000 }, [2000, "finished"]],
    ["deleted by hand: less what was left", { ...udp, stopMs: 40_000, timeoutS: 20 }, [30_000, "removed"]],
    [
      "an open TCP connection deleted by hand",
      { ...tcp, tcpState: TCP_ESTABLISHED, stopMs: 50_000, timeoutS: 431_990 },
      [40_000, "removed"],
    ],
    ["a SYN that nobody answered", { ...tcp, tcpState: 1, stopMs: 120_500 }, [500, "timeout"]],
    ["TCP whose last ACK was not seen", { ...tcp, tcpState: 6, status: ANSWERED, stopMs: 32_000 }, [2000, "finished"]],
    [
      "TCP that was over without our knowing",
      { ...tcp, tcpState: TCP_TIME_WAIT, status: ANSWERED, stopMs: 123_000 },
      [3000, "finished"],
    ],
    [
      "a tuple that is used again while in TIME_WAIT",
      { ...tcp, tcpState: TCP_TIME_WAIT, status: ANSWERED, stopMs: 10_000, timeoutS: 115 },
      [5000, "finished"],
    ],
    ["never before the start", { ...udp, stopMs: 5000 }, [0, "timeout"]],
  ])("%s", (_what, spec, expected) => {
    expect(ended(spec)).toEqual(expected);
  });

  it("is not before the moment after which counters moved", () => {
    const track = new Track();
    track.dump([{ ...tcp, status: ANSWERED, tcpState: TCP_ESTABLISHED, counters: [10, 1, 10, 1] }], 10_000);
    track.collect(10_001);
    // Data that nobody acknowledged: the kernel waited 300 s, not 5 days.
    track.destroy({ ...tcp, status: ANSWERED, tcpState: TCP_ESTABLISHED, counters: [20, 2, 10, 1], stopMs: 311_000 }, 311_000);
    expect(track.collect(311_001)[0]).toMatchObject({ end: 10_000, src_bytes_delta: 10, last_seen: 10_000 });
  });

  it("takes the last known state on kernels whose DESTROY has none", () => {
    const track = new Track();
    track.dump([{ ...tcp, status: ANSWERED, tcpState: 4 }], 0);
    track.destroy({ ...tcp, status: ANSWERED, stopMs: 121_000 }, 121_000);
    expect(track.collect(121_001)[0]).toMatchObject({ end: 1000, end_reason: "timeout" });
  });

  it("is without a stop stamp reckoned from the arrival", () => {
    const track = new Track();
    track.new(born(udp), 0);
    track.destroy(unstamped(udp), 40_000);
    expect(track.collect(40_001)[0]).toMatchObject({ end: 10_000 });
  });
});

describe("Was it answered?", () => {
  it("refused: the only answer to the SYN was a reset (examples 1 and 2: 60 B there, 40 B back)", () => {
    const track = new Track();
    track.new(born(tcp), 0);
    track.destroy(
      { ...tcp, status: STATUS_CONFIRMED, tcpState: TCP_CLOSE, timeoutS: 119, counters: [60, 1, 40, 1], stopMs: 1 },
      15,
    );
    expect(track.collect(500)).toEqual([
      expect.objectContaining({
        revision: 0,
        verdict: "refused",
        state: "closed",
        end_reason: "reset",
        counters_final: true,
        start: 0,
        end: 1,
        last_seen: 1,
        src_bytes: 60,
        dst_bytes: 40,
        src_bytes_delta: 60,
        dst_bytes_delta: 40,
      }),
    ]);
  });

  it("refused after a while: the reset is the end, whatever timeout was left", () => {
    const track = new Track();
    track.new(born(tcp), 0);
    track.destroy({ ...tcp, tcpState: TCP_CLOSE, timeoutS: 3, counters: [180, 3, 40, 1], stopMs: 117_000 }, 117_000);
    expect(track.collect(117_001)[0]).toMatchObject({ verdict: "refused", end: 117_000 });
  });

  it("unanswered: the source gave up with a reset of its own", () => {
    const track = new Track();
    track.new(born(tcp), 0);
    track.destroy(
      { ...tcp, status: STATUS_CONFIRMED, tcpState: TCP_CLOSE, timeoutS: 110, counters: [100, 2, 0, 0], stopMs: 9000 },
      9000,
    );
    expect(track.collect(9001)[0]).toMatchObject({ verdict: "unanswered", end_reason: "reset", end: 9000 });
  });

  it("null while it is not known, unanswered after 30 s or at the end, answered if a reply still comes", () => {
    const track = new Track();
    track.new(born(udp), 0);
    track.kernel.set(2, { ...udp, counters: [50, 1, 0, 0] });
    expect(track.collect(500)[0]).toMatchObject({ verdict: null, state: "open" });
    track.dump([{ ...udp, counters: [50, 1, 0, 0] }], 29_999);
    expect(track.collect(29_999)).toEqual([]);
    track.dump([{ ...udp, counters: [50, 1, 0, 0] }], 30_000);
    expect(track.collect(30_001)).toEqual([expect.objectContaining({ revision: 1, verdict: "unanswered", state: "open" })]);
    track.dump([{ ...udp, status: ANSWERED, counters: [50, 1, 70, 1] }], 31_000);
    expect(track.collect(31_001)).toEqual([expect.objectContaining({ revision: 2, verdict: "answered" })]);
    track.dump([{ ...udp, counters: [50, 1, 70, 1] }], 41_000); // an older part of a dump
    expect(track.collect(41_001)).toEqual([]);
  });

  it.each<[string, RecordSpec]>([
    ["TCP: SYN-ACK is enough", tcp],
    ["UDP", udp],
    ["ICMP echo", { protocol: 1, src: "100.64.0.1", dst: "100.64.0.2", icmp: { type: 8, code: 0, id: 1 }, id: 3 }],
    ["another protocol", { protocol: 50, src: "100.64.0.1", dst: "100.64.0.2", id: 4 }],
  ])("answered when a reply was seen, unanswered if it ends without: %s", (_what, spec) => {
    for (const [status, verdict] of [
      [ANSWERED, "answered"],
      [STATUS_CONFIRMED, "unanswered"],
    ] as const) {
      const track = new Track();
      track.new(born(spec), 0);
      track.destroy({ ...spec, status, stopMs: 900_000 }, 900_000);
      expect(track.collect(900_001)[0]!.verdict).toBe(verdict);
    }
  });
});
