/** Each kind of event → its row, over both dialects' wire; recorded bytes; and which flow an event is of. */
import { DecodeError, FlowBatch, rowToJson } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { addEvent, type ConvertContext, eventProblem } from "./convert.ts";
import { type Dialect, EventDecoder } from "./decode.ts";
import { FlowPlaces, settle } from "./places.ts";
import {
  destroy,
  EGRESS_ROUTE,
  EXTCLIENT,
  EXTERNAL,
  encode,
  INGRESS,
  START,
  start,
  type TestEvent,
  USER,
  ZERO_TIME,
} from "./testing/events.ts";
import { RECORDED } from "./testing/recorded.ts";

const NOW_MS = Date.UTC(2026, 10, 22, 12);
const iso = (ms: number) => new Date(ms).toISOString();
const context: ConvertContext = {
  nowMs: NOW_MS,
  oldestMs: NOW_MS - 30 * 86_400_000,
  reporterName: null,
  isOwnNode: (id) => (id === "node-inetgw" ? true : id === "node-other" ? false : null),
};

/** What becomes of one event: its row's columns, or why it is refused. */
function become(bytes: Uint8Array, about = context): Record<string, unknown> {
  const decoder = new EventDecoder();
  try {
    decoder.decode(bytes);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { refused: "DECODE" };
  }
  const problem = eventProblem(decoder.event, about);
  if (problem !== null) return { refused: problem.code };
  const batch = new FlowBatch();
  const { flow } = new FlowPlaces({ capacity: 10, shared: false }).find(decoder.event, about.nowMs);
  return rowToJson(batch, addEvent(batch, decoder.event, flow, about));
}

const at = (agoMs: number) => BigInt(NOW_MS - agoMs);
const end = (type: number, id: string, ip = "10.1.0.77") => ({ ip, type, id, name: id });
type Case = [title: string, change: Partial<TestEvent>, row: Record<string, unknown>];

