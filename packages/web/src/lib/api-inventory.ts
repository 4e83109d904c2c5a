/** What the inventory knows. */
import { call } from "./api.ts";
import type { EntityKind } from "./paths.ts";

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

/** The inventory's kinds, as rows and pages call them. Null: networks have no page. */
const KINDS = {
  network: null,
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
  return entities.flatMap(({ kind, name, id, network }) => {
    const known = KINDS[kind];
    return known === null ? [] : [{ kind: known, name: name ?? id, network }];
  });
}

interface NetworkAnswer {
  readonly networks: readonly { readonly id: string }[];
}

/** Networks that the inventory knows, or that flows of the last days are of. Throws ApiError. */
export async function fetchNetworks(signal?: AbortSignal): Promise<NetworkAnswer["networks"]> {
  return (await call<NetworkAnswer>("GET", "/api/networks", undefined, signal)).networks;
}
