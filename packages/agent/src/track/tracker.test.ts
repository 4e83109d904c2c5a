/** The tracker against docs/internals/flow-record.md, sentence by sentence. Times are ms after T0. */
import { FLOW_ID_EPOCH_MS, flowIdTimeMs, STORED_COLUMNS } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { STATUS_CONFIRMED, STATUS_SEEN_REPLY, TCP_CLOSE, TCP_ESTABLISHED, TCP_TIME_WAIT } from "../capture/conntrack/states.ts";
import type { RecordSpec } from "./testing/records.ts";
import { T0, Track } from "./testing/track.ts";

const ANSWERED = STATUS_SEEN_REPLY | STATUS_CONFIRMED;
const tcp = { protocol: 6, src: "100.64.0.1:40000", dst: "100.64.0.2:443", id: 1, startMs: 0 } satisfies RecordSpec;
const udp = { protocol: 17, src: "100.64.0.1:40000", dst: "100.64.0.2:5000", id: 2, startMs: 0 } satisfies RecordSpec;
/** NEW carries the tuple, the status and (Linux ≥ 6.14) its own stamp, nothing else. */
const born = ({ startMs, ...spec }: RecordSpec): RecordSpec => ({ ...spec, status: STATUS_CONFIRMED, eventMs: startMs ?? 0 });

/** No event carries when the entry began but DESTROY. */
const unstamped = ({ startMs: _none, ...spec }: RecordSpec): RecordSpec => spec;

describe("the columns of a row", () => {
  it("are all that the kernel can tell", () => {
    const track = new Track();
    track.new(born(tcp), 3);
    track.kernel.set(1, { ...tcp, status: ANSWERED, tcpState: TCP_ESTABLISHED, counters: [120, 2, 60, 1] });
    const [row, ...others] = track.collect(500);
    expect(others).toEqual([]);
    expect(row).toEqual({
      ...Object.fromEntries(STORED_COLUMNS.map(({ name }) => [name, null])),
      flow_id: row!.flow_id,
      revision: 0,
      reporter: "debian",
      network: "mesh",
      direction: "egress",
      role: "initiator",
      protocol: 6,
      src_ip: "100.64.0.1",
      dst_ip: "100.64.0.2",
      src_port: 40000,
      dst_port: 443,
      src_bytes: 120,
      src_packets: 2,
      dst_bytes: 60,
      dst_packets: 1,
      src_bytes_delta: 120,
      src_packets_delta: 2,
      dst_bytes_delta: 60,
      dst_packets_delta: 1,
      since: 0,
      counters_final: false,
      estimated: false,
      start_exact: true,
      start: 0,
      last_seen: 500,
      state: "open",
      verdict: "answered",
      ct_status: ANSWERED,
    });
  });

  it.each([
    [
      "a protocol without ports",
      { protocol: 253, src: "100.64.0.1", dst: "100.64.0.2" },
      { protocol: 253, src_port: null, dst_port: null, icmp_id: null },
    ],
    [
      "GRE, whose tuple has call ids",
      { protocol: 47, src: "100.64.0.1:7", dst: "100.64.0.2:8" },
      { src_port: null, dst_port: null },
    ],
    ["SCTP", { protocol: 132, src: "100.64.0.1:7", dst: "100.64.0.2:8" }, { src_port: 7, dst_port: 8 }],
    [
      "ICMP",
      { protocol: 1, src: "100.64.0.1", dst: "100.64.0.2", icmp: { type: 8, code: 0, id: 77 } },
      { icmp_type: 8, icmp_code: 0, icmp_id: 77, src_port: null, dst_port: null, src_ip: "100.64.0.1" },
    ],
    [
      "ICMPv6",
      { protocol: 58, src: "fd0a::1", dst: "fd0a::2", icmp: { type: 128, code: 0, id: 77 } },
      { icmp_type: 128, icmp_code: 0, icmp_id: 77, src_ip: "fd0a::1", dst_ip: "fd0a::2" },
    ],
  ])("fit %s", (_what, spec, expected) => {
    const track = new Track();
    track.new(born(spec), 0);
    expect(track.collect(500)).toEqual([expect.objectContaining(expected)]);
  });

  it("asks the kernel in its own words", () => {
    const track = new Track();
    for (const spec of [
      { protocol: 58, src: "fd0a::1", dst: "fd0a::2", icmp: { type: 128, code: 0, id: 77 }, id: 1, zone: 4 },
      { protocol: 1, src: "100.64.0.1", dst: "100.64.0.2", icmp: { type: 8, code: 0, id: 77 }, id: 2 },
      { protocol: 17, src: "[fd0a::1]:7", dst: "[fd0a::2]:8", id: 3 },
    ]) {
      track.kernel.set(spec.id, { ...spec, counters: [10, 1, 0, 0] });
      track.new(born(spec), 0);
    }
    // The answer of the test's kernel overwrites the question: had the question been about another tuple, the rows would lack counters.
    expect(track.collect(500).map((row) => row.src_bytes)).toEqual([10, 10, 10]);
    expect(track.tracker.stats).toMatchObject({ refreshes: 3, refreshesGone: 0 });
  });
});