/** Changes of a DESTROY of node debian, which asked inetgw for a page. */
const CASES: readonly Case[] = [
  ["who reports, and where", {}, { reporter_id: destroy().hostId, reporter_type: "netmaker", network: "netmaker", revision: 1 }],
  ["the tuple", {}, { src_ip: "10.1.0.3", dst_ip: "10.1.0.1", src_port: 44_006, dst_port: 443, protocol: 6 }],
  ["EGRESS: it sent what the source sent", {}, { direction: "egress", src_bytes: 1200, dst_bytes: 8400, src_packets: 12 }],
  ["INGRESS: it sent what the destination sent", { direction: INGRESS }, { src_bytes: 8400, dst_bytes: 1200, dst_packets: 12 }],
  ["a flow that left its own node", {}, { role: "initiator" }],
  ["a flow to its own node", { direction: INGRESS }, { direction: "ingress", role: "responder" }],
  ["a flow to another node, through it", { direction: INGRESS, dst: end(1, "node-other") }, { role: "forwarder" }],
  [
    "a member's flow to the internet",
    { direction: INGRESS, src: end(USER, "alice"), dst: end(EXTERNAL, "") },
    { role: "forwarder" },
  ],
  ["from behind it into the network", { src: end(EGRESS_ROUTE, "office") }, { role: "forwarder" }],
  ["a node by the reporter's word", {}, { src_type: "node", src_id: "node-debian", src_by: "reporter" }],
  ["a user", { src: end(USER, "alice") }, { src_type: "user", src_id: "alice", src_name: "alice" }],
  ["a config file", { src: end(EXTCLIENT, "phone") }, { src_type: "extclient", src_id: "phone" }],
  ["an egress route", { dst: end(EGRESS_ROUTE, "uuid-1") }, { dst_type: "egress_route", dst_id: "uuid-1" }],
  ["an external end's id is its domain", { dst: end(EXTERNAL, "Example.COM.") }, { domain: "example.com", domain_source: "dns" }],
  ["and it is nobody in particular", { dst: end(EXTERNAL, "example.com") }, { dst_type: null, dst_id: null, dst_by: null }],
  ["an external end without a name", { dst: end(EXTERNAL, "") }, { domain: null, domain_source: null }],
  ["an address is no domain", { dst: end(EXTERNAL, "10.1.0.77") }, { domain: null }],
  ["what can be no domain", { dst: end(EXTERNAL, "a b<script>") }, { domain: null }],
  ["a participant without a type", { dst: end(0, "x") }, { dst_type: null, dst_by: null }],
  ["a participant of a type to come", { dst: end(9, "x") }, { dst_type: null, dst_by: null }],
  ["times", {}, { start: iso(NOW_MS - 5000), end: iso(NOW_MS - 1000), last_seen: iso(NOW_MS - 1000), start_exact: true }],
  ["no start: since its end", { startTsMs: ZERO_TIME }, { start: iso(NOW_MS - 1000), start_exact: false }],
  ["no end: when it was handled", { endTsMs: ZERO_TIME }, { end: iso(NOW_MS - 900) }],
  ["no time at all: now", { startTsMs: 0n, endTsMs: -1n, version: 0n }, { start: iso(NOW_MS), end: iso(NOW_MS) }],
  ["an end a moment before its start", { endTsMs: at(5100) }, { start: iso(NOW_MS - 5000), end: iso(NOW_MS - 5000) }],
  ["its end", {}, { state: "closed", end_reason: "unknown", counters_final: true, estimated: false }],
  ["answered", {}, { verdict: "answered", ct_status: 14 }],
  ["nobody answered", { status: 8, bytesRecv: 0n, packetsRecv: 0n }, { verdict: "unanswered", dst_bytes: 0 }],
  [
    "only a reset answered",
    { status: 8, bytesRecv: 40n, packetsRecv: 1n, bytesSent: 60n, packetsSent: 1n },
    { verdict: "refused" },
  ],
  ["a UDP answer without the bit", { status: 8, protocol: 17 }, { verdict: "answered" }],
  ["no status, nothing came back", { status: 0, bytesRecv: 0n, packetsRecv: 0n }, { verdict: null, ct_status: null }],
  ["no status, answers of TCP", { status: 0 }, { verdict: "answered", ct_status: null }],
  ["no status, one answer of TCP: a reset, or not", { status: 0, packetsRecv: 1n }, { verdict: null }],
  ["no status, an answer of UDP", { status: 0, packetsRecv: 1n, protocol: 17 }, { verdict: "answered" }],
  ["NAT is in the status", { status: 14 | 16 | 128 }, { ct_status: 158, nat_src_ip: null }],
  [
    "nothing was counted",
    { bytesSent: 0n, bytesRecv: 0n, packetsSent: 0n, packetsRecv: 0n },
    { src_bytes: null, dst_bytes: null, src_packets: null, dst_packets: null },
  ],
  ["large counters", { bytesSent: 2n ** 52n }, { src_bytes: 2 ** 52 }],
  [
    "ICMP has types and no ports",
    { protocol: 1, icmpType: 8, icmpCode: 0, srcPort: 0 },
    { icmp_type: 8, icmp_code: 0, src_port: null },
  ],
  ["TCP has no types", {}, { icmp_type: null, icmp_code: null }],
  ["a protocol without ports", { protocol: 47 }, { protocol: 47, src_port: null, dst_port: null }],
  ["IPv6", { src: end(1, "n", "2001:db8::1") }, { src_ip: "2001:db8::1" }],
  ["IPv4 in IPv6", { src: end(1, "n", "::ffff:10.1.0.9") }, { src_ip: "10.1.0.9" }],
  ["a port 0", { srcPort: 0 }, { src_port: 0 }],
  // Refused alone:
  ["no type", { type: 0 }, { refused: "MISSING" }],
  ["a type to come", { type: 7 }, { refused: "MISSING" }],
  ["no flow id", { flowId: "" }, { refused: "MISSING" }],
  ["no network", { networkId: "" }, { refused: "MISSING" }],
  ["no direction", { direction: 0 }, { refused: "MISSING" }],
  ["no address", { src: end(1, "n", "") }, { refused: "BAD_VALUE" }],
  ["half an address", { dst: end(1, "n", "10.1.0") }, { refused: "BAD_VALUE" }],
  ["a protocol that can't be", { protocol: 300 }, { refused: "OUT_OF_RANGE" }],
  ["a port that can't be", { dstPort: 70_000 }, { refused: "OUT_OF_RANGE" }],
  ["a counter that can't be", { bytesSent: 2n ** 64n - 1n }, { refused: "OUT_OF_RANGE" }],
  ["a name without an end", { networkId: "n".repeat(2000) }, { refused: "OUT_OF_RANGE" }],
  ["a text without an end", { networkId: "n".repeat(5000) }, { refused: "DECODE" }],
  ["the sample's network", { networkId: "sample" }, { refused: "RESERVED_NETWORK" }],
  ["in two days", { endTsMs: at(-2 * 86_400_000) }, { refused: "IN_FUTURE" }],
  ["a clock that was never set", { startTsMs: 5_000_000n }, { refused: "BAD_TIME" }],
  ["an end long before its start", { endTsMs: at(60_000) }, { refused: "BAD_TIME" }],
  ["of last year", { startTsMs: at(4e10), endTsMs: at(3.9e10), version: at(3.9e10) }, { refused: "TOO_OLD" }],
];

