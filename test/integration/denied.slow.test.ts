/** Denied attempts, from packets that firewalls drop to what people ask of the API. */
import { execIn, type LabConnection, labTraffic, type TrafficResult } from "@flowtrail/lab";
import type { FlowJson } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { needs } from "../needs.ts";
import { LabBed, until } from "./harness/bed.ts";

describe.skipIf(!needs("denied attempts, from packet to API", "lab"))("denied attempts", () => {
  let bed: LabBed;
  let result: TrafficResult;
  beforeAll(async () => {
    bed = await LabBed.up("den", {
      serverArgs: ["--agents-denied", "yes"],
      agentArgs: ["--server-config-interval", "1s"],
    });
    result = await labTraffic({ name: bed.name }, "denied", { family: 4 });
  }, 120_000);
  afterAll(async () => {
    await bed?.down();
  }, 60_000);

  const isOf = (connection: LabConnection) => (flow: FlowJson) =>
    flow.src_ip === connection.srcIp && flow.dst_ip === connection.dstIp && flow.dst_port === connection.dstPort;

  it("are rows of the node that dropped them, with the rule's name, beside the flows of others that saw the attempt", async () => {
    const flows = await bed.flowsUntil("every denied attempt is a row", { verdict: "denied" }, (found) =>
      result.connections.every((connection) => found.some(isOf(connection))),
    );
    expect(flows).toHaveLength(result.connections.length);
    for (const connection of result.connections) {
      const { reporter, direction, role, rule, srcIp } = connection.denied ?? expect.fail("the lab expects a denial");
      const flow = flows.find(isOf(connection));
      expect(flow).toMatchObject({ reporter, direction, role, rule, src_ip: srcIp, src_port: connection.srcPort });
      expect(flow).toMatchObject({ state: "closed", verdict: "denied", dst_bytes: null, dst_packets: null });
      // SYNs of 60 bytes, sent again after a second.
      expect(Number(flow?.src_packets)).toBeGreaterThanOrEqual(1);
      expect(Number(flow?.src_bytes)).toBe(60 * Number(flow?.src_packets));
      expect(flow?.primary).toBe(false);
    }
    const all = await bed.flows();
    const attempt = result.connections.find(({ from, to }) => from === "debian" && to === "inetgw");
    const reports = all.filter(isOf(attempt ?? expect.fail("debian tried inetgw")));
    expect(reports.map(({ reporter, primary }) => ({ reporter, primary }))).toEqual(
      expect.arrayContaining([
        { reporter: "debian", primary: true },
        { reporter: "inetgw", primary: false },
      ]),
    );
    const { tiles } = await bed.get<{ tiles: { denied: { value: number } } }>("/api/overview?from=-1h");
    expect(tiles.denied.value).toBe(result.connections.length);
    const primary = reports.find((one) => one.primary);
    const detail = await bed.get<{ reports: FlowJson[] }>(`/api/flows/${primary?.reporter_id}/${primary?.flow_id}`);
    expect(detail.reports).toMatchObject([{ reporter: "inetgw", verdict: "denied", rule: "lab-filtered:" }]);
  });

  it("are not listened for from the moment that they are switched off", async () => {
    await bed.put("/api/settings/capture", { denied: false });
    const group = async () => (await execIn({ name: bed.name }, "inetgw", ["cat", "/proc/net/netfilter/nfnetlink_log"])).stdout;
    expect(await group()).toMatch(/^\s*740 /m);
    await until("the agent has left the group", 60_000, async () => !/^\s*740 /m.test(await group()));
  }, 90_000);
});
