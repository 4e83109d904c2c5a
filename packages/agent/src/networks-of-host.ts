/** What this host knows about itself: its addresses, its overlay interfaces and their ranges, the ports of their tunnels. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { promisify } from "node:util";
import { type Cidr, formatCidr, isLinkLocal, isLoopback, parseAddress, parseCidr } from "@flowtrail/model";
import type { NetworkConfig } from "./track/networks.ts";

export interface HostInterface {
  readonly name: string;
  /** Is it one end of an overlay network? */
  readonly overlay: boolean;
  /** Without loopback and link-local ones. */
  readonly addresses: readonly { readonly bytes: Uint8Array; readonly text: string; readonly subnet: Cidr }[];
  /** Where the main routing table sends through it; default routes left out. */
  readonly routes: readonly Cidr[];
}

/** Names that overlay programs give their interfaces: WireGuard, Netmaker, NetBird, Tailscale. */
const OVERLAY_NAMES = /^(wg|netmaker|nm-|wt|tailscale)/;
/** What WireGuard and Netmaker listen on unless told otherwise. */
const USUAL_PORTS = { wireguard: 51_820, netmaker: 51_821 };

/** Reads the interfaces of the calling thread's network namespace. */
export function readInterfaces(): HostInterface[] {
  const routes = [
    ...ipv4Routes(readIfThere("/proc/thread-self/net/route")),
    ...ipv6Routes(readIfThere("/proc/thread-self/net/ipv6_route")),
  ];
  return Object.entries(networkInterfaces()).map(([name, list = []]) => ({
    name,
    overlay: isOverlay(name),
    addresses: list.flatMap(({ address, cidr }) => {
      const bytes = parseAddress(address);
      const subnet = cidr === null ? null : parseCidr(cidr);
      return bytes === null || subnet === null || isLoopback(bytes) || isLinkLocal(bytes)
        ? []
        : [{ bytes, text: address, subnet }];
    }),
    routes: routes.filter((route) => route.device === name).map((route) => route.range),
  }));
}

/** The kernel's WireGuard says so; a tunnel device of a program (wireguard-go, tailscaled) is known by its name. */
function isOverlay(name: string): boolean {
  // /sys may be that of another network namespace: then the name has to do.
  const uevent = readIfThere(`/sys/class/net/${name}/uevent`);
  if (/^DEVTYPE=wireguard$/m.test(uevent)) return true;
  const isTunnel = uevent === "" || readIfThere(`/sys/class/net/${name}/tun_flags`) !== "";
  return isTunnel && OVERLAY_NAMES.test(name);
}

/**
 * The networks of a host for which nobody named any: one for each overlay interface, with the interface's name as its id; without overlay
 * interfaces `local`: the host's own addresses and subnets.
 */
export function networksOfHost(interfaces: readonly HostInterface[]): NetworkConfig[] {
  const overlays = interfaces.filter((one) => one.overlay && one.addresses.length > 0);
  if (overlays.length > 0) return overlays.map((one) => network(one.name, rangesOf(one)));
  const subnets = interfaces.flatMap((one) => one.addresses.map((address) => address.subnet));
  return subnets.length === 0 ? [] : [network("local", subnets)];
}

/** The subnets. An interface with nothing but single addresses (wg-quick's /32) has its network in the routes. */
function rangesOf({ addresses, routes }: HostInterface): Cidr[] {
  const subnets = addresses.map((address) => address.subnet);
  return subnets.some((subnet) => subnet.prefixBits < 128) ? subnets : [...subnets, ...routes];
}

function network(id: string, ranges: readonly Cidr[]): NetworkConfig {
  const once = new Map(ranges.map((range) => [formatCidr(range), range]));
  return { id, ranges: [...once.values()], egress: [], members: [] };
}

/** UDP ports of the overlay's own transport. `configured`: those that the configuration names. */
export async function tunnelPorts(interfaces: readonly HostInterface[], configured: readonly number[]): Promise<number[]> {
  const overlays = interfaces.filter((one) => one.overlay).map((one) => one.name);
  if (overlays.length === 0) return [...configured];
  const usual = overlays.some((name) => /^(netmaker|nm-)/.test(name)) ? Object.values(USUAL_PORTS) : [USUAL_PORTS.wireguard];
  const told = await listenPorts(overlays);
  // Where all of them told theirs, a usual port is one that programs may speak from.
  return [...new Set([...configured, ...(told.length < overlays.length ? usual : []), ...told])];
}

const run = promisify(execFile);

/** What `wg` says about these interfaces; it also speaks to programs in user space. None if it is not installed or may not ask. */
async function listenPorts(names: readonly string[]): Promise<number[]> {
  try {
    const { stdout } = await run("wg", ["show", "all", "listen-port"], { timeout: 3000 });
    return stdout.split("\n").flatMap((line) => {
      const [name = "", port = ""] = line.split("\t");
      return names.includes(name) && Number(port) > 0 ? [Number(port)] : [];
    });
  } catch {
    return []; // the usual and the configured ports are known all the same
  }
}

interface Route {
  readonly device: string;
  readonly range: Cidr;
}

/** Destination and mask as hexadecimal words in host order (fib_route_seq_show in net/ipv4/fib_trie.c). */
function* ipv4Routes(table: string): Generator<Route> {
  for (const line of table.split("\n").slice(1)) {
    const [device = "", destination = "", , , , , , mask = ""] = line.trim().split(/\s+/);
    if (!/^[0-9A-F]{8}$/.test(destination) || !/^[0-9A-F]{8}$/.test(mask) || mask === "00000000") continue;
    const bits = Number.parseInt(mask, 16).toString(2).replaceAll("0", "").length;
    const octets = [6, 4, 2, 0].map((at) => Number.parseInt(destination.slice(at, at + 2), 16));
    const range = parseCidr(`${octets.join(".")}/${bits}`);
    if (range) yield { device, range };
  }
}

/** Address and prefix length in hexadecimal, device last (rt6_info_route in net/ipv6/route.c). */
function* ipv6Routes(table: string): Generator<Route> {
  for (const line of table.split("\n")) {
    const fields = line.trim().split(/\s+/);
    const [address = "", bits = ""] = fields;
    if (!/^[0-9a-f]{32}$/.test(address) || bits === "00" || /^f[ef]/.test(address)) continue;
    const range = parseCidr(`${address.match(/.{4}/g)?.join(":")}/${Number.parseInt(bits, 16)}`);
    if (range) yield { device: fields.at(-1) ?? "", range };
  }
}

/** Empty if it is not there or may not be read: both mean that this source says nothing. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
