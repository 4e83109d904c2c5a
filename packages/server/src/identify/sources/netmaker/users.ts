/** Users with their devices in a network, their display names and groups. */
import type { InventoryNetwork } from "../../inventory-schema.ts";
import { type Client, isWithin } from "./clients.ts";
import type { NetmakerNode, NetmakerUser } from "./entities.ts";
import type { Snapshot } from "./parts.ts";

type InventoryUser = InventoryNetwork["users"][number];
type Device = InventoryUser["devices"][number];

interface Place {
  readonly network: string;
  readonly ranges: readonly string[];
  readonly clients: readonly Client[];
  readonly nodes: readonly NetmakerNode[];
}

export class UserBook {
  readonly #users: ReadonlyMap<string, NetmakerUser>;
  readonly #groupNames: ReadonlyMap<string, string>;
  readonly #userIps: Snapshot["userIps"];
  /** Addresses that clients have, switched off or not: those say more than the map of addresses. */
  readonly #taken: ReadonlySet<string>;

  constructor({ users, groups, userIps, clients, statics }: Snapshot) {
    this.#users = new Map(users.map((user) => [user.username, user]));
    this.#groupNames = new Map(groups.map(({ id, name }) => [id, name === "" ? id : name]));
    this.#userIps = userIps;
    const all = [...clients, ...statics.map(({ static_node }) => static_node)];
    this.#taken = new Set(all.flatMap(({ address }) => address ?? []));
  }

  /** Users who have a device in the network. */
  devicesOf({ ranges, clients, nodes }: Place): InventoryUser[] {
    const devices = new Map<string, Device[]>();
    const add = (user: string, device: Device) => devices.set(user, [...(devices.get(user) ?? []), device]);
    for (const client of clients) if (client.owner !== null) add(client.owner, deviceOf(client));
    const own = new Set(nodes.map(({ address }) => address));
    for (const [address, { user }] of Object.entries(this.#userIps)) {
      if (!this.#taken.has(address) && !own.has(address) && isWithin(address, ranges)) add(user, { addresses: [address] });
    }
    return [...devices]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, list]) => ({ ...this.#person(id), devices: list.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) }));
  }

  #person(id: string): Omit<InventoryUser, "devices"> {
    const user = this.#users.get(id);
    const name = user?.display_name ?? "";
    const mapped = Object.values(this.#userIps).find((one) => one.user === id)?.groups ?? [];
    const groups = user ? user.user_group_ids.map((group) => this.#groupNames.get(group) ?? group) : mapped;
    return { id, ...(name === "" ? {} : { name }), groups: [...new Set(groups)].sort(), tags: [] };
  }
}

function deviceOf({ entity, addresses }: Client): Device {
  const { clientid, device_name, ingressgatewayid } = entity;
  return {
    id: clientid,
    name: device_name === "" ? clientid : device_name,
    addresses: [...addresses],
    ...(ingressgatewayid === null ? {} : { gateway: ingressgatewayid }),
  };
}

const keyOf = ({ id = "", addresses }: Device) => `${id} ${addresses.join(" ")}`;
