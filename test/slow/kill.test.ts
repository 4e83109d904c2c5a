/** kill -9 of agents and server at random moments under traffic: every flow that conntrack reported is in the store exactly once at the end. */
import { setTimeout as sleep } from "node:timers/promises";
import { type AgentNodeName, execIn, labTraffic } from "@flowtrail/lab";
import type { FlowJson } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LabBed, until } from "../integration/harness/bed.ts";
import { asExact, asKey, exact, without } from "../integration/harness/compare.ts";
import {
  type ConntrackOracle,
  inNetwork,
  keyOf,
  type OracleFlow,
  startOracles,
} from "../integration/harness/conntrack-oracle.ts";
import { needs } from "../needs.ts";

const KILLS = 20;
const NODES = ["debian", "inetgw"] as const;
/** What an agent holds in memory before it is on disk: one flush interval, and some room for a busy machine. */
const UNSPOOLED_MS = 1500;

/** Between two rounds of a scenario: `conntrack -E` has a small buffer, and an oracle that loses events is none. */
const PAUSE_MS = 300;

interface Outage {
  readonly node: AgentNodeName;
  readonly fromMs: number;
  readonly toMs: number;
}

describe.skipIf(!needs("kill -9 of agents and server", "lab", "conntrack"))("kill -9 under traffic", () => {
  let bed: LabBed;
  let oracles: Awaited<ReturnType<typeof startOracles>>;
  const outages: Outage[] = [];

  beforeAll(async () => {
    bed = await LabBed.up("kil", { nodes: NODES });
    oracles = await startOracles(bed, NODES);
  }, 120_000);
  afterAll(async () => {
    await bed?.down();
  }, 60_000);

  it("loses and doubles nothing", { timeout: 15 * 60_000 }, async () => {
    const stop = new AbortController();
    const traffic = [
      makeTraffic("short", stop.signal),
      makeTraffic("udp", stop.signal),
      makeTraffic("bulk", stop.signal),
      labTraffic({ name: bed.name }, "trickle", { seconds: 600, signal: stop.signal }),
    ];
    const made = Promise.allSettled(traffic);
    try {
      for (let i = 0; i < KILLS; i++) {
        await sleep(300 + Math.random() * 1500);
        if (i % 3 === 2) await killServer();
        else await killAgent(NODES[i % NODES.length] as AgentNodeName);
      }
    } finally {
      stop.abort();
      await made;
    }
    await Promise.all(traffic);

    const excused: string[] = [];
    for (const node of NODES) excused.push(...(await compare(node)));
    console.log(
      `${KILLS} kills; ${NODES.map((node) => `${node}: ${oracles.get(node)?.destroyed.filter(inNetwork).length} flows`).join(", ")}; ${excused.length} lived and died while their agent was down`,
    );
  });

  async function makeTraffic(scenario: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await labTraffic({ name: bed.name }, scenario, { count: 10, bytes: 200_000, signal });
      await sleep(PAUSE_MS);
    }
  }

  async function killServer(): Promise<void> {
    await bed.killServer("SIGKILL");
    await sleep(Math.random() * 1000);
    await bed.startServer();
  }

  async function killAgent(node: AgentNodeName): Promise<void> {
    const fromMs = Date.now() - UNSPOOLED_MS;
    await bed.agents.kill(node, "SIGKILL");
    await sleep(Math.random() * 1500);
    const againMs = Date.now();
    await bed.agents.restart(node);
    // Its first batch after the first dump: from then on it sees everything.
    await bed.untilReported(node, againMs);
    outages.push({ node, fromMs, toMs: Date.now() });
  }

  /** Compares a node's flows; returns those that its outages excuse. */
  async function compare(node: AgentNodeName): Promise<string[]> {
    const oracle = oracles.get(node) as ConntrackOracle;
    const ended = () => oracle.destroyed.filter(inNetwork);
    // What was torn off would stay for days.
    await execIn({ name: bed.name }, node, ["conntrack", "-F"]);
    await until(
      `${node}'s conntrack entries have ended`,
      120_000,
      () => ended().length >= oracle.created.filter(inNetwork).length,
    );
    const isExcused = (flow: OracleFlow) =>
      outages.some((o) => o.node === node && flow.heardMs >= o.fromMs && flow.heardMs <= o.toMs);
    const must = ended().filter((flow) => !isExcused(flow));
    const may = ended().filter(isExcused);
    let ours: FlowJson[] = [];
    const missing = () => without(must.map(exact), ours.map(asExact));
    await until(
      `the store has every flow of ${node}`,
      120_000,
      async () => {
        ours = await bed.flows({ reporter: node });
        return missing().length === 0;
      },
      () => missing().slice(0, 5).join("; "),
    );

    // Nothing twice: as many rows of a tuple as the kernel had entries of it, at most.
    expect(without(ours.map(asKey), ended().map(keyOf)), `${node}: rows that the kernel knows nothing of`).toEqual([]);
    expect(must.length).toBeGreaterThan(100);
    // What died in an outage may be missing wholly; the others of those are there with what was last known.
    return without(may.map(keyOf), without(ours.map(asKey), must.map(keyOf)));
  }
});
