/** What the agents on a connection's way should report of it: flow-record.md ("Direction", "NAT") applied to the lab's map. */
import type { Masquerade } from "./state.ts";
import {
  type AgentNodeName,
  egress,
  type Family,
  hostAddresses,
  type LabNode,
  type NodeName,
  nodeByName,
  pick,
} from "./topology.ts";

export type Direction = "ingress" | "egress";
export type Role = "initiator" | "responder" | "forwarder";

export interface ExpectedReport {
  reporter: AgentNodeName;
  direction: Direction;
  role: Role;
  /** The source as this node sees it: another than the connection's own where a node before it masquerades. Its port may differ then, too. */
  srcIp: string;
  /** Set on the node that masquerades: the address that the source gets. */
  natSrcIp: string | null;
}

/** The nodes that a connection passes, its ends included. */
export function pathBetween(from: NodeName, to: NodeName): NodeName[] {
  const path = [from, nodeByName(from).gateway, nodeByName(to).gateway, to].filter((name) => name !== null);
  return path.filter((name, index) => path.indexOf(name) === index);
}

/** Only members without agent reach the internet through the overlay; nodes and the LAN have their own way to it. */
const usesOverlay = (from: LabNode, to: LabNode): boolean =>
  from.overlay !== null && (to.kind !== "internet" || from.gateway !== null);

/** The address that `from` has in its connections with `to`. */
export function sourceAddress(from: NodeName, to: NodeName, family: Family): string {
  const node = nodeByName(from);
  const addresses = usesOverlay(node, nodeByName(to)) ? node.overlay : node.kind === "lan" ? node.lan : node.underlay;
  return pick(addresses!, family);
}

/** The address under which a node is reached; the internet's is one of many. */
export function destinationAddress(to: NodeName, family: Family): string {
  const node = nodeByName(to);
  return pick(node.overlay ?? node.lan ?? hostAddresses("api.example.test"), family);
}

/**
 * The reports to expect of one connection.
 * @param arrives false if the last node drops what comes: its kernel never confirms a conntrack entry then, so it has nothing to report
 */
export function expectedReports(
  connection: { from: NodeName; to: NodeName; family: Family; arrives?: boolean },
  masquerade: readonly Masquerade[],
): ExpectedReport[] {
  const { from, to, family, arrives = true } = connection;
  const [source, destination] = [nodeByName(from), nodeByName(to)];
  const inOverlay = { source: usesOverlay(source, destination), destination: destination.overlay !== null };
  if (!inOverlay.source && !inOverlay.destination) return [];
  const reports: ExpectedReport[] = [];
  let srcIp = sourceAddress(from, to, family);
  for (const hop of pathBetween(from, to)) {
    const node = nodeByName(hop);
    if (!node.agent || (hop === to && !arrives)) continue;
    const role: Role = hop === from ? "initiator" : hop === to ? "responder" : "forwarder";
    // Rules 1 and 2 are about the node's own addresses, 3 and 4 about the network's range.
    const direction: Direction =
      role === "initiator" ? "egress" : role === "responder" || inOverlay.source ? "ingress" : "egress";
    const natSrcIp = masqueradedSource(node, source, destination, family, masquerade);
    reports.push({ reporter: hop as AgentNodeName, direction, role, srcIp, natSrcIp });
    srcIp = natSrcIp ?? srcIp;
  }
  return reports;
}

/** The source's address after `node` has masqueraded it, or null if it doesn't. The rules themselves are in rules.ts. */
function masqueradedSource(
  node: LabNode,
  source: LabNode,
  destination: LabNode,
  family: Family,
  masquerade: readonly Masquerade[],
): string | null {
  const behind = source.gateway === node.name;
  if (behind && destination.kind === "internet") return masquerade.includes("internet") ? pick(node.underlay!, family) : null;
  if (behind && source.overlay)
    return masquerade.includes("overlay") && destination !== node ? pick(node.overlay!, family) : null;
  if (node.name === egress.via && destination.kind === "lan" && source !== node)
    return masquerade.includes("lan") ? pick(node.lan!, family) : null;
  return null;
}
