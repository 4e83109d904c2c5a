/** The lab without an inventory file: named by what its agents see of WireGuard, then by a Netmaker server that comes later. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LabConnection, labInventoryData } from "@flowtrail/lab";
import type { FlowJson } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { client, egress, host, network, node, user } from "../../packages/server/src/identify/sources/netmaker/testing/data.ts";
import { type NetmakerData, NetmakerDouble } from "../../packages/server/src/identify/sources/netmaker/testing/double.ts";
import { needs } from "../needs.ts";
import { LabBed, until } from "./harness/bed.ts";
import { freePort } from "./harness/free-port.ts";
import { reportsOf, runScenario } from "./harness/scenario-rows.ts";

const here = needs("names from agents' WireGuard interfaces and from Netmaker, on the lab", "lab");

interface Health {
  readonly inventory: {
    readonly sources: readonly { readonly name: string; readonly error: string | null; readonly entities: number }[];
  };
}

/** The lab as Netmaker would tell of it. */
function labAsNetmaker(): NetmakerData {
  const [lab] = labInventoryData().networks;
  if (lab === undefined) throw new Error("the lab has no network");
  const [range = "", range6 = ""] = lab.ranges;
  const nodeId = (name: string) => lab.nodes.find((one) => one.name === name)?.id ?? name;
  const extClient = (clientid: string, [address = "", address6 = ""]: readonly string[], gateway: string | null) =>
    client({ clientid, address, address6, network: lab.id, ingressgatewayid: nodeId(gateway ?? "") });
  return {
    networks: [network({ netid: lab.id, addressrange: range, addressrange6: range6 })],
    hosts: lab.nodes.map(({ id, name }) => host({ id: `host-${id}`, name, nodes: [id] })),
    nodes: lab.nodes.map(({ id, addresses: [v4 = "", v6 = ""], gateway }) =>
      node({ id, hostid: `host-${id}`, network: lab.id, address: `${v4}/24`, address6: `${v6}/64`, is_gw: gateway }),
    ),
    extclients: [
      ...lab.users.flatMap(({ id, devices }) =>
        devices.map(({ name, addresses, gateway }) => ({
          ...extClient(`${id}-${name}`, addresses, gateway),
          ownerid: id,
          device_id: "d",
          device_name: name,
        })),
      ),
      ...lab.config_files.map(({ id, addresses, gateway }) => extClient(id, addresses, gateway)),
    ],
    users: lab.users.map(({ id }) => user({ username: id })),
    groups: null,
    mappings: {},
    egress: {
      [lab.id]: lab.egress.flatMap(({ id, name, ranges, via }) =>
        ranges.map((one, i) =>
          egress({ id: i === 0 ? id : `${id}-${i}`, name, network: lab.id, range: one, nodes: { [nodeId(via[0] ?? "")]: 1 } }),
        ),
      ),
    },
  };
}

/** Who both ends are, as one reporter's row says. */
const named = ({ src_type, src_id, src_name, src_device, dst_type, dst_id, dst_name, rank, primary }: FlowJson) => ({
  source: [src_type, src_id, src_name, src_device],
  destination: [dst_type, dst_id, dst_name],
  rank,
  primary,
});

describe.skipIf(!here)("a lab without an inventory file", () => {
  let bed: LabBed;
  let double: NetmakerDouble;
  let dir: string;
  let port: number;

  const sources = async () => (await bed.get<Health>("/api/health")).inventory.sources;
  const source = async (name: string) => (await sources()).find((one) => one.name === name);

  /** What is said of a user's connection to the internet and of one to the LAN behind another gateway. */
  async function namesOf(scenario: string) {
    const { result, flows } = await runScenario(bed, scenario, { count: 1 });
    const connection = result.connections.find((one) => one.protocol === 6) as LabConnection;
    const reports = reportsOf(flows, connection);
    return Object.fromEntries(reports.map((report) => [report.reporter, named(report)]));
  }

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "flowtrail-itinv-"));
    const tokenFile = join(dir, "token");
    writeFileSync(tokenFile, "good-token", { mode: 0o600 });
    double = new NetmakerDouble(labAsNetmaker());
    port = await freePort();
    bed = await LabBed.up("inv", {
      serverArgs: [
        `--inventory-netmaker-url=http://127.0.0.1:${port}`,
        `--inventory-netmaker-token-file=${tokenFile}`,
        "--inventory-netmaker-interval-s=5",
      ],
    });
    bed.writeInventory("networks: []\n");
    await until("the file names nobody any more", 30_000, async () => (await source("file"))?.entities === 0);
    // What the file named, agents did not tell of; now they do: nodes, ranges, two devices, and a LAN (both of its ranges).
    await until("the agents name whom the file named", 60_000, async () => (await source("agent:n-inetgw"))?.entities === 6);
  }, 120_000);
  afterAll(async () => {
    await double?.stop();
    await bed?.down();
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);

  it("is named by its agents: nodes by their names, devices by their keys, a LAN by the peer before it", async () => {
    const key = expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/);
    const short = expect.stringMatching(/^[A-Za-z0-9+/]{8}…$/);
    expect(await namesOf("example3")).toEqual({
      inetgw: { source: ["extclient", key, short, null], destination: ["external", null, null], rank: 2, primary: true },
    });
    const lan = await namesOf("egress");
    expect(Object.values(lan).map(({ source: [type] }) => type)).not.toContain("external");
    for (const { destination } of Object.values(lan)) {
      expect(destination).toEqual(["egress_route", expect.stringMatching(/=:10\.20\.0\.0\/16$/), "officegw 10.20.0.0/16"]);
    }
    expect(Object.values(lan).filter(({ primary }) => primary)).toHaveLength(1);
    expect((await source("netmaker"))?.error).toMatch(/nothing listens there/);
  }, 120_000);

  it("is named by Netmaker when that comes, and while it is away again", async () => {
    await double.start(port);
    await until("Netmaker was read", 120_000, async () => (await source("netmaker"))?.error === null);
    const ana = ["user", "majdi@netmaker.io", "majdi@netmaker.io", "laptop"];
    const example = { inetgw: { source: ana, destination: ["external", null, null], rank: 2, primary: true } };
    expect(await namesOf("example3")).toEqual(example);
    const lan = await namesOf("egress");
    for (const { destination } of Object.values(lan)) expect(destination).toEqual(["egress_route", "office-lan", "Office LAN"]);
    await double.stop();
    await until("Netmaker is missed", 60_000, async () => (await source("netmaker"))?.error !== null);
    expect(await namesOf("example3")).toEqual(example);
    // Also after a restart, with nobody to ask.
    await bed.killServer("SIGTERM");
    await bed.startServer();
    expect(await namesOf("example3")).toEqual(example);
    await double.start(port);
  }, 240_000);
});