describe("NAT: if the reply tuple is not the mirror of the original one, nat_* hold the translated side", () => {
  const nat = (spec: RecordSpec) => {
    const track = new Track();
    track.new(born({ ...tcp, src: "100.64.0.21:40000", dst: "198.51.100.7:443", ...spec }), 0);
    const [row] = track.collect(500);
    return [row!.nat_src_ip, row!.nat_src_port, row!.nat_dst_ip, row!.nat_dst_port];
  };
  it.each([
    ["none", {}, [null, null, null, null]],
    ["masquerade", { replyDst: "192.0.2.10:40000" }, ["192.0.2.10", 40000, null, null]],
    ["masquerade with another port", { replyDst: "192.0.2.10:1025" }, ["192.0.2.10", 1025, null, null]],
    ["a port only", { replyDst: "100.64.0.21:1025" }, ["100.64.0.21", 1025, null, null]],
    ["destination", { replySrc: "10.20.0.5:8443" }, [null, null, "10.20.0.5", 8443]],
    ["both", { replySrc: "10.20.0.5:8443", replyDst: "10.20.0.1:1025" }, ["10.20.0.1", 1025, "10.20.0.5", 8443]],
    [
      "ICMP has no ports",
      { protocol: 1, icmp: { type: 8, code: 0, id: 1 }, replyDst: "192.0.2.10" },
      ["192.0.2.10", null, null, null],
    ],
    ["IPv6", { src: "[fd0a::21]:4", dst: "[2001:db8::7]:5", replyDst: "[2001:db8::1]:6" }, ["2001:db8::1", 6, null, null]],
  ])("%s", (_what, spec, expected) => {
    expect(nat(spec)).toEqual(expected);
  });
});

describe("Counters", () => {
  it("carry the totals so far and what was added since the revision before", () => {
    const track = new Track();
    track.new(born(udp), 0);
    track.kernel.set(2, { ...udp, counters: [100, 1, 0, 0] });
    const rows = [...track.collect(500)];
    track.dump([{ ...udp, status: ANSWERED, counters: [300, 3, 50, 1] }], 10_000);
    rows.push(...track.collect(10_001));
    track.dump([{ ...udp, status: ANSWERED, counters: [301, 4, 50, 1] }], 20_000);
    rows.push(...track.collect(20_001));
    expect(
      rows.map((row) => [row.revision, row.src_bytes, row.src_bytes_delta, row.dst_bytes_delta, row.src_packets_delta]),
    ).toEqual([
      [0, 100, 100, 0, 1],
      [1, 300, 200, 50, 2],
      [2, 301, 1, 0, 1],
    ]);
    expect(rows.map((row) => [row.since, row.last_seen])).toEqual([
      [0, 500],
      [500, 10_000],
      [10_000, 20_000],
    ]);
  });

  it("say when traffic flowed: what comes after an idle time was added since then", () => {
    const track = new Track();
    const at = { ...udp, status: ANSWERED, counters: [100, 1, 50, 1] as const };
    track.new(born(udp), 0);
    track.kernel.set(2, at);
    track.collect(500);
    for (const ms of [10_000, 20_000, 30_000]) {
      track.dump([at], ms);
      expect(track.collect(ms + 1)).toEqual([]); // nothing that is stored has changed
    }
    track.dump([{ ...at, counters: [200, 2, 50, 1] }], 40_000);
    expect(track.collect(40_001)).toEqual([expect.objectContaining({ since: 30_000, last_seen: 40_000, src_bytes_delta: 100 })]);
  });

  it("are null, not zero, where the kernel does not count", () => {
    const track = new Track();
    track.dump([{ ...tcp, status: ANSWERED }], 0);
    track.destroy({ ...tcp, status: ANSWERED, tcpState: TCP_ESTABLISHED, stopMs: 9000 }, 9000);
    const [row] = track.collect(9001);
    for (const name of [
      "src_bytes",
      "dst_bytes",
      "src_packets",
      "dst_packets",
      "src_bytes_delta",
      "dst_packets_delta",
      "since",
    ] as const) {
      expect(row![name]).toBeNull();
    }
    expect(row).toMatchObject({ counters_final: true, verdict: "answered" });
  });

  it("of a first row without counters are told whole by the next one", () => {
    const track = new Track({ maxRefreshes: 0 });
    track.new(born(udp), 0);
    expect(track.collect(500)[0]).toMatchObject({ src_bytes: null, since: null, last_seen: 0 });
    track.dump([{ ...udp, counters: [0, 0, 0, 0] }], 1000);
    expect(track.collect(1001)[0]).toMatchObject({ revision: 1, src_bytes: 0, src_bytes_delta: 0, since: 0, last_seen: 1000 });
  });

  it("never go down", () => {
    const track = new Track();
    track.dump([{ ...udp, counters: [100, 2, 90, 2] }], 0);
    track.collect(1);
    track.dump([{ ...udp, counters: [40, 1, 95, 3] }], 10_000);
    expect(track.collect(10_001)[0]).toMatchObject({ src_bytes: 100, src_bytes_delta: 0, dst_bytes: 95, dst_bytes_delta: 5 });
  });

  it("are asked of the kernel for so many flows in one flush, ends first", () => {
    const track = new Track({ maxRefreshes: 4 });
    for (let id = 1; id <= 10; id++) {
      const spec = { ...tcp, id, src: `100.64.0.1:${id}` };
      track.kernel.set(id, { ...spec, counters: [60, 1, 60, 1] });
      track.new(born(spec), 0);
      if (id > 6) track.update({ ...spec, status: ANSWERED, tcpState: TCP_TIME_WAIT }, 1);
    }
    const rows = track.collect(500);
    expect(rows.filter((row) => row.state === "open" && row.src_bytes !== null)).toHaveLength(2);
    expect(rows.filter((row) => row.state === "closed" && row.src_bytes !== null)).toHaveLength(2);
    expect(track.tracker.stats.refreshes).toBe(4);
  });
});

