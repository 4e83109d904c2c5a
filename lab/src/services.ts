/** What listens where. */
import { certificateFiles } from "./internet.ts";
import type { Endpoint, Service } from "./peers/protocol.ts";
import { type Addresses, internetHosts, type LabNode, namelessHost } from "./topology.ts";

export const ports = {
  ssh: 22,
  /** The LAN host alone. */
  telnet: 23,
  http: 80,
  ntp: 123,
  https: 443,
  smb: 445,
  postgresql: 5432,
  git: 9418,
  /** Nothing listens here, nor on 443 of a node. */
  closed: 81,
} as const;

const both = (addresses: Addresses, port: number): Endpoint[] => [addresses.v4, addresses.v6].map((ip) => ({ ip, port }));

/** Nodes and the LAN host serve on their overlay or LAN address; the internet's hosts and the LAN host are web servers. */
export function servicesOf(node: LabNode, dir: string): Service[] {
  const { certFile, keyFile } = certificateFiles(dir);
  const web = (addresses: Addresses): Service[] => [
    ...both(addresses, ports.http).map((at): Service => ({ kind: "http", at })),
    ...both(addresses, ports.https).map((at): Service => ({ kind: "https", at, certFile, keyFile })),
  ];
  if (node.kind === "internet")
    return [...internetHosts.map((host) => host.addresses), namelessHost].flatMap((addresses) => [
      ...web(addresses),
      ...both(addresses, ports.git).map((at): Service => ({ kind: "transfer", at })),
      ...both(addresses, ports.ntp).map((at): Service => ({ kind: "udp", at })),
    ]);
  const addresses = node.kind === "lan" ? node.lan : node.agent ? node.overlay : null;
  if (!addresses) return [];
  return [
    ...both(addresses, ports.ssh).map((at): Service => ({ kind: "echo", at })),
    ...[ports.smb, ports.postgresql].flatMap((port) => both(addresses, port).map((at): Service => ({ kind: "transfer", at }))),
    ...both(addresses, ports.ntp).map((at): Service => ({ kind: "udp", at })),
    ...(node.kind === "lan"
      ? [...web(addresses), ...both(addresses, ports.telnet).map((at): Service => ({ kind: "transfer", at }))]
      : []),
  ];
}
