/** Flows are seen while they are open, also those that are older than the agent. */
import { labTraffic } from "@flowtrail/lab";
import type { FlowJson } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { needs } from "../needs.ts";
import { LabBed } from "./harness/bed.ts";

describe.skipIf(!needs("open flows and flows older than the agent", "lab"))("an open connection", () => {
  let bed: LabBed;
  const stop = new AbortController();
  let trickle: Promise<unknown>;
  let tcp: { srcPort: number | null; srcIp: string };

  beforeAll(async () => {
    bed = await LabBed.up("opn", { nodes: [] });
    tcp = await new Promise((resolve, reject) => {
      trickle = labTraffic({ name: bed.name }, "trickle", {
        seconds: 600,
        family: 4,
        signal: stop.signal,
        onConnection: resolve,
      });
      trickle.catch(reject);
    });
    await bed.startAgents(["debian", "inetgw"]);
  }, 120_000);
  afterAll(async () => {
    stop.abort();
    await trickle;
    await bed?.down();
  }, 60_000);

  const ofTrickle = () => ({ src_ip: tcp.srcIp, src_port: String(tcp.srcPort), state: "open" });

  it("that is older than the agent is there", async () => {
    const flows = await bed.flowsUntil("the older connection is listed", ofTrickle(), (found) => found.length >= 1);
    expect(flows[0]).toMatchObject({ state: "open", end: null, verdict: "answered" });
  });

  it("has counters that move while it is open", async () => {
    const [first] = await bed.flowsUntil("the connection has counters", ofTrickle(), (found) =>
      found.some((flow) => flow.src_bytes !== null),
    );
    const grown = (flows: FlowJson[]) =>
      flows.some((flow) => flow.flow_id === first?.flow_id && Number(flow.src_bytes) > Number(first?.src_bytes));
    const flows = await bed.flowsUntil("its counters moved", ofTrickle(), grown, 45_000);
    expect(flows.filter((flow) => flow.reporter === first?.reporter)).toHaveLength(1);
  });

  it("that is new is listed while it is open", async () => {
    const again = new AbortController();
    let port: number | null = null;
    const second = labTraffic({ name: bed.name }, "trickle", {
      seconds: 600,
      family: 6,
      signal: again.signal,
      onConnection: (c: { srcPort: number | null }) => {
        port ??= c.srcPort;
      },
    });
    const flows = await bed.flowsUntil(
      "the new connection is listed",
      { state: "open" },
      (found) => port !== null && found.some((flow) => flow.src_port === port),
    );
    expect(flows.find((flow) => flow.src_port === port)).toMatchObject({ end: null, state: "open" });
    again.abort();
    await second;
  });
});
