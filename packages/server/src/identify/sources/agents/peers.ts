/** WireGuard peers of an agent's interfaces: other agents' nodes, devices that nobody named, and the ranges behind either. */
import { type Cidr, cidrContains, type DeclaredInterface, formatAddress, formatCidr, parseCidr } from "@flowtrail/model";
import type { InventoryNetwork } from "../../inventory-schema.ts";
import type { NodeRef } from "../../lookup.ts";

/** An agent's node, with the addresses that it declares as its own, by network. */
export interface KeyOwner extends Pick<NodeRef, "id" | "name"> {
  readonly addresses: ReadonlyMap<string, ReadonlySet<string>>;
}
/** Whose interface has a public key, where that is an agent's. */
export type KeyOwners = ReadonlyMap<string, KeyOwner>;

/** What people or the control plane name in a network. */
export interface Named {
  readonly addresses: ReadonlySet<string>;
  /** Ranges of egress routes. */
  readonly sites: readonly Cidr[];
}

export type PeerEntries = Pick<InventoryNetwork, "nodes" | "config_files" | "egress">;

const NAME_CHARACTERS = 8;

/** @param network with its ranges */
export function peerEntries(
  reporter: NodeRef,
  { network, ranges }: { readonly network: string; readonly ranges: readonly Cidr[] },
  interfaces: readonly DeclaredInterface[],
  owners: KeyOwners,
): PeerEntries {
  const entries: PeerEntries = { nodes: [], config_files: [], egress: [] };
  const seen = new Set<string>();
  for (const peer of interfaces.flatMap(({ peers }) => peers)) {
    const { public_key: key } = peer;
    if (seen.has(key)) continue;
    seen.add(key);
    const owner = owners.get(key);
    const { addresses, behind } = split(peer.allowed_ips, ranges);
    if (owner !== undefined) entries.nodes.push(...nodeOf(owner, network, addresses));
    else if (addresses.length > 0)
      entries.config_files.push({ id: key, name: nameOf(key), addresses, gateway: reporter.id, tags: [] });
    const via = [(owner ?? reporter).id];
    for (const range of behind) entries.egress.push(routeOf(key, range, owner?.name ?? nameOf(key), via));
  }
  return { ...entries, nodes: oncePerId(entries.nodes) };
}

/** The same where more keys are known to be agents' own now: a peer that was a device is that agent's node. */
export function withOwners(network: InventoryNetwork, owners: KeyOwners): InventoryNetwork {
  const known = network.config_files.filter(({ id }) => owners.has(id));
  const isNew = ({ id, via }: InventoryNetwork["egress"][number]) => {
    const owner = owners.get(keyOf(id));
    return owner !== undefined && via[0] !== owner.id;
  };
  if (known.length === 0 && !network.egress.some(isNew)) return network;
  const nodes = known.flatMap(({ id, addresses }) => {
    const owner = owners.get(id);
    return owner === undefined ? [] : nodeOf(owner, network.id, addresses);
  });
  return {
    ...network,
    nodes: oncePerId([...network.nodes, ...nodes]),
    config_files: network.config_files.filter(({ id }) => !owners.has(id)),
    egress: network.egress.map((route) => {
      const owner = owners.get(keyOf(route.id));
      const [range = ""] = route.ranges;
      return owner === undefined ? route : routeOf(keyOf(route.id), range, owner.name, [owner.id]);
    }),
  };
}

/** Devices and sites that other sources name are those, and not what is behind a key: they need not be told a second time. */
export function withoutNamed(network: InventoryNetwork, named: Named | undefined): InventoryNetwork {
  if (named === undefined) return network;
  const isNamedSite = (text: string) => {
    const one = parseCidr(text);
    return one !== null && named.sites.some((range) => holds(range, one));
  };
  return {
    ...network,
    config_files: network.config_files.filter(({ addresses }) => !addresses.every((address) => named.addresses.has(address))),
    egress: network.egress.filter(({ ranges }) => !ranges.some(isNamedSite)),
  };
}

/** Single addresses within the network are the peer's own; wider ranges beside the network are those of a site behind it. */
function split(allowedIps: readonly string[], ranges: readonly Cidr[]): { addresses: string[]; behind: string[] } {
  const allowed = allowedIps.flatMap((text) => parseCidr(text) ?? []);
  const isWithin = (one: Cidr) => ranges.some((range) => holds(range, one));
  const addresses = allowed.filter((one) => one.prefixBits === 128 && isWithin(one)).map(({ bytes }) => formatAddress(bytes));
  const ways = { v4: isWayOut(allowed, true), v6: isWayOut(allowed, false) };
  // A part of the network, or all of it, is not behind the peer: its members are nobody that is known.
  const isSite = (one: Cidr) => !isWithin(one) && !ways[one.v4 ? "v4" : "v6"];
  const behind = allowed.filter(isSite);
  return { addresses: [...new Set(addresses)].sort(), behind: [...new Set(behind.map(formatCidr))].sort() };
}

/** "Everything but my LAN" is often written as a list of ranges: together they are half of the addresses there are, and nobody's site. */
function isWayOut(allowed: readonly Cidr[], v4: boolean): boolean {
  // Of IPv6 an eighth is in use (2000::/3).
  const most = v4 ? 1 / 2 : 1 / 8;
  let share = 0;
  for (const one of allowed) if (one.v4 === v4) share += 2 ** -(v4 ? one.prefixBits - 96 : one.prefixBits);
  return share >= most;
}

/**
 * Of what a peer may send as, its own is what its agent declares. That needs no second word, but where the two call the network different names.
 * The rest are those behind it: a gateway's peer has the addresses of the gateway's members, too.
 */
function nodeOf(
  { id, name, addresses: own }: KeyOwner,
  network: string,
  addresses: readonly string[],
): InventoryNetwork["nodes"] {
  const isElsewhere = (address: string) =>
    !own.get(network)?.has(address) && [...own.values()].some((declared) => declared.has(address));
  const held = addresses.filter(isElsewhere);
  return held.length === 0 ? [] : [{ id, ...(name === id ? {} : { name }), addresses: held, gateway: false, tags: [] }];
}

function routeOf(key: string, range: string, name: string, via: string[]): InventoryNetwork["egress"][number] {
  const empty = { virtual_ranges: [], domains: [], resolved: {}, tags: [] };
  return { ...empty, id: `${key}:${range}`, name: `${name} ${range}`, ranges: [range], via };
}

/** Two keys of one node are two of its interfaces. */
function oncePerId(nodes: InventoryNetwork["nodes"]): InventoryNetwork["nodes"] {
  const once = new Map<string, InventoryNetwork["nodes"][number]>();
  for (const node of nodes) {
    const other = once.get(node.id);
    once.set(node.id, other ? { ...other, addresses: [...new Set([...other.addresses, ...node.addresses])].sort() } : node);
  }
  return [...once.values()];
}

const holds = (range: Cidr, one: Cidr) => range.prefixBits <= one.prefixBits && cidrContains(range, one.bytes);
const nameOf = (key: string) => `${key.slice(0, NAME_CHARACTERS)}…`;
const keyOf = (routeId: string) => routeId.slice(0, routeId.indexOf(":"));
