/** What is in force, as far as agents' declarations are read with it. */
import { type Cidr, formatCidr, parseCidr } from "@flowtrail/model";
import { agentSource } from "../../attribution/order.ts";
import { type EntityVersion, sourceKind } from "../../history/change.ts";
import type { KeyOwner, KeyOwners, Named } from "./peers.ts";

export interface HistoryView {
  readonly version: number;
  networks(): readonly string[];
  versions(network: string): readonly EntityVersion[];
}

export interface View {
  /** Of agents. */
  readonly bySource: ReadonlyMap<string, readonly EntityVersion[]>;
  readonly owners: KeyOwners;
  /** Public keys that several agents declare: they are nobody's. */
  readonly shared: ReadonlySet<string>;
  /** By network: what the other sources name. */
  readonly named: ReadonlyMap<string, Named>;
  /** Entities that were looked at. */
  readonly size: number;
  /** Changes when owners or names do. */
  readonly text: string;
}

interface NamedLists {
  readonly addresses: Set<string>;
  readonly sites: Cidr[];
}

export function viewOf(history: HistoryView): View {
  let size = 0;
  const bySource = new Map<string, EntityVersion[]>();
  const named = new Map<string, NamedLists>();
  const owners = new Map<string, KeyOwner>();
  const shared = new Set<string>();
  const byId = new Map<string, KeyOwner & { readonly addresses: Map<string, Set<string>> }>();
  for (const network of history.networks()) {
    for (const version of history.versions(network)) {
      size++;
      if (version.toMs !== Number.POSITIVE_INFINITY) continue;
      if (sourceKind(version.source) !== "agent") {
        const lists = named.get(network) ?? { addresses: new Set(), sites: [] };
        named.set(network, lists);
        note(version, lists);
        continue;
      }
      const ofSource = bySource.get(version.source);
      if (ofSource === undefined) bySource.set(version.source, [version]);
      else ofSource.push(version);
      if (version.kind !== "node" || version.source !== agentSource(version.id)) continue;
      const { id, name = id, public_keys = [], addresses } = version.entity;
      const owner = byId.get(id) ?? { id, name, addresses: new Map<string, Set<string>>() };
      byId.set(id, owner);
      owner.addresses.set(network, new Set(addresses));
      for (const key of public_keys) {
        if ((owners.get(key) ?? owner) === owner) owners.set(key, owner);
        else shared.add(key);
      }
    }
  }
  for (const key of shared) owners.delete(key);
  return { bySource, owners, shared, named, size, text: textOf(owners, named) };
}

function note({ kind, entity }: EntityVersion, { addresses, sites }: NamedLists): void {
  if (kind === "egress") sites.push(...[...entity.ranges, ...entity.virtual_ranges].flatMap((text) => siteOf(text)));
  else if (kind === "user") for (const device of entity.devices) for (const address of device.addresses) addresses.add(address);
  else if (kind !== "network") for (const address of entity.addresses) addresses.add(address);
}

/** A default route names nobody's site. */
function siteOf(text: string): Cidr[] {
  const range = parseCidr(text);
  return range === null || range.prefixBits === (range.v4 ? 96 : 0) ? [] : [range];
}

function textOf(owners: KeyOwners, named: ReadonlyMap<string, NamedLists>): string {
  const keys = [...owners].map(([key, { id, addresses }]) => [
    key,
    id,
    [...addresses].map(([network, own]) => [network, ...own]),
  ]);
  return JSON.stringify([
    keys,
    [...named].map(([id, { addresses, sites }]) => [id, [...addresses].sort(), sites.map(formatCidr).sort()]),
  ]);
}
