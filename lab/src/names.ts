/** Every name that a lab leaves on the machine. All of them hold the lab's name, so labs live side by side and `down` finds what is its own. */
import { join } from "node:path";
import { LabError } from "./errors.ts";
import { type NodeName, nodes } from "./topology.ts";

/** Where each lab has its directory (or a link to the one that the caller chose). Only root may look inside. */
export const labsRoot = "/run/flowtrail-lab";

/** wireguard-go puts its control sockets here, whatever network namespace it runs in: so device names are unique over all labs. */
export const wireguardSocketDir = "/var/run/wireguard";

/** `ip netns exec NAME` lays /etc/netns/NAME/resolv.conf over /etc/resolv.conf (ip-netns(8)). */
export const netnsConfigDir = "/etc/netns";

/** In the environment of every process that the lab starts; how `down` knows them, whoever started them and however that one ended. */
export const markerVariable = "FLOWTRAIL_LAB";

/** @throws LabError LAB_BAD_NAME. At most 8 characters: with `nm-`, a dash and the node's three letters it makes a device name of 15, the kernel's limit (IFNAMSIZ). */
export function checkLabName(name: string): string {
  if (!/^[a-z][a-z0-9]{0,7}$/.test(name))
    throw new LabError(
      { code: "LAB_BAD_NAME", name },
      `"${name}" is no lab name: 1 to 8 characters, a-z and 0-9, the first one a letter (for example "demo")`,
    );
  return name;
}

export const labDir = (lab: string): string => join(labsRoot, lab);

export const namespaceOf = (lab: string, node: NodeName | "wires"): string => `ft-${lab}-${node}`;

export const namespacesOf = (lab: string): string[] => [
  ...nodes.map((node) => namespaceOf(lab, node.name)),
  namespaceOf(lab, "wires"),
];

/** The node's WireGuard device. */
export const deviceOf = (lab: string, short: string): string => `nm-${lab}-${short}`;

export const wireguardSocket = (device: string): string => join(wireguardSocketDir, `${device}.sock`);