describe("Times: start", () => {
  it("is the kernel's event stamp where there is one", () => {
    const track = new Track();
    track.new({ ...born(udp), eventMs: 5 }, 40);
    track.kernel.set(2, { ...udp, startMs: 4.9, counters: [1, 1, 0, 0] });
    expect(track.collect(500)[0]).toMatchObject({ start: 5, start_exact: true, since: 5 });
  });

  it("is else the time of arrival, or the kernel's start stamp if that is known before the first row", () => {
    const old = { ...udp, startMs: 4.9, counters: [1, 1, 0, 0] as const };
    const track = new Track();
    track.new(unstamped(udp), 40);
    expect(track.collect(500)[0]).toMatchObject({ start: 40, start_exact: true });
    // Fixed by the first revision.
    track.dump([old], 1000);
    expect(track.collect(1001)[0]).toMatchObject({ revision: 1, start: 40 });
    const asked = new Track();
    asked.kernel.set(2, old);
    asked.new(unstamped(udp), 40);
    expect(asked.collect(500)[0]).toMatchObject({ start: 4, since: 4, start_exact: true });
  });

  it("is the kernel's start stamp for a flow found by a dump, else the dump's time and not exact", () => {
    const track = new Track();
    const nameless = unstamped({ ...tcp, id: 9, src: "100.64.0.1:9" });
    track.dump([{ ...udp, startMs: -3_600_000 }, nameless], 100);
    expect(track.collect(101).map((row) => [row.start, row.start_exact])).toEqual([
      [-3_600_000, true],
      [100, false],
    ]);
  });

  it("makes the high bits of the flow id: when the agent first saw the flow", () => {
    const track = new Track();
    track.dump([{ ...udp, startMs: -3_600_000 }], 100);
    track.new(born(tcp), 250);
    const ids = track.collect(500).map((row) => BigInt(String(row.flow_id)));
    expect(ids.map((id) => flowIdTimeMs(id) - T0)).toEqual([100, 250]);
    expect(ids.map((id) => Number(id & 0x3fffffn))).toEqual([7, 8]); // a sequence from randomSequence() on
    expect(ids[0]! >> 22n).toBe(BigInt(T0 + 100 - FLOW_ID_EPOCH_MS));
  });
});

