/** The map of the lab: which nodes there are, their addresses, who stands behind whom. The addresses are those of the examples in Netmaker's page. */
import { LabError } from "./errors.ts";

export type Family = 4 | 6;
export interface Addresses {
  readonly v4: string;
  readonly v6: string;
}

/** Nodes that run a Flowtrail agent. */
export const agentNodeNames = ["debian", "inetgw", "officegw"] as const;
export type AgentNodeName = (typeof agentNodeNames)[number];
export const nodeNames = [...agentNodeNames, "user", "config", "lan", "internet"] as const;
export type NodeName = (typeof nodeNames)[number];

export interface LabNode {
  readonly name: NodeName;
  readonly kind: "node" | "user" | "config_file" | "lan" | "internet";
  readonly agent: boolean;
  /** Three letters for device names, null where there is no WireGuard. */
  readonly short: string | null;
  /** In the WireGuard network. */
  readonly overlay: Addresses | null;
  /** On the wires that carry WireGuard, reachable from the internet. */
  readonly underlay: Addresses | null;
  /** On the LAN behind officegw. */
  readonly lan: Addresses | null;
  /** The node through which all its other traffic goes: a gateway for members without agent, the router for a LAN host. */
  readonly gateway: AgentNodeName | null;
}

export const network = { id: "netmaker", ranges: ["100.102.137.0/24", "fd0a::/64"] } as const;
export const egress = { id: "office-lan", name: "Office LAN", ranges: ["10.20.0.0/16", "fd20::/64"], via: "officegw" } as const;
export const wireguardPort = 51820;
/** The internet's router; every node's default gateway. It forwards nothing: there is no way out of the lab. */
export const underlayRouter: Addresses = { v4: "198.51.100.1", v6: "2001:db8:0:1::1" };

const overlay = (host: number): Addresses => ({ v4: `100.102.137.${host}`, v6: `fd0a::${host}` });
const underlay = (host: number): Addresses => ({ v4: `198.51.100.${host}`, v6: `2001:db8:0:1::${host}` });
const lan = (host: number): Addresses => ({ v4: `10.20.0.${host}`, v6: `fd20::${host}` });

export const nodes: readonly LabNode[] = [
  {
    name: "debian",
    kind: "node",
    agent: true,
    short: "deb",
    overlay: overlay(9),
    underlay: underlay(9),
    lan: null,
    gateway: null,
  },
  {
    name: "inetgw",
    kind: "node",
    agent: true,
    short: "igw",
    overlay: overlay(4),
    underlay: underlay(4),
    lan: null,
    gateway: null,
  },
  {
    name: "officegw",
    kind: "node",
    agent: true,
    short: "ogw",
    overlay: overlay(12),
    underlay: underlay(12),
    lan: lan(1),
    gateway: null,
  },
  {
    name: "user",
    kind: "user",
    agent: false,
    short: "usr",
    overlay: overlay(21),
    underlay: underlay(21),
    lan: null,
    gateway: "inetgw",
  },
  {
    name: "config",
    kind: "config_file",
    agent: false,
    short: "cfg",
    overlay: overlay(30),
    underlay: underlay(30),
    lan: null,
    gateway: "inetgw",
  },
  { name: "lan", kind: "lan", agent: false, short: null, overlay: null, underlay: null, lan: lan(5), gateway: "officegw" },
  {
    name: "internet",
    kind: "internet",
    agent: false,
    short: null,
    overlay: null,
    underlay: underlayRouter,
    lan: null,
    gateway: null,
  },
];

/** Who the members without agent are. */
export const user = { id: "majdi@netmaker.io", device: "laptop" } as const;
export const configFile = { id: "printer" } as const;

const external = (host: number): Addresses => ({ v4: `203.0.113.${host}`, v6: `2001:db8:cb00:7100::${host}` });

/** What answers in the internet. Several names on one address, as with any CDN. `only`: its names have addresses of one family. */
export const internetHosts = [
  { names: ["api.example.test"], aliases: [], addresses: external(145) },
  { names: ["www.example.test"], aliases: [], addresses: external(10) },
  { names: ["edge.cdn.example.test"], aliases: ["img.example.test", "video.example.test"], addresses: external(80) },
  { names: ["edge.cdn.test"], aliases: ["www.shop.example.test", "img.news.example.test"], addresses: external(81) },
  { names: ["public.cdn.test"], aliases: ["secret.example.test"], addresses: external(82) },
  { names: ["mail.example.test"], aliases: [], addresses: external(25) },
  { names: ["git.example.test"], aliases: [], addresses: external(94) },
  { names: ["dual.example.test"], aliases: [], addresses: external(64) },
  { names: ["legacy.example.test"], aliases: [], addresses: external(23) },
  { names: ["h3.example.test"], aliases: [], addresses: external(44), only: 4 },
  { names: ["h3v6.example.test"], aliases: [], addresses: external(46), only: 6 },
  { names: ["pq.example.test"], aliases: [], addresses: external(76) },
  { names: ["ns.example.test"], aliases: [], addresses: external(53) },
] as const;
/** A web server that has no name at all. */
export const namelessHost: Addresses = external(200);
/** The LAN host's name. */
export const lanHost = { names: ["nas.office.test"], aliases: [], addresses: lan(5) } as const;

/** All that the lab's DNS knows. */
export const namedHosts = [...internetHosts, lanHost] as const;
type Named = (typeof namedHosts)[number];
export type HostName = Named["names"][number] | Named["aliases"][number];

/** The lab's own DNS server. */
export const dnsServer: Addresses = external(53);

/** @throws LabError LAB_UNKNOWN_NODE */
export function nodeByName(name: string): LabNode {
  const node = nodes.find((candidate) => candidate.name === name);
  if (!node)
    throw new LabError(
      { code: "LAB_UNKNOWN_NODE", node: name, known: [...nodeNames] },
      `no node "${name}" in the lab; there are ${nodeNames.join(", ")}`,
    );
  return node;
}

/** The address behind a name of the lab's DNS. */
export function hostAddresses(name: HostName): Addresses {
  return namedHosts.find((host) => [...host.names, ...host.aliases].some((known) => known === name))!.addresses;
}

export const pick = (addresses: Addresses, family: Family): string => (family === 4 ? addresses.v4 : addresses.v6);
