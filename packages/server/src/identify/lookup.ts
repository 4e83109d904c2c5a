/** Who an address belongs to, and how nodes are referred to. */
import type { ParticipantType } from "@flowtrail/model";
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
