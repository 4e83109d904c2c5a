import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AgentDeclaration, parseAddress, parseCidr } from "@flowtrail/model";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { needs } from "../../../../test/needs.ts";
import { Testbed } from "../capture/testing/testbed.ts";
import type { HostInterface } from "../networks-of-host.ts";
import { declarationOf } from "./declaration.ts";
import { Declarer } from "./declarer.ts";
import { parseAllowedIps, parsePublicKeys } from "./wg-output.ts";
import { readWireguard, type WireguardInterface } from "./wireguard.ts";

const key = (letter: string) => `${letter.repeat(43)}=`;
const cidr = (text: string) => parseCidr(text) ?? expect.fail(text);
const network = (id: string, ...ranges: string[]) => ({ id, ranges: ranges.map(cidr), egress: [], members: [] });
function host(name: string, ...subnets: string[]): HostInterface {
  const addresses = subnets.map((text) => {
    const [ip = ""] = text.split("/");
    return { bytes: parseAddress(ip) ?? expect.fail(ip), text: ip, subnet: cidr(text) };
  });
  return { name, overlay: true, addresses, routes: [] };
}

describe("wg's output", () => {
  it("has keys and peers by interface", () => {
    const keys = `wg0\t${key("A")}\nnew\t(none)\nwg1\t${key("B")}\n`;
    expect([...parsePublicKeys(keys)]).toEqual([
      ["wg0", key("A")],
      ["wg1", key("B")],
    ]);
    const peers = `wg0\t${key("P")}\t10.9.0.2/32 fd09::2/128\nwg0\t${key("Q")}\t(none)\nwg1\t${key("R")}\t0.0.0.0/0\n`;
    expect([...parseAllowedIps(peers)]).toEqual([
      [
        "wg0",
        [
          { publicKey: key("P"), allowedIps: ["10.9.0.2/32", "fd09::2/128"] },
          { publicKey: key("Q"), allowedIps: [] },
        ],
      ],
      ["wg1", [{ publicKey: key("R"), allowedIps: ["0.0.0.0/0"] }]],
    ]);
  });

  it.each(["", "\n\n", "\t\t\t", "wg0", "wg0\tshort\t10.0.0.1/32", "\u0000"])("may be anything: %j", (text) => {
    expect(parsePublicKeys(text).size + parseAllowedIps(text).size).toBe(0);
  });
});

describe("the declaration", () => {
  const wg = (name: string, count: number, allowedIps = ["10.9.0.2/32"]): WireguardInterface => ({
    name,
    publicKey: key("A"),
    peers: Array.from({ length: count }, (_, i) => ({
      publicKey: key("P").slice(0, 38) + String(i).padStart(5, "0"),
      allowedIps,
    })),
  });

  it("has the ranges as the agent takes them, and the interfaces in a network", () => {
    const networks = [network("mesh", "10.9.0.0/24"), network("wg1", "10.8.0.0/24")];
    const interfaces = [host("wg0", "10.9.0.1/24"), host("wg1"), host("wg2", "192.0.2.1/24")];
    const { declaration, cut } = declarationOf(networks, interfaces, [wg("wg0", 1), wg("wg1", 0), wg("wg2", 1)]);
    expect(cut).toBe(0);
    expect(declaration.ranges).toEqual({ mesh: ["10.9.0.0/24"], wg1: ["10.8.0.0/24"] });
    expect(declaration.wireguard.map((one) => [one.network, one.name, one.peers.length])).toEqual([
      ["mesh", "wg0", 1],
      ["wg1", "wg1", 0],
    ]);
  });

  it.each([
    ["peers", 5000, ["10.9.0.2/32"], 904],
    ["ranges of a peer", 1, Array.from({ length: 1500 }, () => "10.0.0.0/8"), 500],
    ["characters", 4000, Array.from({ length: 20 }, () => "fd00:1111:2222:3333::/64"), 0],
  ])("has bounds: %s", (_, peers, allowedIps, cutAtLeast) => {
    const { declaration, cut } = declarationOf([network("wg0", "10.9.0.0/24")], [host("wg0")], [wg("wg0", peers, allowedIps)]);
    expect(cut).toBeGreaterThanOrEqual(Math.max(1, cutAtLeast));
    expect(JSON.stringify(declaration).length).toBeLessThan(700_000);
  });

  it("goes with the first batch, after a change, and every five minutes", () => {
    const declarer = new Declarer();
    expect(declarer.take(0)).toEqual({});
    const first = declarationOf([network("a", "10.0.0.0/8")], [], []).declaration;
    const second = declarationOf([network("b", "10.0.0.0/8")], [], []).declaration;
    const told = [];
    for (const [ms, set] of [
      [0, first],
      [1, null],
      [2, first],
      [3, second],
      [4, null],
      [300_002, null],
      [300_003, null],
      [300_004, null],
      [5, null],
    ] as const) {
      if (set) declarer.set(structuredClone(set));
      const { declares } = declarer.take(ms);
      if (declares) told.push([ms, Object.keys(declares.ranges)[0]]);
    }
    // A clock that was put back tells it once more.
    expect(told).toEqual([
      [0, "a"],
      [3, "b"],
      [300_003, "b"],
      [5, "b"],
    ]);
  });
});

