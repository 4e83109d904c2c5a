/** Which addresses are one client's, by WireGuard: a device has an IPv4 and an IPv6 address, and asks DNS by either for what it connects to by the other. */
import { type Cidr, parseCidr } from "@flowtrail/model";
import type { WireguardInterface, WireguardReading } from "./wireguard.ts";

const HOST_BITS = 128;

/** An IPv6 address and the IPv4 address of the same peer, 16 bytes each. */
export type AddressPair = readonly [v6: Uint8Array, v4: Uint8Array];

/** Of each peer that has one address of each family. One with more of them stands for others behind it: whose they are is not known here. */
export function pairsOf(interfaces: readonly WireguardInterface[]): AddressPair[] {
  return interfaces.flatMap(({ peers }) => peers.flatMap(({ allowedIps }) => pairOf(allowedIps) ?? []));
}

function pairOf(allowedIps: readonly string[]): [AddressPair] | null {
  const hosts = allowedIps.map(parseCidr).filter((cidr) => cidr?.prefixBits === HOST_BITS);
  const [v6, ...otherV6] = hosts.filter((cidr) => cidr?.v4 === false);
  const [v4, ...otherV4] = hosts.filter((cidr) => cidr?.v4 === true);
  return v6 && v4 && otherV6.length + otherV4.length === 0 ? [[v6.bytes, v4.bytes]] : null;
}

/** Whose addresses are whose, from one reading to the next. */
export class AddressHolders {
  /** Public key by interface and range. */
  #keys: ReadonlyMap<string, { readonly range: string; readonly publicKey: string }> = new Map();

  /** Returns the ranges that were a peer's and are no longer. What could not be read says nothing. */
  change({ interfaces, problem }: WireguardReading): Cidr[] {
    if (problem !== null) return [];
    const before = this.#keys;
    const now = interfaces.flatMap(({ name, peers }) =>
      peers.flatMap(({ publicKey, allowedIps }) =>
        allowedIps.map((range) => [`${name} ${range}`, { range, publicKey }] as const),
      ),
    );
    const keys: typeof before = new Map(now);
    this.#keys = keys;
    return [...before].flatMap(([at, { range, publicKey }]) =>
      keys.get(at)?.publicKey === publicKey ? [] : (parseCidr(range) ?? []),
    );
  }
}
