/** The firewall rules of a node: its masquerading, and ports that swallow what comes, and say so to whoever listens to the log group. */
import { deviceOf } from "./names.ts";
import type { Masquerade } from "./state.ts";
import { egress, type LabNode, network, nodes } from "./topology.ts";

/** TCP and UDP to this port are dropped without an answer on every node with an agent. */
export const filteredPort = 4444;
/** … TCP to this one by a rule of iptables, where that is installed. */
export const iptablesPort = 4445;
/** … TCP through this node to this port. */
export const forwardDrop = { at: egress.via, port: 4446 } as const;
/** nflog group that hears of all of them: the agents' default. */
const logGroup = 740;
/** Prefixes of the log rules, as agents tell them. */
export const denyRules = { filtered: "lab-filtered:", iptables: "lab-iptables:", forward: "lab-forward:" } as const;

/** Text for `nft -f`, or null if the node has no rules. Nothing in it switches connection tracking on, except where there is something to masquerade. */
export function ruleset(lab: string, node: LabNode, masquerade: readonly Masquerade[]): string | null {
  if (!node.agent) return null;
  const nat = natRules(lab, node, masquerade);
  return [
    "table inet lab {",
    " chain input {",
    "  type filter hook input priority filter",
    `  tcp dport ${filteredPort} counter ${logged("filtered")} drop`,
    `  udp dport ${filteredPort} counter ${logged("filtered")} drop`,
    " }",
    ...(node.name === forwardDrop.at
      ? [
          " chain forward {",
          "  type filter hook forward priority filter",
          `  tcp dport ${forwardDrop.port} ${logged("forward")} drop`,
          " }",
        ]
      : []),
    ...(nat.length
      ? [" chain postrouting {", "  type nat hook postrouting priority srcnat", ...nat.map((rule) => `  ${rule}`), " }"]
      : []),
    "}",
  ].join("\n");
}

const logged = (rule: keyof typeof denyRules): string => `log group ${logGroup} prefix "${denyRules[rule]} "`;

/** A shell script, to be run in the node's namespace; empty if the node has no rules of iptables. */
export function iptablesScript(node: LabNode): string {
  if (!node.agent) return "";
  const rule = (command: string, target: string) => `${command} -w -A INPUT -p tcp --dport ${iptablesPort} -j ${target}`;
  const log = `NFLOG --nflog-group ${logGroup} --nflog-prefix "${denyRules.iptables} "`;
  const rules = ["iptables", "ip6tables"].flatMap((command) => [rule(command, log), rule(command, "DROP")]);
  return `if command -v iptables ip6tables > /dev/null; then\n${rules.join("\n")}\nfi`;
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
