/** Who is who in the lab, in the form of the server's inventory file. */
import { stringify } from "yaml";
import { type Addresses, configFile, egress, type LabNode, network, nodes, user } from "./topology.ts";

const list = ({ v4, v6 }: Addresses): string[] => [v4, v6];
const ofKind = (kind: LabNode["kind"]): LabNode[] => nodes.filter((node) => node.kind === kind);

/** As data: what `labInventory` prints. */
export function labInventoryData() {
  return {
    networks: [
      {
        id: network.id,
        ranges: [...network.ranges],
        nodes: ofKind("node").map(({ name, overlay }) => ({
          id: `n-${name}`,
          name,
          addresses: list(overlay!),
          gateway: nodes.some((member) => member.gateway === name && member.overlay !== null),
        })),
        users: ofKind("user").map(({ overlay, gateway }) => ({
          id: user.id,
          devices: [{ name: user.device, addresses: list(overlay!), gateway }],
        })),
        config_files: ofKind("config_file").map(({ overlay, gateway }) => ({
          id: configFile.id,
          addresses: list(overlay!),
          gateway,
        })),
        egress: [{ id: egress.id, name: egress.name, ranges: [...egress.ranges], via: [egress.via], domains: [] }],
      },
    ],
  };
}

/** As YAML. It is the same for every lab: they all have the same addresses. */
export const labInventory = (): string => stringify(labInventoryData());
