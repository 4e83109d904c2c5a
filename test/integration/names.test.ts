/** Names of flows, from the packets of real programs to the rows of the API: whose connection it was, what it asked for, and how that is known. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { agentNodeNames, configFile, execIn, labDir, labInventory, spawnIn, type TrafficResult, user } from "@flowtrail/lab";
import type { FlowJson } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { needs } from "../needs.ts";
import { LabBed, until } from "./harness/bed.ts";
import { endedFlows, reportsOf, runScenario, runScenarios } from "./harness/scenario-rows.ts";

const here = needs("names of flows on the lab", "lab");
const EXTERNAL = { reporter: "inetgw", direction: "ingress", role: "forwarder", dst_type: "external", primary: true };
const NAMED = ["tls", "split-hello", "quic", "http", "dns-only", "dual-stack", "cdn", "no-sni", "ech"];
const USER = { src_type: "user", src_id: user.id, src_name: user.id, src_device: user.device };
const PRINTER = { src_type: "extclient", src_id: configFile.id };

let bed: LabBed;
beforeAll(async () => {
  if (here) bed = await LabBed.up("nam", { agentArgs: ["--server-config-interval", "1s"] });
}, 120_000);
afterAll(async () => {
  await bed?.down();
}, 60_000);

describe.skipIf(!here)("a flow's name", () => {
  let resultOf: (scenario: string) => TrafficResult;
  beforeAll(async () => {
    resultOf = await runScenarios(bed, NAMED);
  });

  /** A scenario's rows without the DNS queries, IPv4 first, as `from → what it is`. */
  async function rows(scenario: string): Promise<FlowJson[]> {
    const result = resultOf(scenario);
    const flows = await endedFlows(bed, result);
    expect(result.skipped).toBe(null);
    for (const connection of result.connections)
      for (const row of reportsOf(flows, connection))
        expect([row.domain, row.domain_source], `${connection.what} at ${row.reporter}`).toEqual([
          connection.domain,
          connection.domainSource,
        ]);
    return result.connections.filter(({ dstPort }) => dstPort !== 53).flatMap((connection) => reportsOf(flows, connection));
  }
  const named = (domain: string, source: string) => ({ domain, domain_source: source });
  const nameless = { domain: null, domain_source: null };

  it("is what TLS asks for: the user's connection to api.example.test through the gateway, with the user's id", async () => {
    const found = await rows("tls");
    const api = { ...EXTERNAL, ...USER, ...named("api.example.test", "sni"), dst_port: 443 };
    // Who starts the connection and who passes it on both see it.
    const nas = { ...named("nas.office.test", "sni"), src_name: "debian", dst_type: "egress_route", dst_id: "office-lan" };
    const expected = [api, { ...nas, reporter: "debian", primary: true }, { ...nas, reporter: "officegw", primary: false }];
    expect(found).toMatchObject([...expected, ...expected]);
    expect(found.map(({ src_ip }) => src_ip)).toContain("fd0a::21");

    const asked = await bed.flows({ domain: "api.example.test", domain_source: "sni", reports: "merged" });
    expect(asked).toMatchObject([api, api]);
  });

  it("is what a split hello asks for", async () => {
    const row = { ...EXTERNAL, ...USER, ...named("pq.example.test", "sni"), app: "h2" };
    expect(await rows("split-hello")).toMatchObject([row, row, row, row]);
  });

  it("is what QUIC asks for", async () => {
    const row = { ...EXTERNAL, ...USER, protocol: 17, dst_port: 443, app: "h3" };
    const expected = ["h3.example.test", "h3v6.example.test"].map((name) => ({ ...row, ...named(name, "quic") }));
    expect(await rows("quic")).toMatchObject(expected);
  });

  it("is the Host of plain HTTP", async () => {
    const found = await rows("http");
    expect(found.filter(({ reporter }) => reporter === "inetgw")).toMatchObject([
      { ...EXTERNAL, ...USER, ...named("www.example.test", "http") },
      { ...EXTERNAL, ...USER, ...named("www.example.test", "http") },
    ]);
  });

  it("is what this client asked DNS for, and nothing for a client that did not", async () => {
    const asked = { ...EXTERNAL, ...USER, ...named("git.example.test", "dns"), dst_port: 9418 };
    const didNot = { ...EXTERNAL, ...PRINTER, ...nameless, dst_port: 9418 };
    expect(await rows("dns-only")).toMatchObject([asked, didNot, asked, didNot]);
  });

  it("is what this client asked DNS for by its other address: an agent knows both by WireGuard", async () => {
    const row = { ...EXTERNAL, ...USER, ...named("dual.example.test", "dns") };
    expect(await rows("dual-stack")).toMatchObject([
      { ...row, src_ip: "100.102.137.21" },
      { ...row, src_ip: "fd0a::21" },
    ]);
  });

  it("is for each client of a shared address the name that it asked for, not the CNAME's target", async () => {
    const found = await rows("cdn");
    const mine = { ...EXTERNAL, ...USER, ...named("www.shop.example.test", "dns") };
    const printers = { ...EXTERNAL, ...PRINTER, ...named("img.news.example.test", "dns") };
    expect(found).toMatchObject([mine, printers, mine, printers]);
    for (const [one, other] of [found.slice(0, 2), found.slice(2)]) expect(one!.dst_ip).toBe(other!.dst_ip);
  });

  it("falls back to DNS where TLS says nothing, or hides whom it asks for, and says so", async () => {
    const legacy = { ...EXTERNAL, ...USER, ...named("legacy.example.test", "dns") };
    const nobodys = { ...EXTERNAL, ...PRINTER, ...nameless };
    expect(await rows("no-sni")).toMatchObject([legacy, nobodys, legacy, nobodys]);
    const secret = { ...EXTERNAL, ...USER, ...named("secret.example.test", "dns"), app: "h2+ech" };
    const outer = { ...EXTERNAL, ...PRINTER, ...named("public.cdn.test", "sni"), app: "h2+ech" };
    expect(await rows("ech")).toMatchObject([secret, outer, secret, outer]);
  });

  it("is there while the flow is open, and still there after the agent was killed", { timeout: 120_000 }, async () => {
    const script = `
      const tls = require("node:tls");
      const socket = tls.connect({ host: "203.0.113.145", port: 443, servername: "api.example.test", ca: require("node:fs").readFileSync(process.argv[1]) });
      socket.on("secureConnect", () => console.log(socket.localPort));`;
    const child = spawnIn({ name: bed.name }, "user", [process.execPath, "-e", script, join(labDir(bed.name), "ca.crt")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [text] = (await once(child.stdout!, "data")) as [Buffer];
    const query = { src_ip: "100.102.137.21", src_port: text.toString().trim() };
    const isNamed = (flows: FlowJson[]) => flows.some(({ domain }) => domain === "api.example.test");
    const [open] = await bed.flowsUntil("the open flow has its name", query, isNamed);
    expect(open).toMatchObject({ ...EXTERNAL, ...named("api.example.test", "sni"), state: "open", end: null });

    await bed.agents.kill("inetgw", "SIGKILL");
    const againMs = Date.now();
    await bed.agents.restart("inetgw");
    await bed.untilReported("inetgw", againMs);
    child.kill("SIGKILL");
    const [ended] = await bed.flowsUntil("it has ended", query, (flows) => flows.every(({ end }) => end !== null), 90_000);
    expect(ended).toMatchObject({ ...named("api.example.test", "sni"), flow_id: open!.flow_id });
  });
});

