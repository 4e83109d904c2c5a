/** What Netmaker said → an inventory, in an order that does not change with the order of its answers (Go's maps have none). */
import type { Inventory, InventoryNetwork } from "../../inventory-schema.ts";
import { type Client, ClientBook } from "./clients.ts";
import type { NetmakerEgress, NetmakerHost, NetmakerNetwork, NetmakerNode } from "./entities.ts";
import type { Snapshot } from "./parts.ts";
import { UserBook } from "./users.ts";

type Routes = InventoryNetwork["egress"];

export function netmakerInventory(snapshot: Snapshot): Inventory {
  const hosts = new Map(snapshot.hosts.map((host) => [host.id, host]));
  const users = new UserBook(snapshot);
  const clients = new ClientBook(snapshot);
  const networks = new Map(snapshot.networks.map((network) => [network.netid, network]));
  // One that is not in the list was made or removed between two answers; its nodes say which ranges it has.
  const known = new Set([...networks.keys(), ...snapshot.nodes.map(({ network }) => network), ...clients.networks]);
  return {
    networks: [...known].sort().map((id) => {
      const nodes = snapshot.nodes.filter(({ network }) => network === id);
      const own = clients.of(id);
      const egress = snapshot.egress[id] ?? [];
      const ranges = rangesOf(networks.get(id), nodes, egress);
      return {
        id,
        ranges,
        nodes: byId(nodes.map((node) => nodeOf(node, hosts))),
        users: users.devicesOf({ network: id, ranges, clients: own, nodes }),
        config_files: byId(own.filter(({ owner }) => owner === null).map((client) => configFileOf(client))),
        egress: byId([...egress.filter(({ status }) => status).map((route) => routeOf(route)), ...own.flatMap(routesBehind)]),
      };
    }),
  };
}

function rangesOf(
  network: NetmakerNetwork | undefined,
  nodes: readonly NetmakerNode[],
  egress: readonly NetmakerEgress[],
): string[] {
  const told = network
    ? [network.addressrange, network.addressrange6]
    : nodes.flatMap(({ networkrange, networkrange6 }) => [networkrange, networkrange6]);
  // Every network has a pool, mostly one that others use, too: it is the network's only where something is mapped into it.
  const isPoolUsed = egress.some(({ mode, status }) => status && mode === "virtual_nat");
  return unique([...told, isPoolUsed ? (network?.virtual_nat_pool_ipv4 ?? null) : null]);
}

function nodeOf(node: NetmakerNode, hosts: ReadonlyMap<string, NetmakerHost>): InventoryNetwork["nodes"][number] {
  const { id, hostid, relayedby, network } = node;
  const name = hosts.get(hostid ?? "")?.name ?? "";
  return {
    id,
    ...(name === "" ? {} : { name }),
    ...(hostid === null ? {} : { host: hostid }),
    addresses: unique([node.address, node.address6]),
    gateway: node.is_gw || node.isingressgateway || node.isinternetgateway,
    ...(relayedby === null ? {} : { relay: relayedby }),
    tags: tagsOf(node.tags, network),
  };
}

function configFileOf({ entity, addresses }: Client): InventoryNetwork["config_files"][number] {
  const { clientid, ingressgatewayid, tags, network } = entity;
  return {
    id: clientid,
    addresses: [...addresses],
    ...(ingressgatewayid === null ? {} : { gateway: ingressgatewayid }),
    tags: tagsOf(tags, network),
  };
}

/** Ranges behind a config file or device: it carries their traffic as the node of an egress route does, by way of its gateway. */
function routesBehind({ entity, ranges }: Client): Routes {
  const { clientid, ingressgatewayid } = entity;
  return ranges.map((range) => ({
    ...NO_ROUTE,
    id: `${clientid}:${range}`,
    name: `behind ${clientid}`,
    ranges: [range],
    via: ingressgatewayid === null ? [] : [ingressgatewayid],
  }));
}

const NO_ROUTE = { virtual_ranges: [], domains: [], resolved: {}, tags: [] };

function routeOf(route: NetmakerEgress): Routes[number] {
  const { id, name, range, mode, virtual_range, nodes, tags, network } = route;
  const domains = unique([route.domain, ...route.domains].filter((domain) => domain !== "")).sort();
  const [only] = domains;
  // v1.5 has one domain, and its answers are those of that one. Of several nobody knows whose they are: they are the route's all the same.
  const isOnly = domains.length === 1 && only !== undefined && Object.keys(route.domain_ans_by_domain).length === 0;
  const resolved = isOnly ? { [only]: route.domain_ans } : route.domain_ans_by_domain;
  const named = new Set(Object.values(resolved).flat());
  return {
    id,
    ...(name === "" ? {} : { name }),
    ranges: unique([range, ...route.domain_ans.filter((one) => !named.has(one)).sort()]),
    // A range that was mapped once may still be there after the mode was changed.
    virtual_ranges: mode === "virtual_nat" ? unique([virtual_range]) : [],
    via: nodes,
    domains,
    resolved: Object.fromEntries(
      Object.entries(resolved)
        .filter(([domain, ranges]) => domain !== "" && ranges.length > 0)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([domain, ranges]) => [domain, unique(ranges).sort()]),
    ),
    tags: tagsOf(tags, network),
  };
}

/** A tag's id is `<network>.<tag>`. */
export function tagsOf(tags: readonly string[], network: string): string[] {
  return unique(tags.map((tag) => (tag.startsWith(`${network}.`) ? tag.slice(network.length + 1) : tag))).filter(
    (tag) => tag !== "",
  );
}

const unique = <T>(values: readonly (T | null)[]): T[] => [...new Set(values.filter((value) => value !== null))];

/** In the order of their ids; the first of two with one id counts. */
function byId<T extends { readonly id: string }>(entries: readonly T[]): T[] {
  const first = new Map<string, T>();
  for (const entry of entries) if (!first.has(entry.id)) first.set(entry.id, entry);
  return [...first.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
