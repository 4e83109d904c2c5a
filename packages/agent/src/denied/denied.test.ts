import { FlowBatch, type JsonRow, rowToJson } from "@flowtrail/model";
import { beforeEach, describe, expect, it } from "vitest";
import { forEachLogged, LoggedPacket } from "../capture/nflog/message.ts";
import { Traces } from "../capture/nftrace/traces.ts";
import type { Place } from "../track/networks.ts";
import { DeniedFlows } from "./denied.ts";
import { ipPacket, logMessage, ports, traceMessage } from "./testing/packets.ts";

const PLACE: Place = { network: "mesh", direction: "ingress", role: "responder" };
const T0 = Date.UTC(2026, 10, 23, 6);

let place: Place | string;
let monotonicMs: number;
let flows: DeniedFlows;
beforeEach(() => {
  place = PLACE;
  monotonicMs = 0;
  flows = new DeniedFlows(
    { reporter: "gw", maxTuples: 3, maxPacketsPerS: 5 },
    { placeOf: () => place, newId: (ms, words) => words.set([ms % 1000, 7]), monotonicMs: () => monotonicMs },
  );
});

const syn = (port = 40000) => ipPacket({ src: "10.0.0.1", dst: "10.0.0.2", protocol: 6, payload: ports(port, 22), more: 36 });
function log(atMs: number, { port = 40000, prefix = "fw: " } = {}): void {
  const message = logMessage(syn(port), prefix, 0);
  expect(forEachLogged(message, 0, message.length, new LoggedPacket(), (packet) => flows.onLogged(packet, atMs))).toBe(0);
}
function trace(atMs: number, handle: number | null = 7): void {
  const message = traceMessage(1, syn(), handle);
  new Traces().read(message, message.length, ({ headers, rule }) => flows.onTraced(headers, () => rule, atMs));
}
function rows(nowMs: number, maxRows?: number): JsonRow[] {
  const batch = new FlowBatch();
  flows.collect(batch, nowMs, maxRows);
  return Array.from({ length: batch.length }, (_, row) => rowToJson(batch, row));
}

describe("denied attempts", () => {
  it("are one row per tuple and minute, told at once and again when the minute is over", () => {
    log(T0);
    expect(rows(T0 + 100)).toMatchObject([
      { revision: 0, src_packets: 1, src_bytes: 60, counters_final: false, state: "closed", verdict: "denied", rule: "fw:" },
    ]);
    log(T0 + 1000);
    log(T0 + 3000);
    expect(rows(T0 + 59_999)).toEqual([]);
    const [last, ...more] = rows(T0 + 60_000);
    expect(more).toEqual([]);
    expect(last).toMatchObject({
      revision: 1,
      counters_final: true,
      src_packets: 3,
      src_packets_delta: 2,
      src_bytes_delta: 120,
      dst_bytes: null,
      dst_packets: null,
      start: new Date(T0).toISOString(),
      end: new Date(T0 + 3000).toISOString(),
      last_seen: new Date(T0 + 3000).toISOString(),
      network: "mesh",
      direction: "ingress",
      role: "responder",
    });
    log(T0 + 60_500);
    expect(rows(T0 + 60_600)).toMatchObject([{ revision: 0, src_packets: 1, start: new Date(T0 + 60_500).toISOString() }]);
  });

  it("are told to their end when the agent stops, or its clock was set back", () => {
    log(T0);
    flows.end();
    expect(rows(T0 + 1)).toMatchObject([{ revision: 0, counters_final: true }]);
    log(T0);
    expect(rows(T0 - 3_600_000)).toMatchObject([{ counters_final: true }]);
    expect(rows(T0 + 120_000)).toEqual([]);
  });

  it("are bounded in tuples and in packets, and what is beyond is counted", () => {
    for (const port of [1, 2, 3, 4]) log(T0, { port });
    expect(flows.stats.drops).toEqual({ table_full: 1 });
    log(T0, { port: 1 });
    log(T0, { port: 1 });
    expect(flows.stats.drops).toEqual({ table_full: 1, rate_limited: 1 });
    monotonicMs += 1000;
    log(T0 + 1000, { port: 1 });
    expect(rows(T0 + 60_000).map((row) => row.src_packets)).toEqual([3, 1, 1]);
    // A batch that is full leaves the rest for the next one.
    monotonicMs += 1000;
    for (const port of [1, 2, 3]) log(T0 + 61_000, { port });
    expect([rows(T0 + 61_100, 2).length, rows(T0 + 61_200, 2).length, rows(T0 + 61_300).length]).toEqual([2, 1, 0]);
  });

  it("are left out where the flow would be, also by what is switched off later", () => {
    place = "not_in_network";
    log(T0);
    expect(flows.stats).toMatchObject({ drops: { not_in_network: 1 }, packets: 0 });
    place = PLACE;
    log(T0);
    place = "excluded";
    expect([rows(T0 + 100), rows(T0 + 60_000)]).toEqual([[], []]);
    expect(flows.stats.drops).toEqual({ not_in_network: 1, excluded: 1 });
    place = PLACE;
    log(T0 + 70_000);
    expect(rows(T0 + 70_100)).toHaveLength(1);
    log(T0 + 71_000);
    place = "excluded";
    expect(rows(T0 + 140_000)).toMatchObject([
      { counters_final: true, src_packets: 1, end: new Date(T0 + 70_000).toISOString() },
    ]);
  });

  it("are told by traces where no log rule tells of them, and counted once where one does", () => {
    trace(T0);
    expect(rows(T0 + 100)).toEqual([]);
    expect(rows(T0 + 500)).toMatchObject([{ rule: "fw in handle 7", src_packets: 1, src_bytes: 60, dst_port: 22 }]);
    flows.end();
    rows(T0 + 600);
    trace(T0 + 1000, null);
    log(T0 + 1100);
    trace(T0 + 2000);
    log(T0 + 2100);
    expect(rows(T0 + 2200)).toMatchObject([{ rule: "fw:", src_packets: 2, revision: 0 }]);
  });
});