describe.each(["1.4", "1.5"] as const)("an event of Netmaker %s", (dialect: Dialect) => {
  it.each(CASES)("%s", (_title, change, row) => {
    expect(become(encode(dialect, destroy(change, NOW_MS)))).toMatchObject(row);
  });

  it("a START is open, without counters", () => {
    const row = {
      state: "open",
      revision: 0,
      end: null,
      verdict: null,
      src_bytes: null,
      counters_final: false,
      end_reason: null,
    };
    expect(become(encode(dialect, start(dialect, {}, NOW_MS)))).toMatchObject({ ...row, start: iso(NOW_MS - 4990) });
  });

  it("is told from the other dialect by whatever is there", () => {
    const decoder = new EventDecoder();
    for (const change of [{ protocol: 0 }, { direction: 0 }, { startTsMs: 0n }, { protocol: 0, startTsMs: 0n }]) {
      expect(decoder.decode(encode(dialect, destroy(change)))).toBe(dialect);
    }
    const { hostId, networkId, hostName } = destroy();
    // Nothing else, and not even the network in 1.5: the host's id is a UUID.
    const bare = dialect === "1.4" ? { hostId, networkId } : { hostId, hostName };
    expect(decoder.decode(encode(dialect, { type: START, flowId: "f", ...bare }))).toBe(dialect);
  });

  it.each(RECORDED.filter((one) => one.dialect === dialect))("recorded bytes: $kind", ({ hex, row, nowMs }) => {
    expect(become(Buffer.from(hex, "hex"), { ...context, nowMs })).toMatchObject(row);
  });
});

it("names the reporter by its own name, else by the inventory's, else by its id", () => {
  const known = { ...context, reporterName: "Debian of the inventory" };
  expect(become(encode("1.5", destroy({}, NOW_MS)), known)).toMatchObject({ reporter: "debian" });
  expect(become(encode("1.4", destroy({}, NOW_MS)), known)).toMatchObject({ reporter: "Debian of the inventory" });
  expect(become(encode("1.4", destroy({}, NOW_MS)))).toMatchObject({ reporter: destroy().hostId });
});

