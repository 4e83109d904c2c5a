/** Whose names may be known, and how much of them: by network, by interface, by address. */
import { cidrContains, type ExcludeRules, secondLevel } from "@flowtrail/model";
import { AddressSet } from "../track/address-set.ts";
import { EXCLUDED_DOMAIN } from "../track/flow-names.ts";
import type { NetworkConfig } from "../track/networks.ts";
import { latin1 } from "./decode/bytes.ts";

/** The strictest first. */
export const NAME_MODES = ["off", "second-level", "full"] as const;
/** No mode: less strict than all. */
const NONE: number = NAME_MODES.length;
export type NameMode = (typeof NAME_MODES)[number];

/** An interface of this host, as far as it matters here. */
interface TappableInterface {
  readonly name: string;
  readonly addresses: readonly { readonly bytes: Uint8Array }[];
}

export interface NamePolicyConfig {
  readonly networks: readonly NetworkConfig[];
  readonly modeOf: (network: string) => NameMode;
  readonly interfaces: readonly TappableInterface[];
  /** Whose names are not known, and which names are not. */
  readonly exclude: ExcludeRules;
  /** IPv6 and IPv4 addresses of one client. */
  readonly pairs?: readonly (readonly [v6: Uint8Array, v4: Uint8Array])[];
}

/** The network that is the host itself: it has no interface of its own. */
const LOCAL = "local";

interface NetworkPolicy {
  readonly network: NetworkConfig;
  readonly members: AddressSet;
  readonly mode: NameMode;
}

export class NamePolicy {
  readonly #networks: readonly NetworkPolicy[];
  readonly #byInterface = new Map<string, readonly NetworkPolicy[]>();
  readonly #own: AddressSet;
  readonly #exclude: ExcludeRules;
  readonly #v4Of: ReadonlyMap<string, Uint8Array>;

  constructor({ networks, modeOf, interfaces, exclude, pairs = [] }: NamePolicyConfig) {
    this.#v4Of = new Map(pairs.map(([v6, v4]) => [latin1(v6, 0, 16), v4]));
    this.#networks = networks.map((network) => ({
      network,
      members: new AddressSet(network.members),
      mode: modeOf(network.id),
    }));
    this.#own = new AddressSet(interfaces.flatMap((one) => one.addresses.map(({ bytes }) => bytes)));
    this.#exclude = exclude;
    for (const one of interfaces) {
      const here = this.#networks.filter(({ network }) => liesOn(network, one));
      // Nothing is captured where nobody's names are wanted.
      if (here.some(({ mode }) => mode !== "off")) this.#byInterface.set(one.name, here);
    }
  }

  /** Interfaces whose packets are looked at: those of networks with names; for `local` all. */
  get interfaces(): string[] {
    return [...this.#byInterface.keys()];
  }

  /** How much of a network's names may be known. */
  modeOf(network: string): NameMode {
    return this.#networks.find((one) => one.network.id === network)?.mode ?? "off";
  }

  /**
   * How much may be known of what this client asks for, whose packet was seen on the interface. A client of several networks has the strictest of
   * their settings, one of none (behind a route, on the internet) that of its route's network, else the strictest of the interface's. Its packets pass
   * other interfaces than those of its networks, too.
   */
  modeAt(interfaceName: string, client: Uint8Array): NameMode {
    const here = this.#byInterface.get(interfaceName);
    if (here === undefined) return "off";
    let [inside, routed, any] = [NONE, NONE, NONE];
    for (const one of this.#networks) {
      const strictness = NAME_MODES.indexOf(one.mode);
      if (here.includes(one)) any = Math.min(any, strictness);
      if (isInside(one, client)) inside = Math.min(inside, strictness);
      else if (isRouted(one, client)) routed = Math.min(routed, strictness);
    }
    return NAME_MODES[inside < NONE ? inside : routed < NONE ? routed : any] ?? "off";
  }

  /** The address that stands for the client that has this one: it asks DNS by one and connects by the other. */
  clientOf(address: Uint8Array): Uint8Array {
    return (this.#v4Of.size > 0 && this.#v4Of.get(latin1(address, 0, 16))) || address;
  }

  isOwn(address: Uint8Array): boolean {
    return this.#own.has(address);
  }

  isExcluded(address: Uint8Array, at = 0): boolean {
    return this.#exclude.ofAddress(address, at) !== null;
  }

  /** Are there names of which nothing is recorded? */
  get excludesDomains(): boolean {
    return this.#exclude.hasDomains;
  }

  isExcludedDomain(name: string): boolean {
    return this.#exclude.hasDomain(name);
  }

  /** What is kept of a name that was read: as much as may be known, or that it is one of which nothing is recorded. */
  kept(name: string, mode: NameMode): string {
    return this.#exclude.hasDomain(name) ? EXCLUDED_DOMAIN : mode === "second-level" ? secondLevel(name) : name;
  }
}

function liesOn({ id, ranges }: NetworkConfig, { addresses }: TappableInterface): boolean {
  return id === LOCAL || addresses.some(({ bytes }) => ranges.some((range) => cidrContains(range, bytes)));
}

function isInside({ network, members }: NetworkPolicy, client: Uint8Array): boolean {
  if (members.has(client)) return true;
  for (const range of network.ranges) if (cidrContains(range, client)) return true;
  return false;
}

function isRouted({ network }: NetworkPolicy, client: Uint8Array): boolean {
  for (const route of network.egress) for (const range of route.ranges) if (cidrContains(range, client)) return true;
  return false;
}
