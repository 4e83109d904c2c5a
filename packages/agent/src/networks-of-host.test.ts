import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { formatCidr, parseAddress, parseCidr } from "@flowtrail/model";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { needs } from "../../../test/needs.ts";
import { addressesByNetwork, chooseNetworks, nameModes } from "./choose-networks.ts";
import { type HostInterface, networksOfHost } from "./networks-of-host.ts";

const cidr = (text: string) => parseCidr(text) ?? expect.fail(text);
const address = (text: string) => parseAddress(text) ?? expect.fail(text);
function host(name: string, overlay: boolean, subnets: string[], routes: string[] = []): HostInterface {
  const addresses = subnets.map((text) => {
    const [ip = ""] = text.split("/");
    return { bytes: address(ip), text: ip, subnet: cidr(text) };
  });
  return { name, overlay, addresses, routes: routes.map(cidr) };
}
const shown = (networks: ReturnType<typeof networksOfHost>) => networks.map(({ id, ranges }) => [id, ...ranges.map(formatCidr)]);
const eth = host("eth0", false, ["192.0.2.2/24", "2001:db8::2/64"]);
const wg = host("wg0", true, ["100.102.137.9/32", "fd00:10::9/128"], ["100.64.0.0/10", "fd00:10::/64"]);

describe("the networks of a host", () => {
  it("are its overlay interfaces, else its own addresses as `local`", () => {
    expect(shown(networksOfHost([eth, host("lo", false, [])]))).toEqual([["local", "192.0.2.0/24", "2001:db8::/64"]]);
    expect(shown(networksOfHost([eth, host("netmaker", true, ["10.101.0.5/16"], ["10.9.0.0/16"])]))).toEqual([
      ["netmaker", "10.101.0.0/16"],
    ]);
    expect(networksOfHost([host("lo", false, [])])).toEqual([]);
  });

  it("take the routes of an interface that has nothing but single addresses", () => {
    expect(shown(networksOfHost([eth, wg]))).toEqual([
      ["wg0", "100.102.137.9/32", "fd00:10::9/128", "100.64.0.0/10", "fd00:10::/64"],
    ]);
  });

  it("are those that people named, with the server's routes and members of the same id", () => {
    const configured = [
      { id: "netmaker", ranges: [cidr("100.64.0.0/10")], egress: [{ id: "lan", ranges: [cidr("10.1.0.0/16")] }] },
    ];
    const member = address("100.102.137.21");
    const told = [
      {
        id: "netmaker",
        ranges: [cidr("10.0.0.0/8")],
        egress: [
          { id: "lan", ranges: [cidr("10.2.0.0/16")] },
          { id: "office", ranges: [cidr("10.20.0.0/16")] },
        ],
        members: [member],
      },
      { id: "other", ranges: [cidr("192.0.2.0/24")], egress: [], members: [] },
    ];
    expect(chooseNetworks(configured, told, [eth])).toEqual([
      {
        id: "netmaker",
        ranges: [cidr("100.64.0.0/10")],
        egress: [configured[0]?.egress[0], told[0]?.egress[1]],
        members: [member],
      },
    ]);
    expect(chooseNetworks(configured, [], [eth])).toMatchObject([{ id: "netmaker", members: [] }]);
  });

  it("are the server's if nobody named any, but only those that the host has an address in", () => {
    const told = [
      { id: "netmaker", ranges: [cidr("100.64.0.0/10")], egress: [], members: [address("100.102.137.21")] },
      { id: "other", ranges: [cidr("10.0.0.0/8")], egress: [], members: [] },
    ];
    expect(chooseNetworks([], told, [eth, wg])).toEqual([told[0]]);
    expect(shown(chooseNetworks([], told, [eth]))).toEqual([["local", "192.0.2.0/24", "2001:db8::/64"]]);
  });

  it("have names as configured here, else as the server says of them, else of all", () => {
    const networks = [
      { id: "a", ranges: [], egress: [], members: [], names: "second-level" as const },
      { id: "b", ranges: [], egress: [], members: [] },
    ];
    const told = { networks, capture: { icmp: true, dns: true, names: "full" as const, denied: false, process: false } };
    expect(["a", "b", "c"].map(nameModes(undefined, told))).toEqual(["second-level", "full", "full"]);
    expect(["a", "b", "c"].map(nameModes("off", told))).toEqual(["off", "off", "off"]);
  });

  it("say which of the host's addresses are theirs", () => {
    expect(addressesByNetwork(chooseNetworks([], [], [eth, wg]), [eth, wg])).toEqual({ wg0: ["100.102.137.9", "fd00:10::9"] });
  });
});

