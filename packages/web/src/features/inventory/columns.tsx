/** Which columns each kind has. */
import type { InventoryKind } from "../../lib/types-inventory.ts";
import { AgentCell, MembersCell, Several } from "./cells.tsx";
import type { ListColumn } from "./column.ts";

const NETWORKS: ListColumn = {
  label: "Networks",
  share: 1,
  spare: true,
  sort: "networks",
  cell: ({ networks }) => <Several texts={networks} />,
};
const ADDRESSES: ListColumn = { label: "Addresses", share: 1.4, cell: ({ addresses }) => <Several texts={addresses} most={1} /> };
const TAGS: ListColumn = { label: "Tags", share: 0.9, spare: true, cell: ({ tags }) => <Several texts={tags} /> };
const THROUGH: ListColumn = {
  label: "Through",
  share: 1,
  spare: true,
  title: "The node that carries its traffic",
  cell: ({ via }) => <Several texts={via} />,
};

export const COLUMNS: Readonly<Record<InventoryKind, readonly ListColumn[]>> = {
  node: [
    NETWORKS,
    ADDRESSES,
    { label: "Agent", share: 1.5, sort: "agent", cell: (node) => <AgentCell {...node} /> },
    { ...TAGS, cell: ({ tags, groups }) => <Several texts={[...groups, ...tags]} /> },
  ],
  user: [
    NETWORKS,
    { label: "Devices", share: 1, spare: true, cell: ({ devices }) => <Several texts={devices} /> },
    ADDRESSES,
    THROUGH,
    { label: "Groups", share: 1, spare: true, cell: ({ groups, tags }) => <Several texts={[...groups, ...tags]} /> },
  ],
  config_file: [NETWORKS, ADDRESSES, THROUGH, TAGS],
  egress: [NETWORKS, { ...ADDRESSES, label: "Ranges" }, THROUGH, TAGS],
  network: [
    { ...ADDRESSES, label: "Ranges", cell: ({ addresses }) => <Several texts={addresses} /> },
    { label: "Members", share: 2.4, cell: (network) => <MembersCell {...network} /> },
    {
      label: "Agents",
      share: 0.8,
      sort: "agent",
      title: "That report now",
      cell: ({ members }) => `${members?.agents ?? 0} report`,
    },
  ],
};
