import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { needs } from "../../test/needs.ts";
import { agentNodeNames, execIn, type LabConnection, labDown, labScenarios, labTraffic, labUp, spawnIn } from "./index.ts";
import { soon, testLabName } from "./traces.test-helper.ts";

/** A connection as the kernel removed it: `conntrack -E -e DESTROY -o extended`. */
interface Entry {
  protocol: number;
  original: Record<string, string>;
  reply: Record<string, string>;
}

function parseEntry(line: string): Entry {
  const protocol = Number(/ipv[46]\s+\d+\s+\S+\s+(\d+)/.exec(line)?.[1]);
  const tuples: Record<string, string>[] = [];
  for (const [, key, value] of line.matchAll(/(\w+)=(\S+)/g)) {
    if (key === "src") tuples.push({});
    tuples.at(-1)![key!] ??= value!;
  }
  return { protocol, original: tuples[0]!, reply: tuples[1]! };
}

/** Writes down what the kernel of a node removes, from its start on: a refused TCP attempt is gone as soon as the reset has come. */
class Watcher {
  readonly node: string;
  readonly #child: ChildProcess;
  #text = "";

  constructor(lab: string, node: string) {
    this.node = node;
    this.#child = spawnIn({ name: lab }, node, ["conntrack", "-E", "-e", "DESTROY", "-o", "extended"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.#child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.#text += text;
    });
  }

  /** Its socket has joined the group (proc's Groups is a mask; NFNLGRP_CONNTRACK_DESTROY is 3). */
  isListening(): boolean {
    const lines = readFileSync(`/proc/${this.#child.pid}/net/netlink`, "utf8").split("\n");
    return lines.some((line) => /^\S+ +12 +\d+ +00000004 /.test(line));
  }

  entries(): Entry[] {
    return this.#text.split("\n").slice(0, -1).map(parseEntry);
  }

  forget(): void {
    this.#text = "";
  }

  stop(): void {
    this.#child.kill();
  }
}

const matches = (connection: LabConnection, srcIp: string, { protocol, original }: Entry): boolean =>
  protocol === connection.protocol &&
  original.src === srcIp &&
  original.dst === connection.dstIp &&
  (connection.icmpId === null
    ? original.sport === String(connection.srcPort) && original.dport === String(connection.dstPort)
    : original.id === String(connection.icmpId));

