/** Nothing is counted twice, and in the end all is counted: with few agents or many, with dead ones, late ones, and translation on the way. */
import { setTimeout as sleep } from "node:timers/promises";
import { type AgentNodeName, agentNodeNames, execIn, type LabConnection, labTraffic } from "@flowtrail/lab";
import type { FlowJson } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { needs } from "../needs.ts";
import { LabBed, until } from "./harness/bed.ts";

const here = needs("totals with few agents and many, dead agents and late ones", "lab");
/** Port of the way to the server on every node's own 127.0.0.1. */
const SERVER_PORT = 8080;
/** A gap is declared when the agent is back, and settled when it has told what it found. */
const SETTLED_MS = 120_000;

describe.skipIf(!here)(
  "the primary report",
  () => {
    let bed: LabBed;
    const nodes: AgentNodeName[] = [];

    beforeAll(async () => {
      bed = await LabBed.up("pri", { nodes: [], masquerade: ["internet", "overlay", "lan"] });
    }, 120_000);
    afterAll(async () => {
      await bed?.down();
    }, 60_000);

    const add = async (...more: AgentNodeName[]) => {
      await bed.startAgents(more);
      nodes.push(...more);
    };

    /** What counts of the flows that began then; others may still be open. */
    const merged = async (from: string) =>
      (await bed.flows({ reports: "merged", from })).filter(({ start }) => Date.parse(String(start)) >= Date.parse(from));

    async function traffic(scenarios: readonly string[], options: { count?: number } = {}) {
      const connections: LabConnection[] = [];
      let startedMs = Number.POSITIVE_INFINITY;
      for (const scenario of scenarios) {
        const result = await labTraffic({ name: bed.name }, scenario, { count: 3, ...options });
        startedMs = Math.min(startedMs, result.startedAt);
        connections.push(...result.connections);
      }
      return { connections, from: new Date(startedMs - 500).toISOString() };
    }

    /** What the whole network sent, per pair of addresses: [rows, bytes]. */
    function sum(found: readonly { pair: string; bytes: number }[]): Record<string, [rows: number, bytes: number]> {
      const totals: Record<string, [number, number]> = {};
      for (const { pair, bytes } of found) {
        const [rows, all] = totals[pair] ?? [0, 0];
        totals[pair] = [rows + 1, all + bytes];
      }
      return Object.fromEntries(Object.entries(totals).sort());
    }
    const told = (flows: readonly FlowJson[]) =>
      sum(
        flows.map(({ protocol, src_ip, dst_ip, src_bytes, dst_bytes }) => ({
          pair: `${protocol} ${src_ip} → ${dst_ip}`,
          bytes: Number(src_bytes) + Number(dst_bytes),
        })),
      );
    /** What the lab knows that it sent, as far as some node with an agent saw it. */
    const sent = (connections: readonly LabConnection[]) =>
      sum(
        connections
          .filter(({ reports }) => reports.some(({ reporter }) => nodes.includes(reporter)))
          .map(({ protocol, srcIp, dstIp, srcBytes, dstBytes }) => ({
            pair: `${protocol} ${srcIp} → ${dstIp}`,
            bytes: Number(srcBytes) + Number(dstBytes),
          })),
      );

    /** Waits until each connection that some agent saw is counted once; looks all the while that none is counted twice. */
    async function allOnce(
      what: string,
      wanted: Record<string, [rows: number, bytes: number]>,
      from: string,
      ofThese = (_: FlowJson) => true,
    ) {
      let found: typeof wanted = {};
      await until(
        what,
        SETTLED_MS,
        async () => {
          found = told((await merged(from)).filter(ofThese));
          for (const [pair, [rows, bytes]] of Object.entries(found)) {
            expect([pair, rows <= (wanted[pair]?.[0] ?? 0), bytes <= (wanted[pair]?.[1] ?? 0)]).toEqual([pair, true, true]);
          }
          return JSON.stringify(found) === JSON.stringify(wanted);
        },
        () => JSON.stringify({ found, wanted }),
      );
    }

    /** Scenarios of which every byte is known beforehand. */
    const exact = ["example1", "icmp", "udp", "dns", "refused"];
    const totals: Record<string, [number, number]>[] = [];
    it.each([[["inetgw"]], [["debian"]], [["officegw"]]] as AgentNodeName[][][])(
      "makes the totals of every pair what was sent, also after an agent on %s was added",
      async (more) => {
        await add(...more);
        const { connections, from } = await traffic(exact);
        const wanted = sent(connections);
        expect(Object.keys(wanted).length).toBeGreaterThan(5);
        await allOnce("the totals are what was sent", wanted, from);
        totals.push(wanted);
      },
    );

    it("makes the same totals with one agent, two and all", () => {
      const [one = {}, two = {}, all = {}] = totals;
      expect(nodes.length).toBe(agentNodeNames.length);
      for (const pair of Object.keys(one)) expect([pair, two[pair], all[pair]]).toEqual([pair, one[pair], one[pair]]);
      for (const pair of Object.keys(two)) expect([pair, all[pair]]).toEqual([pair, two[pair]]);
      expect(Object.keys(all).length).toBeGreaterThan(Object.keys(one).length);
    });

    /** Connections and not bytes: over TCP, those depend on how the kernel acknowledges. */
    const byPort = (connections: readonly LabConnection[]) =>
      connections.map(({ family, srcPort }) => `${family} ${srcPort}`).sort();
    const countedPorts = (flows: readonly FlowJson[]) =>
      flows.map(({ src_ip, src_port }) => `${String(src_ip).includes(":") ? 6 : 4} ${src_port}`).sort();

    async function portsOnce(what: string, connections: readonly LabConnection[], from: string): Promise<FlowJson[]> {
      const wanted = byPort(connections);
      let flows: FlowJson[] = [];
      await until(
        what,
        SETTLED_MS,
        async () => {
          flows = await merged(from);
          const found = countedPorts(flows);
          expect(found).toEqual([...new Set(found)]);
          return JSON.stringify(found) === JSON.stringify(wanted);
        },
        () =>
          JSON.stringify({
            wanted,
            found: flows.map(({ src_ip, src_port, reporter, start, end }) => [src_ip, src_port, reporter, start, end]),
          }),
      );
      return flows;
    }

    it("is the other end's where the initiator's agent was dead, once it is known that it was", async () => {
      await bed.agents.kill("debian", "SIGKILL");
      const { connections, from } = await traffic(["short"], { count: 20 });
      const ofInetgw = { from, reporter: "inetgw" };
      const isOver = (flows: readonly FlowJson[]) => flows.filter(({ counters_final }) => counters_final).length >= 40;
      await bed.flowsUntil("the responder's kernel has forgotten them", ofInetgw, isOver, 60_000);
      // And so has the initiator's.
      await sleep(2000);
      // It may only be late.
      expect(await merged(from)).toEqual([]);
      // These it will still find, and report itself.
      connections.push(...(await traffic(["short"], { count: 5 })).connections);
      await bed.agents.restart("debian");
      const flows = await portsOnce("each connection counts", connections, from);
      // Some states of TCP linger longer than most.
      expect(flows.filter(({ reporter }) => reporter === "inetgw").length).toBeGreaterThan(20);
      await until("nothing is left to be elected", SETTLED_MS, async () => (await reelections()).pending === 0);
      await portsOnce("each connection still counts once", connections, from);
      expect((await reelections()).last_error).toBeNull();
    });

    const reelections = async () =>
      (await bed.get<{ reelections: { pending: number; last_error: string | null } }>("/api/health")).reelections;

    async function nft(rules: string): Promise<void> {
      const { code, stderr } = await execIn({ name: bed.name }, "debian", ["nft", rules]);
      expect([code, stderr]).toEqual([0, ""]);
    }

    it("is the initiator's where that comes late; nothing is counted before it, and nothing twice", async () => {
      const rules = `table inet late { chain out { type filter hook output priority 0; tcp dport ${SERVER_PORT} drop; }; }`;
      await nft(rules);
      const { connections, from } = await traffic(["short"], { count: 20 });
      await until("the responder has reported", 60_000, async () => (await bed.flows({ from, reporter: "inetgw" })).length >= 40);
      expect(await merged(from)).toEqual([]);
      // Several more chances for it to get through.
      await sleep(3000);
      expect(await merged(from)).toEqual([]);
      await nft("delete table inet late");
      const flows = await portsOnce("each connection counts", connections, from);
      expect(new Set(flows.map(({ reporter }) => reporter))).toEqual(new Set(["debian"]));
    });

    const toLan = ({ dst_ip }: FlowJson) => ["10.20.0.5", "fd20::5"].includes(String(dst_ip));

    it("is the gateway's that knows the user, where two translate on the way", async () => {
      const { from } = await traffic(["egress"]);
      const reports = await bed.flowsUntil("both gateways have reported", { from }, (found) => found.filter(toLan).length >= 8);
      const counted = reports.filter(toLan).filter(({ primary }) => primary);
      expect(counted.map(({ reporter, src_name, rank }) => [reporter, src_name, rank]).sort()).toEqual([
        ["debian", "debian", 1],
        ["debian", "debian", 1],
        ["inetgw", "majdi@netmaker.io", 2],
        ["inetgw", "majdi@netmaker.io", 2],
      ]);
    });

    it("is the second gateway's where the first one's agent is removed", async () => {
      await bed.agents.kill("inetgw", "SIGKILL");
      const { from } = await traffic(["egress"]);
      const ofUser = (flows: readonly FlowJson[]) => flows.filter((flow) => toLan(flow) && flow.src_name === "inetgw");
      await bed.flowsUntil("the second gateway has reported", { from }, (found) => ofUser(found).length >= 2);
      expect(ofUser(await merged(from))).toEqual([]);
      const { tokens } = await bed.get<{ tokens: { id: string; node: string | null }[] }>("/api/tokens");
      for (const { id, node } of tokens) if (node === "n-inetgw") await bed.delete(`/api/tokens/${id}`);
      await until("they count", SETTLED_MS, async () => ofUser(await merged(from)).length === 2);
      expect(ofUser(await merged(from)).map(({ reporter, rank }) => [reporter, rank])).toEqual([
        ["officegw", 4],
        ["officegw", 4],
      ]);
    });
  },
  240_000,
);
