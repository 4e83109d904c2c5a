/** Whose address it is, within one network: the inventory's holders first, then what agents declared, then ranges by longest prefix. */
import { type Cidr, cidrContains, type ParticipantType, parseAddress, parseCidr } from "@flowtrail/model";
import type { InventoryNetwork } from "./inventory-schema.ts";

/** A node under the names by which agents and gateways may call it. */
export interface NodeRef {
  readonly id: string;
  readonly name: string;
  /** The machine's own id, where it has one (Netmaker's host): a machine is one reporter in all its networks. */
  readonly host?: string;
  /** The node that relays its traffic, as the inventory calls it (id or name). */
  readonly relay?: string;
}

/** Who an address belongs to. */
export interface Participant {
  readonly type: ParticipantType;
  readonly id: string | null;
  readonly name: string | null;
  readonly device: string | null;
  /** Where `type` is node: that node. */
  readonly node: NodeRef | null;
  /** Nodes that carry its traffic: the gateway of a device or config file, the `via` of an egress route. */
  readonly gateways: readonly NodeRef[];
}

export const EXTERNAL: Participant = { type: "external", id: null, name: null, device: null, node: null, gateways: [] };
const UNKNOWN: Participant = { ...EXTERNAL, type: "unknown" };

/** The 16 bytes of an address as a key of a Map. */
export function addressKey(bytes: Uint8Array, offset = 0): string {
  let key = "";
  for (let i = offset; i < offset + 16; i += 2) key += String.fromCharCode(((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0));
  return key;
}

/** The key of an address as text; null if it is none. */
export function addressKeyOf(text: string): string | null {
  const bytes = parseAddress(text);
  return bytes && addressKey(bytes);
}

interface Route {
  readonly range: Cidr;
  readonly participant: Participant;
}

export class NetworkLookup {
  readonly #nodes = new Map<string, NodeRef>();
  readonly #holders = new Map<string, Participant>();
  readonly #declared: ReadonlyMap<string, Participant>;
  readonly #routes: readonly Route[];
  readonly #ranges: readonly Cidr[];

  /**
   * @param network null: the inventory does not know it
   * @param declared holders that agents declared, by address key
   */
  constructor(network: InventoryNetwork | null, declared: ReadonlyMap<string, Participant> = new Map()) {
    this.#declared = declared;
    for (const node of network?.nodes ?? []) {
      const ref = nodeRef(node);
      this.#nodes.set(ref.name, ref);
      this.#nodes.set(ref.id, ref);
    }
    if (network !== null) this.#addHolders(network);
    this.#ranges = (network?.ranges ?? []).flatMap((text) => parseCidr(text) ?? []);
    this.#routes = (network?.egress ?? [])
      .flatMap(({ id, name = id, ranges, via }) => {
        const participant: Participant = {
          ...EXTERNAL,
          type: "egress_route",
          id,
          name,
          gateways: via.map((node) => this.node(node)),
        };
        return ranges.flatMap((text) => {
          const range = parseCidr(text);
          // A default route says where traffic leaves, and not whose the whole internet is.
          return range === null || isDefault(range) ? [] : [{ range, participant }];
        });
      })
      .sort((a, b) => b.range.prefixBits - a.range.prefixBits);
  }

  /** The node that is called so, by id or by name; one that the inventory does not know is its own id and name. */
  node(idOrName: string): NodeRef {
    return this.#nodes.get(idOrName) ?? { id: idOrName, name: idOrName };
  }

  /** @param own addresses that the reporter itself declared, by key: two sites may both have a 172.17.0.1 */
  find(bytes: Uint8Array, offset: number, own: ReadonlyMap<string, Participant> | undefined): Participant {
    const key = addressKey(bytes, offset);
    const holder = this.#holders.get(key) ?? own?.get(key) ?? this.#declared.get(key);
    if (holder !== undefined) return holder;
    for (const { range, participant } of this.#routes) if (cidrContains(range, bytes, offset)) return participant;
    for (const range of this.#ranges) if (cidrContains(range, bytes, offset)) return UNKNOWN;
    return EXTERNAL;
  }

  /** Nodes last: where a node and something else claim one address, the node has it. */
  #addHolders(network: InventoryNetwork): void {
    const gateways = (gateway: string | undefined) => (gateway === undefined ? [] : [this.node(gateway)]);
    for (const { id, name = id, addresses, gateway } of network.config_files) {
      this.#hold(addresses, { ...EXTERNAL, type: "extclient", id, name, gateways: gateways(gateway) });
    }
    for (const { id, name = id, devices } of network.users) {
      for (const device of devices) {
        const participant: Participant = { ...EXTERNAL, type: "user", id, name, device: device.name ?? null };
        this.#hold(device.addresses, { ...participant, gateways: gateways(device.gateway) });
      }
    }
    for (const node of network.nodes) this.#hold(node.addresses, nodeParticipant(nodeRef(node)));
  }

  #hold(addresses: readonly string[], participant: Participant): void {
    for (const address of addresses) {
      const key = addressKeyOf(address);
      if (key !== null) this.#holders.set(key, participant);
    }
  }
}

/** A node of the inventory as others refer to it. */
export function nodeRef({
  id,
  name = id,
  host,
  relay,
}: Pick<InventoryNetwork["nodes"][number], "id" | "name" | "host" | "relay">): NodeRef {
  return { id, name, ...(host === undefined ? {} : { host }), ...(relay === undefined ? {} : { relay }) };
}

export function nodeParticipant(node: NodeRef): Participant {
  return { type: "node", id: node.id, name: node.name, device: null, node, gateways: [] };
}

function isDefault(range: Cidr): boolean {
  return range.prefixBits === (range.v4 ? 96 : 0);
}
