/** The server is away for 5 minutes of traffic: nothing is lost, and the agent's memory stays flat. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { labTraffic } from "@flowtrail/lab";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LabBed, until } from "../integration/harness/bed.ts";
import { asKey, without } from "../integration/harness/compare.ts";
import { ConntrackOracle, inNetwork, keyOf } from "../integration/harness/conntrack-oracle.ts";
import { needs } from "../needs.ts";

const AWAY_MS = 5 * 60_000;
const NODE = "debian";
/** The first minute fills caches and compiles code; after it nothing may go on growing. */
const WARM_UP_MS = 60_000;
const MAY_GROW = 1.15;

describe.skipIf(!needs("the server away for 5 minutes", "lab", "conntrack"))("a server that is away for 5 minutes", () => {
  let bed: LabBed;
  let oracle: ConntrackOracle;

  beforeAll(async () => {
    bed = await LabBed.up("awa", { nodes: [NODE] });
    oracle = new ConntrackOracle(bed.namespace(NODE));
    await oracle.start();
  }, 120_000);
  afterAll(async () => {
    await bed?.down();
  }, 60_000);

  it("costs no flow and no memory", async () => {
    const pid = bed.agents.status().find((agent) => agent.node === NODE)?.pid ?? 0;
    await bed.killServer("SIGTERM");
    const stop = new AbortController();
    const traffic = ["short", "udp", "refused"].map((scenario) => repeat(scenario, stop.signal));
    const startedMs = Date.now();
    const samples: number[] = [];
    while (Date.now() - startedMs < AWAY_MS) {
      await sleep(5000);
      if (Date.now() - startedMs > WARM_UP_MS) samples.push(rssBytes(pid));
    }
    stop.abort();
    await Promise.all(traffic);
    await bed.startServer();

    // Of hundreds of thousands some speak from a port that is taken for the tunnel's where WireGuard does not tell its own.
    const users = (events: typeof oracle.created) =>
      events.filter((one) => inNetwork(one) && !/^17 \S+:5182[01] /.test(keyOf(one)));
    const ended = () => users(oracle.destroyed);
    await until("the kernel's entries have ended", 120_000, () => ended().length >= users(oracle.created).length);
    let missing: string[] = [];
    await until(
      "everything has arrived",
      120_000,
      async () => {
        missing = without(ended().map(keyOf), (await bed.flows({ reporter: NODE })).map(asKey));
        return missing.length === 0;
      },
      () => `${missing.length} of ${ended().length}: ${missing.slice(0, 5).join("; ")}`,
    );
    expect(
      without((await bed.flows({ reporter: NODE })).map(asKey), oracle.destroyed.filter(inNetwork).map(keyOf)),
      "rows that the kernel knows nothing of",
    ).toEqual([]);

    const third = Math.floor(samples.length / 3);
    const [early, late] = [median(samples.slice(0, third)), median(samples.slice(-third))];
    console.log(
      `${ended().length} flows while the server was away; agent's memory: ${mib(early)} early, ${mib(late)} late (${(late / early).toFixed(2)}×)`,
    );
    expect(late / early).toBeLessThan(MAY_GROW);
  });

  async function repeat(scenario: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) await labTraffic({ name: bed.name }, scenario, { count: 20, signal });
  }
});

const rssBytes = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