describe("Identity of a row", () => {
  it("one row per flow and flush: what begins and ends within one is a single closed row, revision 0", () => {
    const track = new Track();
    track.new(born(udp), 0);
    track.destroy({ ...udp, status: ANSWERED, counters: [70, 1, 90, 1], stopMs: 30_050 }, 30_060);
    expect(track.collect(30_100)).toEqual([
      expect.objectContaining({ revision: 0, state: "closed", counters_final: true, since: 0, end: 50 }),
    ]);
    expect(track.collect(30_600)).toEqual([]);
  });

  it("tells entries with one conntrack id apart, and entries with one tuple", () => {
    const track = new Track();
    track.new(born(udp), 0);
    track.new(born({ ...udp, src: "100.64.0.1:40001" }), 0);
    track.new(born({ ...udp, id: 9 }), 0);
    track.new(born({ ...udp, zone: 5 }), 0);
    expect(new Set(track.collect(500).map((row) => row.flow_id)).size).toBe(4);
    track.destroy({ ...udp, zone: 5, stopMs: 30_000 }, 30_000);
    expect(track.collect(30_001)).toHaveLength(1);
    expect(track.tracker.stats.openFlows).toBe(3);
  });

  it("a tuple and id that are used again are a new flow", () => {
    const track = new Track();
    track.new(born(tcp), 0);
    track.destroy({ ...tcp, tcpState: TCP_CLOSE, counters: [60, 1, 40, 1], stopMs: 1 }, 10);
    track.new(born({ ...tcp, startMs: 100 }), 110);
    track.destroy({ ...tcp, startMs: 100, tcpState: TCP_CLOSE, counters: [60, 1, 40, 1], stopMs: 101 }, 120);
    const rows = track.collect(500);
    expect(rows.map((row) => [row.start, row.revision])).toEqual([
      [0, 0],
      [100, 0],
    ]);
    expect(new Set(rows.map((row) => row.flow_id)).size).toBe(2);
  });

  it("messages that are told twice change nothing", () => {
    const track = new Track();
    const gone = { ...udp, status: ANSWERED, counters: [70, 1, 90, 1] as const, stopMs: 30_050 };
    track.new(born(udp), 0);
    track.new(born(udp), 1);
    track.destroy(gone, 30_060);
    track.destroy(gone, 30_060);
    expect(track.collect(30_100)).toHaveLength(1);
    track.destroy(gone, 30_160);
    expect(track.collect(30_600)).toEqual([]);
    expect(track.tracker.stats.repeated).toBe(3);
  });

  it("a flow whose beginning was dropped is reported when it ends", () => {
    const track = new Track();
    track.destroy({ ...udp, startMs: -9000, status: ANSWERED, counters: [70, 1, 90, 1], stopMs: 30_050 }, 30_060);
    const nameless = unstamped(udp);
    track.destroy({ ...nameless, id: 77 }, 40_000);
    track.destroy({ ...udp, src: "192.0.2.10:5", dst: "198.51.100.1:6", id: 78, stopMs: 30_050 }, 30_060);
    expect(track.collect(40_100)).toEqual([
      expect.objectContaining({ revision: 0, start: -9000, start_exact: true, end: 50, src_bytes: 70, since: -9000 }),
      expect.objectContaining({ start: 10_000, start_exact: false, end: 10_000, src_bytes: null }),
    ]);
  });
});

describe("what is not stored", () => {
  it("is counted once, by reason", () => {
    const track = new Track({ traffic: { icmp: false, dns: false, tunnelPorts: [51820], servers: [] } });
    const elsewhere = { ...udp, src: "192.0.2.10:5", dst: "198.51.100.1:6", id: 78 };
    track.dump([elsewhere], 0);
    track.new(born({ ...elsewhere, id: 79 }), 1);
    track.dump([elsewhere, { ...elsewhere, id: 79 }], 10_000);
    track.update({ ...elsewhere, protocol: 6, tcpState: TCP_CLOSE }, 10_001);
    track.destroy({ ...elsewhere, stopMs: 30_050 }, 30_060);
    track.new(born({ ...udp, dst: "100.64.0.2:53" }), 1);
    track.new(born({ protocol: 1, src: "100.64.0.1", dst: "100.64.0.2", icmp: { type: 8, code: 0, id: 1 } }), 1);
    track.new(born({ ...udp, src: "192.0.2.10:51820", dst: "198.51.100.1:51820" }), 1);
    expect(track.collect(30_100)).toEqual([]);
    expect(track.tracker.stats).toMatchObject({
      drops: { not_in_network: 2, dns_off: 1, icmp_off: 1, tunnel_transport: 1, self: 0, loopback: 0, table_full: 0 },
      slots: 0,
      refreshes: 0,
    });
  });

  it("stays within the table's limit", () => {
    const track = new Track({ maxFlows: 5 });
    for (let id = 1; id <= 8; id++) track.new(born({ ...udp, src: `100.64.0.1:${id}`, id }), 0);
    expect(track.collect(500)).toHaveLength(5);
    expect(track.tracker.stats).toMatchObject({ openFlows: 5, slots: 5, drops: { table_full: 3 } });
    // Ended flows that are only remembered make room.
    track.destroy({ ...udp, src: "100.64.0.1:1", id: 1, stopMs: 30_000 }, 30_000);
    expect(track.collect(30_001)).toHaveLength(1);
    track.new(born({ ...udp, src: "100.64.0.1:9", id: 9 }), 30_002);
    expect(track.collect(30_500)).toHaveLength(1);
  });
});
