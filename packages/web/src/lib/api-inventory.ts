/** What the inventory knows. */
import { call } from "./api.ts";
import type { Asked } from "./asked.ts";
import type { EntityKind } from "./paths.ts";
import type { InventoryKind, InventoryList } from "./types-inventory.ts";

interface InventoryEntity {
  readonly network: string;
  readonly kind: keyof typeof KINDS;
  readonly id: string;
  readonly name: string | null;
}

interface InventoryPage {
  readonly entities: readonly InventoryEntity[];
  readonly total: number;
}

/** The inventory's kinds, as rows and pages call them. */
const KINDS = {
  network: "network",
  node: "node",
  user: "user",
  config_file: "extclient",
  egress: "egress_route",
} as const satisfies Readonly<Record<string, EntityKind | null>>;

export interface FoundEntity {
  readonly kind: EntityKind;
  /** As rows have it. */
  readonly name: string;
  readonly network: string;
}

/** Whose id, name, address or tag holds the text. Throws ApiError. */
export async function findEntities(text: string, limit: number, signal?: AbortSignal): Promise<readonly FoundEntity[]> {
  const params = new URLSearchParams({ q: text, limit: String(limit) });
  const { entities } = await call<InventoryPage>("GET", `/api/inventory?${params}`, undefined, signal);
  return entities.map(({ kind, name, id, network }) => ({
    kind: KINDS[kind],
    // Flows have networks by their id.
    name: kind === "network" ? id : (name ?? id),
    network,
  }));
}

interface NetworkAnswer {
  readonly networks: readonly { readonly id: string }[];
}

/** Networks that the inventory knows, or that flows of the last days are of. Throws ApiError. */
export async function fetchNetworks(signal?: AbortSignal): Promise<NetworkAnswer["networks"]> {
  return (await call<NetworkAnswer>("GET", "/api/networks", undefined, signal)).networks;
}

/** All that there is of one kind, with its traffic in the window. Throws ApiError. */
export function fetchList(
  kind: InventoryKind,
  { network, window }: Pick<Asked, "network" | "window">,
  signal?: AbortSignal,
): Promise<InventoryList> {
  const params = new URLSearchParams({ kind, from: window.from, to: window.to });
  if (network !== null) params.set("network", network);
  return call("GET", `/api/inventory/list?${params}`, undefined, signal);
}
