/** The namespaces and the cables between them, as text for `ip` and `sh`. */
import { deviceOf, namespaceOf, namespacesOf } from "./names.ts";
import { iptablesScript, ruleset } from "./rules.ts";
import type { Masquerade } from "./state.ts";
import { type Addresses, egress, internetHosts, type LabNode, namelessHost, nodes, underlayRouter } from "./topology.ts";

const lanRouter = nodes.find((node) => node.name === egress.via)!;

/** One `ip -batch` that makes all namespaces, the bridge and every cable. A cable is born inside its two namespaces: the host never sees it. */
export function wiresBatch(lab: string): string {
  const wires = namespaceOf(lab, "wires");
  const lines = namespacesOf(lab).map((namespace) => `netns add ${namespace}`);
  // mcast_snooping off: without a querier it may hold back the multicast of IPv6 neighbour discovery.
  lines.push(`link add br0 netns ${wires} type bridge mcast_snooping 0`);
  for (const node of nodes) {
    const namespace = namespaceOf(lab, node.name);
    if (node.underlay) lines.push(`link add eth0 netns ${namespace} type veth peer name ${node.name} netns ${wires}`);
    if (node.kind === "lan")
      lines.push(`link add eth0 netns ${namespace} type veth peer name lan0 netns ${namespaceOf(lab, lanRouter.name)}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Plugs the cables into the bridge. */
export function bridgeBatch(): string {
  const ports = nodes.filter((node) => node.underlay).map((node) => `link set ${node.name} master br0 addrgenmode none up`);
  return `${["link set br0 addrgenmode none up", ...ports].join("\n")}\n`;
}

/** A shell script that gives a node its addresses, routes and rules, to be run in its namespace once its WireGuard device is there. */
export function nodeScript(lab: string, node: LabNode, masquerade: readonly Masquerade[]): string {
  const device = node.short && deviceOf(lab, node.short);
  const batch = [
    ...["lo", ...cablesOf(node)].map((link) => `link set ${link} up`),
    // As a kernel's WireGuard device: without a link-local address. In two lines, for within one `up` comes first.
    ...(device ? [`link set ${device} addrgenmode none`, `link set ${device} mtu 1420 up`] : []),
    ...addressLines(node, device),
    ...routeLines(node, device),
  ];
  const rules = ruleset(lab, node, masquerade);
  return [
    ...Object.entries(sysctls(node)).map(([key, value]) => `echo ${value} > /proc/sys/net/${key}`),
    `ip -batch - <<'END'\n${batch.join("\n")}\nEND`,
    ...(rules ? [`nft -f - <<'END'\n${rules}\nEND`] : []),
    iptablesScript(node),
    "",
  ].join("\n");
}

/**
 * A shell script, to be run in a node's namespace, that ends when its cables run. The kernel tells so at most once a second (net/core/link_watch.c);
 * until then a program does not see the link among the host's interfaces.
 */
export function untilCablesRun(node: LabNode): string {
  return cablesOf(node)
    .map((link) => `until grep -qx up /sys/class/net/${link}/operstate; do sleep 0.05; done`)
    .join("; ");
}

const cablesOf = (node: LabNode): string[] => [
  ...(node.underlay || node.lan ? ["eth0"] : []),
  ...(node.underlay && node.lan ? ["lan0"] : []),
];

function sysctls(node: LabNode): Record<string, number> {
  const forwards = nodes.some((other) => other.gateway === node.name) ? 1 : 0;
  const ofCables = cablesOf(node).map((link) => ({
    // Link-local addresses are usable at once. Without one a router could not ask for a neighbour (ndisc_send_ns() in net/ipv6/ndisc.c).
    [`ipv6/conf/${link}/accept_dad`]: 0,
    [`ipv6/conf/${link}/router_solicitations`]: 0,
  }));
  return Object.assign(
    {
      // A new namespace takes the host's IPv4 settings over (devconf_inherit_init_net): say what we want.
      "ipv4/ip_forward": forwards,
      "ipv4/conf/all/rp_filter": 0,
      "ipv4/conf/default/rp_filter": 0,
      "ipv6/conf/all/forwarding": forwards,
      "ipv6/conf/all/accept_ra": 0,
      "ipv6/conf/default/accept_ra": 0,
    },
    ...ofCables,
  );
}

/** nodad: an address is usable at once, not after a second of duplicate detection. */
function addressLines(node: LabNode, device: string | null): string[] {
  const lines: string[] = [];
  const add = (addresses: Addresses, v4Bits: number, v6Bits: number, link: string): void => {
    lines.push(`address add ${addresses.v4}/${v4Bits} dev ${link}`, `address add ${addresses.v6}/${v6Bits} dev ${link} nodad`);
  };
  if (node.underlay) add(node.underlay, 24, 64, "eth0");
  if (node.lan) add(node.lan, 16, 64, node.underlay ? "lan0" : "eth0");
  // A node knows the whole network on its device, a member without agent only itself; its default route does the rest.
  if (node.overlay && device) add(node.overlay, node.agent ? 24 : 32, node.agent ? 64 : 128, device);
  if (node.kind === "internet")
    for (const addresses of [...internetHosts.map((host) => host.addresses), namelessHost]) add(addresses, 32, 128, "lo");
  return lines;
}

function routeLines(node: LabNode, device: string | null): string[] {
  const byDefault = (v4: string, v6: string): string[] => [`route add 0.0.0.0/0 ${v4}`, `route add ::/0 ${v6}`];
  if (node.kind === "internet") return [];
  if (node.kind === "lan") return byDefault(`via ${lanRouter.lan!.v4}`, `via ${lanRouter.lan!.v6}`);
  if (node.gateway) return byDefault(`dev ${device}`, `dev ${device}`);
  const lines = byDefault(`via ${underlayRouter.v4}`, `via ${underlayRouter.v6}`);
  return node.name === egress.via ? lines : [...lines, ...egress.ranges.map((range) => `route add ${range} dev ${device}`)];
}
