/** Which network a flow belongs to, and in which direction: the six rules of "Direction" in docs/internals/flow-record.md. */
import { type Cidr, cidrContains, DIRECTIONS, type Direction, ROLES, type Role } from "@flowtrail/model";
import { AddressSet } from "./address-set.ts";

interface EgressRoute {
  readonly id: string;
  readonly ranges: readonly Cidr[];
  /** Is the route's LAN behind this reporter (is it the route's `via`)? Left out: yes if the reporter has an address in its ranges. */
  readonly behindReporter?: boolean;
}

export interface NetworkConfig {
  readonly id: string;
  readonly ranges: readonly Cidr[];
  readonly egress: readonly EgressRoute[];
  /** Addresses of users and config files, 16 bytes each; they may lie outside of the ranges. */
  readonly members: readonly Uint8Array[];
}

/** The answer for a flow that belongs to a network. There are a few of them, made beforehand and shared. */
export interface Place {
  readonly network: string;
  readonly direction: Direction;
  readonly role: Role;
}

const DIRECTION_OF_RULE: readonly (Direction | null)[] = [null, "egress", "ingress", "ingress", "egress", null];
const ROLE_OF_RULE: readonly Role[] = ["forwarder", "initiator", "responder"];
const HOST_BITS = 128;

interface Range {
  readonly cidr: Cidr;
  /** Place in the network's list of routes; 0 for ranges of the network itself. */
  readonly route: number;
}

interface Network {
  readonly id: string;
  /** The reporter's addresses in the network's ranges. */
  readonly overlay: AddressSet;
  readonly members: AddressSet;
  readonly ranges: readonly Range[];
  readonly egress: readonly Range[];
  /** By route. */
  readonly behindReporter: readonly boolean[];
  readonly places: Readonly<Record<Direction, Readonly<Record<Role, Place>>>>;
}

export class NetworkTable {
  /** By id, so that the first of equals has the lowest. */
  readonly #networks: readonly Network[];
  readonly #own: AddressSet;

  /** @param ownAddresses all addresses of the reporter's interfaces, overlay and underlay, 16 bytes each */
  constructor(networks: readonly NetworkConfig[], ownAddresses: readonly Uint8Array[]) {
    this.#own = new AddressSet(ownAddresses);
    this.#networks = networks
      .map((network) => compile(network, ownAddresses))
      .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  }

  /** Is it an address of the reporter? */
  isOwn(bytes: Uint8Array, offset = 0): boolean {
    return this.#own.has(bytes, offset);
  }

  /** Is it one of the reporter's addresses in a network? */
  isOverlay(bytes: Uint8Array, offset = 0): boolean {
    for (const network of this.#networks) if (network.overlay.has(bytes, offset)) return true;
    return false;
  }

  /**
   * Where a flow belongs, or null if it is none of any network. "With several networks: the lowest rule number first, then the longest prefix,
   * then the network's id." Allocates nothing.
   */
  classify(source: Uint8Array, destination: Uint8Array, sourceAt = 0, destinationAt = 0): Place | null {
    let best: Network | null = null;
    let bestRule = 6;
    let bestPrefix = -1;
    for (const network of this.#networks) {
      let rule = 1;
      let prefix = -1;
      for (; rule <= 5 && rule <= bestRule; rule++) {
        prefix = prefixByRule(network, rule, source, sourceAt, destination, destinationAt);
        if (prefix >= 0) break;
      }
      if (prefix < 0 || (rule === bestRule && prefix <= bestPrefix)) continue;
      best = network;
      bestRule = rule;
      bestPrefix = prefix;
    }
    if (best === null) return null;
    const direction = DIRECTION_OF_RULE[bestRule] ?? directionBetweenRoutes(best, source, sourceAt);
    return best.places[direction][ROLE_OF_RULE[bestRule] ?? "forwarder"];
  }
}

/** Length of the prefix by which the rule holds, −1 if it does not. */
function prefixByRule(network: Network, rule: number, source: Uint8Array, s: number, destination: Uint8Array, d: number): number {
  switch (rule) {
    case 1:
      return network.overlay.has(source, s) ? prefixOf(longest(network.ranges, source, s)) : -1;
    case 2:
      return network.overlay.has(destination, d) ? prefixOf(longest(network.ranges, destination, d)) : -1;
    case 3:
      return network.members.has(source, s) ? HOST_BITS : prefixOf(longest(network.ranges, source, s));
    case 4:
      return prefixOf(longest(network.ranges, destination, d));
    default: {
      const from = longest(network.egress, source, s);
      if (from === null) return -1;
      const to = longest(network.egress, destination, d);
      return to !== null && to.route !== from.route ? from.cidr.prefixBits : -1;
    }
  }
}

/** Rule 5: "`ingress` if the source's route is not behind the reporter, else `egress`". */
function directionBetweenRoutes(network: Network, source: Uint8Array, s: number): Direction {
  const route = longest(network.egress, source, s)?.route ?? 0;
  return network.behindReporter[route] ? "egress" : "ingress";
}

/** `ranges` begin with the longest prefix. */
function longest(ranges: readonly Range[], bytes: Uint8Array, offset: number): Range | null {
  for (const range of ranges) if (cidrContains(range.cidr, bytes, offset)) return range;
  return null;
}

function prefixOf(range: Range | null): number {
  return range === null ? -1 : range.cidr.prefixBits;
}

function compile(config: NetworkConfig, ownAddresses: readonly Uint8Array[]): Network {
  const ranges = byPrefix(config.ranges.map((cidr) => ({ cidr, route: 0 })));
  // "Never by a default route (/0)": else everything would be a site.
  const egress = byPrefix(
    config.egress.flatMap((route, at) => route.ranges.filter((cidr) => !isDefault(cidr)).map((cidr) => ({ cidr, route: at }))),
  );
  return {
    id: config.id,
    overlay: new AddressSet(ownAddresses.filter((address) => longest(ranges, address, 0) !== null)),
    members: new AddressSet(config.members),
    ranges,
    egress,
    behindReporter: config.egress.map(
      (route, at) =>
        route.behindReporter ??
        egress.some((range) => range.route === at && ownAddresses.some((own) => cidrContains(range.cidr, own))),
    ),
    places: table(DIRECTIONS, (direction) => table(ROLES, (role) => ({ network: config.id, direction, role }))),
  };
}

function byPrefix(ranges: Range[]): Range[] {
  return ranges.sort((a, b) => b.cidr.prefixBits - a.cidr.prefixBits);
}

function isDefault(cidr: Cidr): boolean {
  return cidr.prefixBits === (cidr.v4 ? 96 : 0);
}

function table<K extends string, V>(keys: readonly K[], value: (key: K) => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, value(key)])) as Record<K, V>;
}