describe.skipIf(!needs("finding overlay interfaces", "lab"))("a host's interfaces", () => {
  const namespace = `ft-agt-${randomBytes(3).toString("hex")}`;
  const ip = (...args: string[]) => execFileSync("ip", args);
  const inside = (...args: string[]) => execFileSync("ip", ["-n", namespace, ...args]);
  const inNamespace = (...argv: string[]) =>
    execFileSync("ip", ["netns", "exec", namespace, ...argv], { encoding: "utf8", cwd: import.meta.dirname });
  const ask = (): unknown => {
    const script = `
      import { networksOfHost, readInterfaces, tunnelPorts } from ${JSON.stringify(new URL("./networks-of-host.ts", import.meta.url).pathname)};
      import { formatCidr } from "@flowtrail/model";
      const interfaces = readInterfaces();
      const networks = networksOfHost(interfaces).map(({ id, ranges }) => [id, ...ranges.map(formatCidr)]);
      const overlays = interfaces.filter((one) => one.overlay).map((one) => one.name);
      console.log(JSON.stringify({ networks, overlays, ports: await tunnelPorts(interfaces, [7]) }));`;
    return JSON.parse(inNamespace(process.execPath, "--input-type=module", "-e", script));
  };
  beforeEach(() => {
    ip("netns", "add", namespace);
    inside("link", "set", "lo", "up");
    inside("link", "add", "veth7", "type", "veth", "peer", "name", "wg-like");
    for (const name of ["veth7", "wg-like"]) inside("link", "set", name, "up");
    inside("addr", "add", "192.0.2.1/24", "dev", "veth7");
    inside("addr", "add", "198.51.100.1/24", "dev", "wg-like");
  });
  afterEach(() => void ip("netns", "del", namespace));

  // Polled: the kernel tells at most once a second that a link runs.
  const soon = { timeout: 20_000, interval: 200 };

  it("are no overlay by their name alone", async () => {
    await expect.poll(ask, soon).toEqual({
      networks: [["local", "198.51.100.0/24", "192.0.2.0/24"]],
      overlays: [],
      ports: [7],
    });
  });

  it("are one as a tunnel with an overlay's name; its routes and its port are read", async () => {
    // wireguard-go's control sockets are in one directory for all namespaces: the name must be its own.
    const name = `nm-${randomBytes(4).toString("hex")}`;
    const wireguard = spawn("ip", ["netns", "exec", namespace, "wireguard-go", "-f", name], { stdio: "ignore" });
    try {
      await expect.poll(() => inNamespace("wg", "show", "all", "dump")).toContain(name);
      inNamespace("wg", "set", name, "listen-port", "51999");
      inside("link", "set", name, "up");
      inside("addr", "add", "100.102.137.9/32", "dev", name);
      inside("addr", "add", "fd00:10::9/128", "dev", name, "nodad");
      inside("route", "add", "100.64.0.0/10", "dev", name);
      inside("-6", "route", "add", "fd00:10::/64", "dev", name);
      await expect.poll(ask, soon).toEqual({
        networks: [[name, "100.102.137.9/32", "fd00:10::9/128", "100.64.0.0/10", "fd00:10::/64"]],
        overlays: [name],
        ports: [7, 51_999],
      });
    } finally {
      wireguard.kill("SIGKILL");
      await once(wireguard, "exit");
      rmSync(`/var/run/wireguard/${name}.sock`, { force: true });
    }
  });
});
