/** Which networks the agent reports: named by people, told by the server, or found on the host, in this order. */
import { cidrContains, ExcludeRules } from "@flowtrail/model";
import type { ConfiguredNetwork } from "./config.ts";
import type { NameMode } from "./name/policy.ts";
import { type HostInterface, networksOfHost } from "./networks-of-host.ts";
import type { ServerConfig } from "./ship/server-config.ts";
import type { NetworkConfig } from "./track/networks.ts";

/**
 * Networks with names of people stay as they are, with the server's routes and members of the same id added. If nobody named any: those of the
 * server's that this host has an address in, else what the host's interfaces say.
 */
export function chooseNetworks(
  configured: readonly ConfiguredNetwork[],
  told: ServerConfig["networks"],
  interfaces: readonly HostInterface[],
): NetworkConfig[] {
  const chosen =
    configured.length > 0 ? configured : firstNonEmpty<NetworkConfig>(ownOf(told, interfaces), networksOfHost(interfaces));
  return chosen.map(({ id, ranges, egress }) => {
    const known = told.find((network) => network.id === id);
    if (known === undefined) return { id, ranges, egress, members: [] };
    const routes = [...egress, ...known.egress.filter((route) => !egress.some((own) => own.id === route.id))];
    return { id, ranges, egress: routes, members: known.members };
  });
}

function ownOf(told: ServerConfig["networks"], interfaces: readonly HostInterface[]): ServerConfig["networks"] {
  const own = interfaces.flatMap((one) => one.addresses.map((address) => address.bytes));
  return told.filter((network) => network.ranges.some((range) => own.some((address) => cidrContains(range, address))));
}

function firstNonEmpty<T>(a: readonly T[], b: readonly T[]): readonly T[] {
  return a.length > 0 ? a : b;
}

/** How much of the names of a network may be known: nothing if it is off, else as configured here, as the server says of the network, of all. */
export function nameModes(
  configured: NameMode | undefined,
  { networks, capture }: Pick<ServerConfig, "networks" | "capture">,
): (network: string) => NameMode {
  return (network) => {
    const told = networks.find(({ id }) => id === network);
    return told?.enabled === false ? "off" : (configured ?? told?.names ?? capture.names);
  };
}

/** Networks that are switched off on the server: their flows are not reported, nor taken for another network's. */
export function networksOff(networks: ServerConfig["networks"]): ReadonlySet<string> {
  return new Set(networks.filter(({ enabled }) => enabled === false).map(({ id }) => id));
}

/** What the server says is not to be recorded at all. */
export function excludeRules({
  exclude,
  excluded,
  exclude_domains: domains,
}: Pick<ServerConfig, "exclude" | "excluded" | "exclude_domains">): ExcludeRules {
  return new ExcludeRules({ ranges: [{ reason: "excluded", ranges: exclude }, ...excluded], domains });
}

/** The host's addresses in each network, as text: part of what every batch says. */
export function addressesByNetwork(
  networks: readonly NetworkConfig[],
  interfaces: readonly HostInterface[],
): Record<string, string[]> {
  const own = interfaces.flatMap((one) => one.addresses);
  return Object.fromEntries(
    networks.map(({ id, ranges }) => {
      const inside = own.filter(({ bytes }) => ranges.some((range) => cidrContains(range, bytes)));
      return [id, [...new Set(inside.map((address) => address.text))].slice(0, MAX_ADDRESSES)];
    }),
  );
}
/** A batch's metadata is bounded on the server's side; a host with more addresses than these has them of containers. */
const MAX_ADDRESSES = 200;