describe("flows of events", () => {
  const places = () => new FlowPlaces({ capacity: 100, shared: false });
  const decoder = new EventDecoder();
  const find = (of: FlowPlaces, dialect: Dialect, event: TestEvent) => {
    decoder.decode(encode(dialect, event));
    return of.find(decoder.event, NOW_MS).flow;
  };
  const begun = (change: Partial<TestEvent> = {}) => start("1.5", change, NOW_MS);
  const ended = (change: Partial<TestEvent> = {}) => destroy(change, NOW_MS);

  it.each(["1.4", "1.5"] as const)("START and DESTROY are one flow, told twice too (%s)", (dialect) => {
    const of = places();
    const first = find(of, dialect, start(dialect, {}, NOW_MS));
    for (const event of [ended(), ended(), start(dialect, {}, NOW_MS), ended({ startTsMs: at(5000) })]) {
      expect(find(of, dialect, event)).toBe(first);
    }
    expect(first).toMatchObject({ startMs: NOW_MS - 4990, endMs: NOW_MS - 1000 });
  });

  it("a DESTROY that comes first decides the start", () => {
    const of = places();
    const first = find(of, "1.5", ended());
    expect(find(of, "1.5", begun())).toBe(first);
    expect(first.startMs).toBe(NOW_MS - 5000);
  });

  it("one flow id with two tuples is two flows", () => {
    const of = places();
    expect(find(of, "1.5", begun())).not.toBe(find(of, "1.5", begun({ srcPort: 44_007 })));
    expect(find(of, "1.5", ended()).key).not.toBe(find(of, "1.5", ended({ srcPort: 44_007 })).key);
  });

  it("the same tuple again is another flow, also where a START or a DESTROY of either is lost", () => {
    const second = { startTsMs: at(400), endTsMs: at(100), version: at(90) };
    for (const events of [
      [begun(), ended(), begun({ startTsMs: at(390) }), ended(second)],
      [begun(), begun({ startTsMs: at(390) }), ended(), ended(second)],
      [ended(), ended(second)],
      [begun(), ended(), ended(second)],
    ]) {
      const of = places();
      const flows = events.map((event) => find(of, "1.5", event));
      expect(new Set(flows).size).toBe(2);
      expect(flows.at(-1)).not.toBe(flows[0]);
    }
  });

  it("forgets the oldest, and asks the store for them then", () => {
    const of = new FlowPlaces({ capacity: 4, shared: false });
    const later = { startTsMs: at(-120_000), endTsMs: at(-130_000), version: at(-130_000) };
    const question = (event: TestEvent) => {
      decoder.decode(encode("1.5", event));
      return of.find(decoder.event, NOW_MS).question;
    };
    question(begun());
    expect(question(ended({ ...later, srcPort: 1 }))).toBeNull();
    for (let port = 2; port < 9; port++) question(begun({ srcPort: port }));
    expect(of.size).toBeLessThanOrEqual(5);
    expect(question(ended({ ...later, srcPort: 20 }))).toMatchObject({ tuple: "6 ::ffff:10.1.0.0 20 ::ffff:10.1.0.0 443" });
  });

  it("asks the store for what may have begun before this run", () => {
    decoder.decode(encode("1.5", ended()));
    expect(places().find(decoder.event, NOW_MS).question).not.toBeNull();
    decoder.decode(encode("1.5", begun()));
    expect(places().find(decoder.event, NOW_MS).question).toBeNull();
  });

  it("asks until the first answer, whoever tells of the flow meanwhile", () => {
    const of = places();
    const tell = (event: TestEvent) => {
      decoder.decode(encode("1.5", event));
      return of.find(decoder.event, NOW_MS);
    };
    const { flow, question } = tell(ended());
    if (question === null) throw new Error("nothing was asked");
    expect(tell(ended())).toMatchObject({ flow, question });
    expect(tell(begun())).toMatchObject({ flow, question });
    settle(question, [{ startMs: NOW_MS - 4990, endMs: 0 }]);
    // Asked a second time, and answered later: a row has that place by now.
    settle(question, [{ startMs: NOW_MS - 4800, endMs: 0 }]);
    expect(tell(ended())).toEqual({ flow, question: null });
    expect(flow.startMs).toBe(NOW_MS - 4990);
  });
});
