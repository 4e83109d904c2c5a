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

/** A node that drops a connection's packets by a rule that says so. */
export interface Denial {
  readonly at: NodeName;
  /** As agents tell it. */
  readonly rule: string;
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
 * @param connection `droppedAt`: the node that drops what comes: its kernel never confirms a conntrack entry then, so it has no flow to report, nor have
 * those after it
 */
export function expectedReports(
  connection: { from: NodeName; to: NodeName; family: Family; droppedAt?: NodeName | undefined },
  masquerade: readonly Masquerade[],
): ExpectedReport[] {
  const all = reportsOf(connection, masquerade);
  const dropped = all.findIndex(({ reporter }) => reporter === connection.droppedAt);
  return dropped < 0 ? all : all.slice(0, dropped);
}

/** What the agent of the node that drops it should report, if it listens to what its rules log. */
export function expectedDenial(
  connection: { from: NodeName; to: NodeName; family: Family },
  { at, rule }: Denial,
  masquerade: readonly Masquerade[],
): (ExpectedReport & { readonly rule: string }) | null {
  const report = reportsOf(connection, masquerade).find(({ reporter }) => reporter === at);
  return report === undefined ? null : { ...report, natSrcIp: null, rule };
}

function reportsOf(
  { from, to, family }: { from: NodeName; to: NodeName; family: Family },
  masquerade: readonly Masquerade[],
): ExpectedReport[] {
  const [source, destination] = [nodeByName(from), nodeByName(to)];
  const inOverlay = { source: usesOverlay(source, destination), destination: destination.overlay !== null };
  if (!inOverlay.source && !inOverlay.destination) return [];
  const reports: ExpectedReport[] = [];
  let srcIp = sourceAddress(from, to, family);
  for (const hop of pathBetween(from, to)) {
    const node = nodeByName(hop);
    if (!node.agent) continue;
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
