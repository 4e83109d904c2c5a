/** What the API knows of one node, user, config file, egress route, domain or address. */
import { call } from "./api.ts";
import type { AnswerMeta } from "./api-types.ts";
import type { EntityKind } from "./paths.ts";
import type { TopAnswer } from "./types-charts.ts";
import type { Described, InventoryChange } from "./types-inventory.ts";

export interface SeenAnswer {
  /** Start of the first flow; null: there is none. */
  readonly first: string | null;
  readonly last: string | null;
  readonly exact: boolean;
  /** Why it is not exact, for people. */
  readonly note: string | null;
}

/** Since when a value is known, of all that is stored. `params`: as `GET /api/flows/seen` takes them. Throws ApiError. */
export function fetchSeen(params: URLSearchParams, signal?: AbortSignal): Promise<SeenAnswer> {
  return call<SeenAnswer>("GET", `/api/flows/seen?${params}`, undefined, signal);
}

/** `params`: as `GET /api/flows/top` takes them. Throws ApiError. */
export function fetchTop(params: URLSearchParams, signal?: AbortSignal): Promise<TopAnswer & { readonly meta: AnswerMeta }> {
  return call("GET", `/api/flows/top?${params}`, undefined, signal);
}

const INVENTORY_KINDS = {
  node: "node",
  user: "user",
  extclient: "config_file",
  egress_route: "egress",
  external: null,
  network: "network",
} as const satisfies Readonly<Record<EntityKind, string | null>>;

export interface KnownEntity {
  readonly network: string;
  readonly name: string;
  readonly addresses: readonly string[];
  /** Nodes that lead there. */
  readonly via: readonly string[];
  /** Groups and tags. */
  readonly labels: readonly string[];
  readonly id: string;
}

interface EntityPage {
  readonly entities: readonly {
    readonly network: string;
    readonly id: string;
    readonly name: string | null;
    readonly entity: Described;
  }[];
}

const MOST_FOUND = 1000;

/** What the inventory tells now of this name, one for each network; nothing of what is outside. Throws ApiError. */
export async function fetchKnown(
  kind: EntityKind,
  name: string,
  network: string | null,
  signal?: AbortSignal,
): Promise<readonly KnownEntity[]> {
  const inventoryKind = INVENTORY_KINDS[kind];
  if (inventoryKind === null) return [];
  const params = new URLSearchParams({ kind: inventoryKind, q: name, limit: String(MOST_FOUND) });
  if (network !== null) params.set("network", network);
  const { entities } = await call<EntityPage>("GET", `/api/inventory?${params}`, undefined, signal);
  return (
    entities
      // Flows have networks by their id.
      .filter((one) => (kind === "network" ? one.id : (one.name ?? one.id)) === name)
      .map(({ network, id, entity }) => ({
        network,
        name,
        id,
        addresses: addressesOf(entity),
        via: entity.via ?? [],
        labels: [...(entity.groups ?? []), ...(entity.tags ?? [])],
      }))
  );
}

function addressesOf({ addresses = [], ranges = [], devices = [] }: Described): readonly string[] {
  return [...addresses, ...ranges, ...devices.flatMap((device) => device.addresses)];
}

export interface EntityHistory {
  /** Newest first. */
  readonly changes: readonly InventoryChange[];
  /** There may be older ones than these, or some of other ids of the name. */
  readonly isCut: boolean;
}

/** What the inventory said of these ids. Throws ApiError. */
export async function fetchHistory(
  kind: EntityKind,
  ids: readonly string[],
  network: string | null,
  signal?: AbortSignal,
): Promise<EntityHistory> {
  const inventoryKind = INVENTORY_KINDS[kind];
  if (inventoryKind === null) return { changes: [], isCut: false };
  const answers = await Promise.all(
    ids.slice(0, MOST_IDS).map((id) => {
      const params = new URLSearchParams({ kind: inventoryKind, id, from: "0", limit: String(MOST_CHANGES) });
      if (network !== null) params.set("network", network);
      return call<{ changes: readonly InventoryChange[] }>("GET", `/api/inventory/history?${params}`, undefined, signal);
    }),
  );
  return {
    changes: answers.flatMap(({ changes }) => changes).toSorted((a, b) => (a.time < b.time ? 1 : -1)),
    isCut: ids.length > MOST_IDS || answers.some(({ changes }) => changes.length === MOST_CHANGES),
  };
}
const MOST_CHANGES = 200;
/** One request each; a name mostly has one in each network that it is in. */
const MOST_IDS = 20;
