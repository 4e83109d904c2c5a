/** The nftables rules of a node: its masquerading, and one port that swallows what comes. */
import { deviceOf } from "./names.ts";
import type { Masquerade } from "./state.ts";
import { egress, type LabNode, network, nodes } from "./topology.ts";

/** TCP and UDP to this port are dropped without an answer on every node with an agent. */
export const filteredPort = 4444;

/** Text for `nft -f`, or null if the node has no rules. Nothing in it switches connection tracking on, except where there is something to masquerade. */
export function ruleset(lab: string, node: LabNode, masquerade: readonly Masquerade[]): string | null {
  if (!node.agent) return null;
  const nat = natRules(lab, node, masquerade);
  return [
    "table inet lab {",
    " chain input {",
    "  type filter hook input priority filter",
    `  tcp dport ${filteredPort} counter drop`,
    `  udp dport ${filteredPort} counter drop`,
    " }",
    ...(nat.length
      ? [" chain postrouting {", "  type nat hook postrouting priority srcnat", ...nat.map((rule) => `  ${rule}`), " }"]
      : []),
    "}",
  ].join("\n");
}

function natRules(lab: string, node: LabNode, masquerade: readonly Masquerade[]): string[] {
  const device = deviceOf(lab, node.short!);
  const rule = (link: string, [v4, v6]: readonly string[]): string[] => [
    `oifname "${link}" ip saddr ${v4} masquerade`,
    `oifname "${link}" ip6 saddr ${v6} masquerade`,
  ];
  const rules: string[] = [];
  const members = nodes.filter((other) => other.gateway === node.name && other.overlay);
  if (members.length > 0) {
    if (masquerade.includes("internet")) rules.push(...rule("eth0", network.ranges));
    if (masquerade.includes("overlay"))
      rules.push(
        ...rule(device, [set(members.map((member) => member.overlay!.v4)), set(members.map((member) => member.overlay!.v6))]),
      );
  }
  if (node.name === egress.via) {
    if (masquerade.includes("internet")) rules.push(...rule("eth0", egress.ranges));
    if (masquerade.includes("lan")) rules.push(...rule("lan0", network.ranges));
  }
  return rules;
}

const set = (items: string[]): string => `{ ${items.join(", ")} }`;
