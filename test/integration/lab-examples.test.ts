/** The page's examples, and every scenario of the lab, read from the API and compared with what `conntrack -E` says of the same traffic. */
import { agentNodeNames, type LabConnection, labScenarios, type TrafficResult } from "@flowtrail/lab";
import type { FlowJson } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { needs } from "../needs.ts";
import { throughNetmakersDoor } from "./harness/as-netmaker.ts";
import { LabBed, until } from "./harness/bed.ts";
import { asExact, exact } from "./harness/compare.ts";
import { type ConntrackOracle, inNetwork, startOracles } from "./harness/conntrack-oracle.ts";
import { endedFlows, reportsOf, runScenarios } from "./harness/scenario-rows.ts";

const here = needs("the lab's examples and scenarios, against conntrack", "lab", "conntrack");

/** The two numbers of the page's Traffic column, as the reporter sees them (flow-record.md, Counters). */
const arrows = (flow: FlowJson) =>
  flow.direction === "egress" ? { down: flow.dst_bytes, up: flow.src_bytes } : { down: flow.src_bytes, up: flow.dst_bytes };

const others = Object.keys(labScenarios).filter((name) => !["example1", "example3", "mixed"].includes(name));

describe.skipIf(!here)("the lab", () => {
  let bed: LabBed;
  let oracles: Awaited<ReturnType<typeof startOracles>>;
  let resultOf: (scenario: string) => TrafficResult;

  beforeAll(async () => {
    bed = await LabBed.up("exa");
    oracles = await startOracles(bed, agentNodeNames);
    resultOf = await runScenarios(bed, ["example1", "example3", ...others], { count: 20, seconds: 3, bytes: 2 ** 21 });
  }, 240_000);
  async function outcome(scenario: string) {
    const result = resultOf(scenario);
    return { result, flows: await endedFlows(bed, result) };
  }
  afterAll(async () => {
    await bed?.down();
  }, 60_000);

  it("shows examples 1 and 2: one refused connection, seen by both ends, mirrored", async () => {
    const { result, flows } = await outcome("example1");
    const v4 = result.connections.find((c) => c.family === 4) as LabConnection;
    const [debian, inetgw] = reportsOf(flows, v4) as [FlowJson, FlowJson];
    const same = {
      network: "netmaker",
      protocol: 6,
      src_ip: "100.102.137.9",
      dst_ip: "100.102.137.4",
      src_port: v4.srcPort,
      dst_port: 443,
      src_bytes: 60,
      dst_bytes: 40,
      src_packets: 1,
      dst_packets: 1,
      src_type: "node",
      src_name: "debian",
      dst_type: "node",
      dst_name: "inetgw",
      state: "closed",
      verdict: "refused",
    };
    expect(inetgw).toMatchObject({ ...same, reporter: "inetgw", direction: "ingress", role: "responder", primary: false });
    expect(debian).toMatchObject({ ...same, reporter: "debian", direction: "egress", role: "initiator", primary: true });
    expect(arrows(inetgw)).toEqual({ down: 60, up: 40 });
    expect(arrows(debian)).toEqual({ down: 40, up: 60 });

    const merged = await bed.flows({
      reports: "merged",
      src_ip: "100.102.137.9",
      src_port: String(v4.srcPort),
      from: new Date(v4.startedAt - 2000).toISOString(),
    });
    expect(merged.map((flow) => flow.reporter)).toEqual(["debian"]);
    const detail = await bed.get<{ flow: FlowJson; reports: FlowJson[] }>(`/api/flows/${debian.reporter}/${debian.flow_id}`);
    expect(detail.flow).toMatchObject({ flow_id: debian.flow_id });
    expect(detail.reports.map((flow) => [flow.reporter, flow.flow_id])).toEqual([[inetgw.reporter, inetgw.flow_id]]);
  });

  it("shows example 3: a user's connection through the gateway, translated", async () => {
    const { result, flows } = await outcome("example3");
    for (const connection of result.connections.filter((c) => c.protocol === 6)) {
      const [inetgw] = reportsOf(flows, connection) as [FlowJson];
      expect(inetgw).toMatchObject({
        reporter: "inetgw",
        direction: "ingress",
        role: "forwarder",
        dst_port: 443,
        dst_type: "external",
        src_type: "user",
        src_id: "majdi@netmaker.io",
        state: "closed",
        end_reason: "finished",
        verdict: "answered",
        primary: true,
      });
      expect(inetgw.nat_src_ip).toBe(connection.reports[0]?.natSrcIp);
      expect(arrows(inetgw)).toEqual({ down: inetgw.src_bytes, up: inetgw.dst_bytes });
      expect(Number(inetgw.src_bytes)).toBeGreaterThan(connection.payload?.sent ?? 0);
      expect(Number(inetgw.dst_bytes)).toBeGreaterThan(connection.payload?.received ?? 0);
    }
  });

  it.each(others)(
    "reports %s by everyone who should, once, with direction, role, domain, verdict and counters",
    async (scenario) => {
      const { result, flows } = await outcome(scenario);
      if (result.skipped === null) expect(result.connections.length).toBeGreaterThan(0);
      for (const connection of result.connections) {
        for (const [i, flow] of reportsOf(flows, connection).entries()) {
          const expected = connection.reports[i];
          expect(
            { reporter: flow.reporter, direction: flow.direction, role: flow.role, nat: flow.nat_src_ip },
            connection.what,
          ).toEqual({
            reporter: expected?.reporter,
            direction: expected?.direction,
            role: expected?.role,
            nat: expected?.natSrcIp,
          });
          expect(connection.verdicts, `${connection.what} at ${flow.reporter}`).toContain(flow.verdict);
          for (const [column, value] of [
            ["src_bytes", connection.srcBytes],
            ["dst_bytes", connection.dstBytes],
          ] as const) {
            if (value !== null) expect(flow[column], `${column} of ${connection.what} at ${flow.reporter}`).toBe(value);
          }
        }
      }
      if (result.connections.some((c) => c.reports.length > 0)) expect(primaries(result, flows)).toEqual([]);
    },
  );

  /** Connections that do not have exactly one primary report. */
  function primaries(result: TrafficResult, flows: FlowJson[]): string[] {
    return result.connections
      .filter((c) => c.reports.length > 0 && reportsOf(flows, c).filter((f) => f.primary).length !== 1)
      .map((c) => c.what);
  }

  it("says of every flow what the kernel says: addresses, ports, bytes, packets; 0 differences", async () => {
    const perNode = (node: string) => bed.flows({ reporter: node });
    for (const node of agentNodeNames) {
      const oracle = oracles.get(node) as ConntrackOracle;
      await until(
        `${node}'s conntrack entries have ended`,
        120_000,
        () => oracle.destroyed.filter(inNetwork).length >= oracle.created.filter(inNetwork).length,
      );
      const ended = oracle.destroyed.filter(inNetwork);
      await until(
        `the store has what ended on ${node}`,
        30_000,
        async () => (await perNode(node)).filter((f) => f.counters_final).length >= ended.length,
      );
      const ours = (await perNode(node)).filter((flow) => flow.counters_final);
      expect(ended.length, node).toBeGreaterThan(10);
      expect(ours.map(asExact).sort(), node).toEqual(ended.map(exact).sort());
      await oracle.stop();
    }
  });

  it("has the same rows if Netmaker's agents tell of the same traffic, as far as their wire goes", async () => {
    const carried = (flow: FlowJson) => {
      const { network, reporter, direction, role, protocol, start, end, state, verdict, ct_status, rank } = flow;
      const { src_ip, src_port, src_bytes, src_packets, src_type, src_id, src_name } = flow;
      const { dst_ip, dst_port, dst_bytes, dst_packets, dst_type, dst_id, dst_name, icmp_type, icmp_code } = flow;
      const source = [src_ip, src_port, src_bytes, src_packets, src_type, src_id, src_name];
      const destination = [dst_ip, dst_port, dst_bytes, dst_packets, dst_type, dst_id, dst_name, icmp_type, icmp_code];
      const rest = [network, reporter, direction, role, protocol, start, end, state, verdict, ct_status, rank];
      return [...rest, ...source, ...destination].join(" ");
    };
    const flows = (await bed.flows({ from: "now-1h" })).filter((flow) => flow.counters_final && flow.state === "closed");
    expect(flows.length).toBeGreaterThan(100);
    const told = await throughNetmakersDoor(flows);
    expect(told.map(carried).sort()).toEqual(flows.map(carried).sort());
  });
});