describe.skipIf(!needs("scenarios against the kernel's own counters", "lab", "conntrack"))(
  "scenarios against the kernel's own counters",
  () => {
    const name = testLabName("s");
    let watchers: Watcher[] = [];
    beforeAll(async () => {
      await labUp({ name });
      const track = "table inet test {\nchain track {\nct state new\n}\n}\n";
      for (const node of agentNodeNames) {
        await execIn({ name }, node, ["sh", "-c", "echo 1 > /proc/sys/net/netfilter/nf_conntrack_acct"]);
        expect(await execIn({ name }, node, ["nft", "-f", "-"], { input: track })).toMatchObject({ code: 0 });
      }
      watchers = agentNodeNames.map((node) => new Watcher(name, node));
      for (const watcher of watchers) await vi.waitFor(() => expect(watcher.isListening()).toBe(true), soon);
    });
    afterAll(async () => {
      for (const watcher of watchers) watcher.stop();
      await labDown({ name });
    });

    const watcherOf = (node: string): Watcher => watchers.find((watcher) => watcher.node === node)!;
    /** Makes every kernel tell what it still tracks. */
    async function flush(): Promise<void> {
      for (const node of agentNodeNames) await execIn({ name }, node, ["conntrack", "-F"]);
    }

    it.for(Object.keys(labScenarios))(
      "%s: every node that should report a connection tracks it, with the bytes that are known",
      async (scenario, { skip }) => {
        for (const watcher of watchers) watcher.forget();
        const result = await labTraffic({ name }, scenario, { seconds: 2, count: 5, bytes: 300_000 });
        skip(result.skipped !== null && process.env.FLOWTRAIL_REQUIRE_ALL !== "1", result.skipped ?? "");
        expect(result).toMatchObject({ lab: name, scenario, skipped: null, omitted: 0 });
        expect(result.connections.length).toBeGreaterThan(0);
        await flush();
        for (const connection of result.connections) {
          for (const report of connection.reports) {
            const found = (): Entry[] =>
              watcherOf(report.reporter)
                .entries()
                .filter((entry) => matches(connection, report.srcIp, entry));
            await expect
              .poll(found, { ...soon, message: `${connection.what} on ${report.reporter}: ${JSON.stringify(connection)}` })
              .toHaveLength(1);
            const { original, reply } = found()[0]!;
            if (connection.srcBytes !== null)
              expect(original).toMatchObject({ bytes: String(connection.srcBytes), packets: String(connection.srcPackets) });
            if (connection.dstBytes !== null)
              expect(reply).toMatchObject({ bytes: String(connection.dstBytes), packets: String(connection.dstPackets) });
            expect(reply.dst).toBe(report.natSrcIp ?? report.srcIp);
          }
          // A node's own business outside of the network is tracked, too: it is the agent that leaves it out.
          if (scenario === "outside") continue;
          const others = watchers.filter((watcher) => !connection.reports.some((report) => report.reporter === watcher.node));
          const tracking = others.filter((watcher) =>
            watcher.entries().some((entry) => matches(connection, connection.srcIp, entry)),
          );
          expect(
            tracking.map((watcher) => watcher.node),
            connection.what,
          ).toEqual([]);
        }
      },
    );

    it("example1 is a SYN and its RST: 60 and 40 bytes, over IPv6 80 and 60", async () => {
      for (const watcher of watchers) watcher.forget();
      const { connections } = await labTraffic({ name }, "example1");
      const [v4, v6] = connections;
      expect(v4).toMatchObject({
        srcIp: "100.102.137.9",
        srcPort: 44006,
        dstIp: "100.102.137.4",
        dstPort: 443,
        outcome: "refused",
      });
      expect(v6).toMatchObject({ srcIp: "fd0a::9", srcPort: 44006, dstIp: "fd0a::4", dstPort: 443, outcome: "refused" });
      expect(v4!.reports.map(({ reporter, direction }) => ({ reporter, direction }))).toEqual([
        { reporter: "debian", direction: "egress" },
        { reporter: "inetgw", direction: "ingress" },
      ]);
      await flush();
      for (const node of ["debian", "inetgw"]) {
        const counted = (connection: LabConnection): (string | undefined)[][] =>
          watcherOf(node)
            .entries()
            .filter((entry) => matches(connection, connection.srcIp, entry))
            .map(({ original, reply }) => [original.bytes, reply.bytes]);
        await expect.poll(() => counted(v4!), soon).toEqual([["60", "40"]]);
        await expect.poll(() => counted(v6!), soon).toEqual([["80", "60"]]);
      }
    });

    it("the outcomes are those of the scenarios' names", async () => {
      const outcomes = async (scenario: string): Promise<unknown[]> => {
        const { connections } = await labTraffic({ name }, scenario, { family: 4 });
        return [...new Set(connections.map((connection) => connection.outcome))];
      };
      expect(await outcomes("refused")).toEqual(["refused"]);
      expect(await outcomes("filtered")).toEqual(["silent"]);
      for (const scenario of ["example3", "bulk", "udp", "dns", "icmp", "egress", "outside"])
        expect(await outcomes(scenario), scenario).toEqual(["answered"]);
    });

    it("tells of a connection while it is open, and stops when asked to", async () => {
      const stop = new AbortController();
      const heard: LabConnection[] = [];
      const result = await labTraffic({ name }, "trickle", {
        seconds: 3600,
        family: 4,
        signal: stop.signal,
        onConnection: (connection) => {
          heard.push(connection);
          stop.abort();
        },
      });
      expect(heard).toMatchObject([{ from: "debian", to: "officegw", endedAt: null, srcPort: expect.any(Number) }]);
      expect(result.connections).toEqual([]);
      const listed = async (): Promise<string> => (await execIn({ name }, "debian", ["cat", "/proc/net/tcp"])).stdout;
      const port = heard[0]!.srcPort!.toString(16).toUpperCase().padStart(4, "0");
      const established = "01";
      await expect.poll(listed, soon).not.toMatch(new RegExp(`:${port} \\w+:0016 ${established} `));
    });

    it("says so when a connection was torn off", async () => {
      const tear = async ({ srcIp, srcPort, endedAt }: LabConnection): Promise<void> => {
        if (endedAt === null) await execIn({ name }, "officegw", ["ss", "-K", "-t", "dst", srcIp, "dport", "=", String(srcPort)]);
      };
      const torn: Promise<void>[] = [];
      const onConnection = (connection: LabConnection): unknown => torn.push(tear(connection));
      const { connections } = await labTraffic({ name }, "trickle", { seconds: 30, family: 4, onConnection });
      await Promise.all(torn);
      expect(connections).toMatchObject([{ outcome: "broken", verdicts: ["answered"], dstBytes: null }]);
    });

    it("knows its scenarios", async () => {
      await expect(labTraffic({ name }, "exampel1")).rejects.toMatchObject({
        code: "LAB_UNKNOWN_SCENARIO",
        data: { known: Object.keys(labScenarios) },
        message: expect.stringContaining("example1, example3, bulk"),
      });
      await expect(labTraffic({ name }, "constructor")).rejects.toMatchObject({ code: "LAB_UNKNOWN_SCENARIO" });
    });
  },
);
