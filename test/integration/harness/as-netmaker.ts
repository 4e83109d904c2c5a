/** Flows as Netmaker's agents would have told them, for comparison: what is stored of them through that door. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labInventory } from "@flowtrail/lab";
import type { FlowJson } from "@flowtrail/model";
import { NetmakerAgent } from "../../../packages/server/src/receive/netmaker/testing/agent.ts";
import {
  destroy,
  EGRESS,
  EGRESS_ROUTE,
  EXTCLIENT,
  EXTERNAL,
  encode,
  INGRESS,
  NODE,
  START,
  type TestEvent,
  USER,
  ZERO_TIME,
} from "../../../packages/server/src/receive/netmaker/testing/events.ts";
import { startTestServer } from "../../../packages/server/src/testing.ts";

const TYPES: Readonly<Record<string, number>> = {
  node: NODE,
  user: USER,
  extclient: EXTCLIENT,
  egress_route: EGRESS_ROUTE,
  external: EXTERNAL,
};

function endOf(flow: FlowJson, side: "src" | "dst"): TestEvent["src"] {
  const type = TYPES[String(flow[`${side}_type`])] ?? EXTERNAL;
  return { ip: String(flow[`${side}_ip`]), type, id: String(flow[`${side}_id`] ?? ""), name: String(flow[`${side}_name`] ?? "") };
}

/** The DESTROY that an agent of Netmaker's would have sent. */
function eventOf(flow: FlowJson, number: number): TestEvent {
  const [src, dst] = [
    { bytes: BigInt(flow.src_bytes ?? 0), packets: BigInt(flow.src_packets ?? 0) },
    { bytes: BigInt(flow.dst_bytes ?? 0), packets: BigInt(flow.dst_packets ?? 0) },
  ];
  const [sent, received] = flow.direction === "egress" ? [src, dst] : [dst, src];
  return destroy({
    flowId: `flow-${number}`,
    hostId: String(flow.reporter_id),
    hostName: String(flow.reporter),
    networkId: String(flow.network),
    protocol: Number(flow.protocol),
    srcPort: Number(flow.src_port ?? 0),
    dstPort: Number(flow.dst_port ?? 0),
    icmpType: Number(flow.icmp_type ?? 0),
    icmpCode: Number(flow.icmp_code ?? 0),
    direction: flow.direction === "egress" ? EGRESS : INGRESS,
    src: endOf(flow, "src"),
    dst: endOf(flow, "dst"),
    startTsMs: BigInt(Date.parse(String(flow.start))),
    endTsMs: BigInt(Date.parse(String(flow.end))),
    bytesSent: sent.bytes,
    bytesRecv: received.bytes,
    packetsSent: sent.packets,
    packetsRecv: received.packets,
    status: Number(flow.ct_status ?? 0),
    version: BigInt(Date.parse(String(flow.end)) + 10),
  });
}

/** Ended flows of our agents, told by agents of Netmaker's to another server with the lab's inventory: what that has then. */
export async function throughNetmakersDoor(flows: readonly FlowJson[]): Promise<FlowJson[]> {
  const dir = await mkdtemp(join(tmpdir(), "flowtrail-door-"));
  const inventory = join(dir, "inventory.yaml");
  await writeFile(inventory, labInventory());
  const test = await startTestServer({ flags: { "netmaker.listen": "127.0.0.1:0", "inventory.file": inventory } });
  try {
    const { body } = await test.ask<{ listeners: { netmaker: string } }>("GET", "/api/health");
    const events = flows.map(eventOf);
    for (const host of new Set(events.map(({ hostId }) => hostId))) {
      const own = events.filter(({ hostId }) => hostId === host);
      const agent = new NetmakerAgent("connect", () => body.listeners.netmaker);
      await agent.report(own.map((one) => encode("1.5", { ...one, type: START, endTsMs: ZERO_TIME, status: 8 })));
      await agent.report(own.map((one) => encode("1.5", one)));
      agent.stop();
      if (agent.dropped > 0) throw new Error(`the agent of ${host} gave up ${agent.dropped} events`);
    }
    return (await test.flows("reports=all&from=now-1h&limit=1000")).flows;
  } finally {
    await test.stop();
    await rm(dir, { recursive: true });
  }
}
