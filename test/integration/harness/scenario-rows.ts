/** Runs a scenario of the lab and finds the rows that its connections should have. */
import { type LabConnection, labTraffic, type ScenarioOptions, type TrafficResult } from "@flowtrail/lab";
import type { FlowJson } from "@flowtrail/model";
import { expect } from "vitest";
import { type LabBed, until } from "./bed.ts";

const isOf = (connection: LabConnection, srcIp: string) => (flow: FlowJson) =>
  flow.protocol === connection.protocol &&
  flow.src_ip === srcIp &&
  flow.dst_ip === connection.dstIp &&
  flow.dst_port === connection.dstPort &&
  (srcIp !== connection.srcIp || flow.src_port === connection.srcPort) &&
  (connection.icmpId === null || flow.icmp_id === connection.icmpId) &&
  Math.abs(Date.parse(String(flow.start)) - connection.startedAt) < 5000;

/** Runs a scenario and waits until every report that is to be expected has ended in the store. */
export async function runScenario(
  bed: LabBed,
  scenario: string,
  options: ScenarioOptions = {},
): Promise<{ result: TrafficResult; flows: FlowJson[] }> {
  const result = await labTraffic({ name: bed.name }, scenario, options);
  return { result, flows: await endedFlows(bed, result) };
}

/** Runs one scenario after the other, and waits for none of their reports: they end side by side. */
export async function runScenarios(
  bed: LabBed,
  scenarios: readonly string[],
  options: ScenarioOptions = {},
): Promise<(scenario: string) => TrafficResult> {
  const results = new Map<string, TrafficResult>();
  for (const scenario of scenarios) results.set(scenario, await labTraffic({ name: bed.name }, scenario, options));
  return (scenario) => results.get(scenario) ?? expect.fail(`${scenario} was not run`);
}

/** All flows since a scenario began, when every report that is to be expected of it has ended in the store. */
export async function endedFlows(bed: LabBed, result: TrafficResult): Promise<FlowJson[]> {
  const from = new Date(result.startedAt - 1000).toISOString();
  const missing = (flows: FlowJson[]) =>
    result.connections.flatMap((c) =>
      c.reports
        .filter((r) => !flows.some((f) => f.reporter === r.reporter && f.end !== null && isOf(c, r.srcIp)(f)))
        .map((r) => `${c.what} at ${r.reporter}`),
    );
  let flows: FlowJson[] = [];
  await until(
    `every report of ${result.scenario} has ended`,
    90_000,
    async () => {
      flows = await bed.flows({ from });
      return missing(flows).length === 0;
    },
    () => missing(flows).join(", "),
  );
  return flows;
}

/** The rows of a connection, in the order of its `reports`; each is there once. */
export function reportsOf(flows: readonly FlowJson[], connection: LabConnection): FlowJson[] {
  return connection.reports.map(({ reporter, srcIp }) => {
    const found = flows.filter((flow) => flow.reporter === reporter && isOf(connection, srcIp)(flow));
    expect(found, `${connection.what} at ${reporter}`).toHaveLength(1);
    return found[0] as FlowJson;
  });
}
