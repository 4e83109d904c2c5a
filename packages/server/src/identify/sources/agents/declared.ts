/** What an agent declared → the part of the inventory that it vouches for: its own addresses, its networks' ranges, its WireGuard peers. */
import {
  type AgentDeclaration,
  type Cidr,
  formatAddress,
  formatCidr,
  isUnspecified,
  parseAddress,
  parseCidr,
} from "@flowtrail/model";
import type { Inventory, InventoryNetwork } from "../../inventory-schema.ts";
import type { NodeRef } from "../../lookup.ts";
import { type KeyOwners, peerEntries } from "./peers.ts";

/** By network id. */
export type DeclaredAddresses = Readonly<Record<string, readonly string[]>>;
type Node = InventoryNetwork["nodes"][number];

/** What a batch says of its sender's networks. */
export interface Declaration {
  readonly addresses: DeclaredAddresses;
  /** Left out of most batches. */
  readonly declares?: AgentDeclaration | undefined;
  /** Which batch: of one epoch, a lower sequence is older. */
  readonly epoch: string;
  readonly sequence: number;
  /** Beginning of the time that the batch speaks for, ms since 1970, by the agent's clock. */
  readonly coveredFromMs: number;
}

/** All that an agent says. Whatever is malformed is left out: it costs a name, and nothing else. */
export function declaredInventory(
  reporter: NodeRef,
  { addresses, declares }: { addresses: DeclaredAddresses; declares: AgentDeclaration },
  owners: KeyOwners,
): Inventory {
  const ids = new Set([
    ...Object.keys(addresses),
    ...Object.keys(declares.ranges),
    ...declares.wireguard.map((one) => one.network),
  ]);
  return saying(
    [...ids].sort().map((id) => {
      const ranges = (declares.ranges[id] ?? []).flatMap((text) => parseRange(text) ?? []);
      const interfaces = declares.wireguard.filter(({ network }) => network === id);
      const keys = [...new Set(interfaces.map(({ public_key }) => public_key))].sort();
      const peers = peerEntries(reporter, { network: id, ranges }, interfaces, owners);
      return {
        id,
        ranges: [...new Set(ranges.map(formatCidr))].sort(),
        nodes: [ownNode(reporter, addresses[id] ?? [], keys), ...peers.nodes.filter((node) => node.id !== reporter.id)],
        users: [],
        config_files: peers.config_files,
        egress: peers.egress,
      };
    }),
  );
}

/** What it said before, with other addresses of its own: most batches say nothing but them. */
export function withAddresses(before: Inventory, reporter: NodeRef, addresses: DeclaredAddresses): Inventory {
  const known = new Map(before.networks.map((network) => [network.id, network]));
  const ids = new Set([...known.keys(), ...Object.keys(addresses)]);
  return saying(
    [...ids].sort().map((id) => {
      const network = known.get(id) ?? { id, ranges: [], nodes: [], users: [], config_files: [], egress: [] };
      const own = network.nodes.find((node) => node.id === reporter.id);
      const others = network.nodes.filter((node) => node !== own);
      return { ...network, nodes: [ownNode(reporter, addresses[id] ?? [], own?.public_keys ?? []), ...others] };
    }),
  );
}

/** Without networks that nothing is said of (any more): names of networks must not add up. */
function saying(networks: readonly InventoryNetwork[]): Inventory {
  const isTold = ({ ranges, nodes, config_files, egress }: InventoryNetwork) =>
    ranges.length + config_files.length + egress.length > 0 ||
    nodes.some(({ addresses, public_keys = [] }) => addresses.length + public_keys.length > 0);
  return { networks: networks.filter(isTold) };
}

/** The first `most` entities of what an agent says, and how many are left out. */
export function upTo(most: number, { networks }: Inventory): { inventory: Inventory; leftOut: number } {
  let room = most;
  let leftOut = 0;
  const take = <T>(list: readonly T[]): T[] => {
    const taken = list.slice(0, room);
    room -= taken.length;
    leftOut += list.length - taken.length;
    return taken;
  };
  const taken = networks.flatMap((network) => {
    const isIn = take([network]).length > 0;
    const { nodes, config_files, egress } = network;
    const lists = { nodes: take(nodes), config_files: take(config_files), egress: take(egress) };
    return isIn ? [{ ...network, ...lists }] : [];
  });
  return { inventory: { networks: taken }, leftOut };
}

function ownNode({ id, name }: NodeRef, addresses: readonly string[], keys: readonly string[]): Node {
  const held = addresses.flatMap((text) => {
    const bytes = parseAddress(text);
    return bytes === null || isUnspecified(bytes) ? [] : [formatAddress(bytes)];
  });
  return {
    id,
    ...(name === id ? {} : { name }),
    addresses: [...new Set(held)].sort(),
    gateway: false,
    tags: [],
    ...(keys.length === 0 ? {} : { public_keys: [...keys] }),
  };
}

/** Everything is no network. */
function parseRange(text: string): Cidr | null {
  const range = parseCidr(text);
  return range === null || range.prefixBits === (range.v4 ? 96 : 0) ? null : range;
}