describe.skipIf(!here)("how much of names is kept", () => {
  beforeAll(async () => {
    await bed.killServer("SIGTERM");
    await bed.startServer(["--agents-names", "off"]);
  }, 120_000);

  /** How many packet sockets the kernel has in the namespace of each node with an agent. */
  const packetSockets = () =>
    Promise.all(
      agentNodeNames.map(async (node) => {
        const { stdout } = await execIn({ name: bed.name }, node, ["cat", "/proc/net/packet"]);
        return stdout.trim().split("\n").length - 1; // but for the heading
      }),
    );
  const agentStatus = () =>
    JSON.parse(readFileSync(join(bed.stateOf("inetgw"), "status.json"), "utf8")) as Record<string, unknown>;
  const domains = async (scenario: string) => {
    const { result, flows } = await runScenario(bed, scenario, { family: 4 });
    const rows = result.connections.flatMap((connection) => reportsOf(flows, connection));
    return [...new Set(rows.map(({ domain, domain_source }) => `${domain} ${domain_source}`))].sort();
  };

  it("is nothing at all where it is switched off: not captured, rather than hidden", async () => {
    await until("the agents listen no more", 90_000, async () => (await packetSockets()).every((count) => count === 0));
    expect(await domains("tls")).toEqual(["null null"]);
    expect(await domains("dns-only")).toEqual(["null null"]);
    expect(await packetSockets()).toEqual(agentNodeNames.map(() => 0));
    await expect.poll(agentStatus, { timeout: 30_000 }).toMatchObject({ names: { interfaces: [] } });
  });

  it("is said per network, and changes while the agent runs", { timeout: 180_000 }, async () => {
    const keep = (names: string) =>
      bed.writeInventory(labInventory().replace(/^( *- id: netmaker)$/m, `$1\n    names: ${names}`));
    keep("second-level");
    await until("the agents listen", 90_000, async () => (await packetSockets()).every((count) => count > 0));
    expect(await domains("cdn")).toEqual(["example.test dns", "null null"]);
    expect(await domains("tls")).toEqual(["example.test sni", "null null", "office.test sni"]);
    keep("off");
    await until("the agents listen no more", 90_000, async () => (await packetSockets()).every((count) => count === 0));
    expect(await domains("tls")).toEqual(["null null"]);
  });
});
