/** What the agent declares of its networks: the ranges as it takes them, and who its WireGuard peers are. */
import { type AgentDeclaration, cidrContains, formatCidr } from "@flowtrail/model";
import type { HostInterface } from "../networks-of-host.ts";
import type { NetworkConfig } from "../track/networks.ts";
import type { WireguardInterface } from "./wireguard.ts";

/** The server takes no more than these (metadataSchema of packages/server/src/receive/headers.ts). */
const MAX = { networks: 100, ranges: 1000, interfaces: 64, peers: 4096, allowedIps: 1000 };
/** Of keys and ranges: a batch's metadata may have a megabyte, and most of it is this. */
const MAX_CHARACTERS = 600_000;
const PEER_CHARACTERS = 90;

export interface Declared {
  readonly declaration: AgentDeclaration;
  /** Peers and ranges of peers that were too many to be told. */
  readonly cut: number;
}

export function declarationOf(
  networks: readonly NetworkConfig[],
  interfaces: readonly HostInterface[],
  wireguard: readonly WireguardInterface[],
): Declared {
  const ranges = networks
    .slice(0, MAX.networks)
    .map(({ id, ranges }) => [id, ranges.slice(0, MAX.ranges).map(formatCidr)] as const);
  const budget = { peers: MAX.peers, characters: MAX_CHARACTERS, cut: 0 };
  const declared = wireguard.slice(0, MAX.interfaces).flatMap((one) => {
    const network = networkOf(one.name, networks, interfaces);
    return network === null ? [] : [{ network, name: one.name, public_key: one.publicKey, peers: peersOf(one, budget) }];
  });
  return { declaration: { ranges: Object.fromEntries(ranges), wireguard: declared }, cut: budget.cut };
}

function peersOf({ peers }: WireguardInterface, budget: { peers: number; characters: number; cut: number }) {
  const told: AgentDeclaration["wireguard"][number]["peers"][number][] = [];
  for (const { publicKey, allowedIps } of peers) {
    const allowed = allowedIps.slice(0, MAX.allowedIps);
    budget.cut += allowedIps.length - allowed.length;
    const characters = PEER_CHARACTERS + allowed.reduce((sum, range) => sum + range.length + 3, 0);
    if (budget.peers === 0 || characters > budget.characters) {
      budget.cut++;
      continue;
    }
    budget.peers--;
    budget.characters -= characters;
    told.push({ public_key: publicKey, allowed_ips: allowed });
  }
  return told;
}

/** The network that an interface has an address in, or that is called like it. */
function networkOf(name: string, networks: readonly NetworkConfig[], interfaces: readonly HostInterface[]): string | null {
  const addresses = interfaces.find((one) => one.name === name)?.addresses ?? [];
  const found =
    networks.find(({ id }) => id === name) ??
    networks.find(({ ranges }) => ranges.some((range) => addresses.some(({ bytes }) => cidrContains(range, bytes))));
  return found?.id ?? null;
}