describe.skipIf(!needs("WireGuard as it is, in network namespaces", "root", "lab"))("real WireGuard interfaces", () => {
  let bed: Testbed;
  const started: { name: string; child: ReturnType<typeof spawn> }[] = [];
  const secrets: string[] = [];

  /** wireguard-go's sockets are in one directory for all namespaces: names are our own. */
  async function device(at: "client" | "server", address: string): Promise<{ name: string; publicKey: string }> {
    const name = `nm-${randomBytes(4).toString("hex")}`;
    const child = spawn("ip", ["netns", "exec", bed.namespace(at), "wireguard-go", "-f", name], { stdio: "ignore" });
    started.push({ name, child });
    await expect.poll(() => execFileSync("wg", ["show", "interfaces"], { encoding: "utf8" })).toContain(name);
    const secret = execFileSync("wg", ["genkey"], { encoding: "utf8" }).trim();
    secrets.push(secret);
    writeFileSync(join(bed.directory, name), secret, { mode: 0o600 });
    bed.run(at, "wg", "set", name, "private-key", join(bed.directory, name));
    bed.run(at, "ip", "addr", "add", address, "dev", name);
    bed.run(at, "ip", "link", "set", name, "up");
    return { name, publicKey: execFileSync("wg", ["pubkey"], { input: secret, encoding: "utf8" }).trim() };
  }
  function addPeer(name: string, publicKey: string, allowed: string): void {
    const shared = execFileSync("wg", ["genpsk"], { encoding: "utf8" }).trim();
    secrets.push(shared);
    const path = join(bed.directory, "psk");
    writeFileSync(path, shared, { mode: 0o600 });
    bed.run("client", "wg", "set", name, "peer", publicKey, "preshared-key", path, "allowed-ips", allowed);
  }

  beforeEach(() => {
    bed = new Testbed();
    bed.up();
  });
  afterEach(async () => {
    await bed.down();
    for (const { name, child } of started.splice(0)) {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      rmSync(`/var/run/wireguard/${name}.sock`, { force: true });
    }
    secrets.length = 0;
  });

  it("are read with their peers, and those of other namespaces are not", async () => {
    const own = await device("client", "10.9.0.1/24");
    const other = await device("server", "10.9.0.2/24");
    addPeer(own.name, other.publicKey, "10.9.0.2/32,10.20.0.0/16");
    const reading = await readWireguard([own.name]);
    expect(reading).toEqual({
      interfaces: [
        {
          name: own.name,
          publicKey: own.publicKey,
          peers: [{ publicKey: other.publicKey, allowedIps: ["10.9.0.2/32", "10.20.0.0/16"] }],
        },
      ],
      problem: null,
    });
    for (const secret of secrets) expect(JSON.stringify(reading)).not.toContain(secret);
  });

  it("are told of by the agent: at once, and when they change; secrets never", async () => {
    const own = await device("client", "10.9.0.1/24");
    const other = await device("server", "10.9.0.2/24");
    const server = bed.spawn(
      "client",
      process.execPath,
      fileURLToPath(new URL("../testing/recording-server.ts", import.meta.url)),
    );
    const { port } = (await server.find((line) => line.type === "listening")) as unknown as { port: number };
    const state = join(bed.directory, "state");
    mkdirSync(state);
    const agent = bed.spawn(
      "client",
      process.execPath,
      fileURLToPath(new URL("../run.ts", import.meta.url)),
      `--server=http://127.0.0.1:${port}`,
      "--node=client",
      `--state=${state}`,
      "--flush-interval-ms=100",
    );
    const declared = () =>
      server.lines.flatMap(
        (line) => (line as unknown as { metadata?: { declares?: AgentDeclaration } }).metadata?.declares ?? [],
      );
    await server.until(() => declared().length > 0);
    const [first] = declared();
    const uploads = server.lines.filter((line) => line.type === "upload") as unknown as { metadata: { declares?: unknown } }[];
    expect(uploads[0]?.metadata.declares).toEqual(first);
    expect(first).toEqual({
      ranges: { [own.name]: ["10.9.0.0/24"] },
      wireguard: [{ network: own.name, name: own.name, public_key: own.publicKey, peers: [] }],
    });
    addPeer(own.name, other.publicKey, "10.9.0.2/32");
    // Addresses are looked at more often than peers, and make it look at both.
    bed.run("client", "ip", "addr", "add", "10.9.0.9/24", "dev", own.name);
    await server.until(() => declared().some(({ wireguard }) => (wireguard[0]?.peers.length ?? 0) > 0));
    expect(declared().at(-1)?.wireguard[0]?.peers).toEqual([{ public_key: other.publicKey, allowed_ips: ["10.9.0.2/32"] }]);
    await agent.kill("SIGTERM");
    const kept =
      execFileSync("sh", ["-c", `find ${state} -type f -exec cat {} +`]).toString("latin1") +
      agent.errors +
      JSON.stringify(server.lines);
    for (const secret of secrets) expect(kept.includes(secret)).toBe(false);
    expect(kept).toContain(own.publicKey);
  }, 120_000);

  it("that may not be read are told, and are no reason to stop", async () => {
    const path = process.env.PATH;
    process.env.PATH = "/nowhere";
    try {
      expect(await readWireguard(["wg0"])).toEqual({ interfaces: [], problem: expect.stringContaining("`wg` is not installed") });
    } finally {
      process.env.PATH = path;
    }
  });
});
