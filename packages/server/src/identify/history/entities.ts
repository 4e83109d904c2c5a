/** The inventory in pieces, each in the one form in which it is compared and kept: the order of a list or of keys means nothing. */
import { formatAddress, formatCidr, parseAddress, parseCidr } from "@flowtrail/model";
import type { Inventory } from "../inventory-schema.ts";
import type { Entities, EntityKind } from "./change.ts";

/** One entity as a source tells of it. */
export class Piece {
  readonly network: string;
  readonly kind: EntityKind;
  readonly id: string;
  readonly #value: { readonly id: string };

  constructor(network: string, kind: EntityKind, value: { readonly id: string }) {
    this.network = network;
    this.kind = kind;
    this.id = value.id;
    this.#value = value;
  }

  /** As it was told: the same text is the same entity, another text may be, too. */
  get told(): string {
    return JSON.stringify(this.#value);
  }

  /** Canonical JSON. */
  get entity(): string {
    return JSON.stringify(canonical(this.#value, ""));
  }
}

/** All entities of an inventory. Of two with the same id in one network the first is taken. */
export function piecesOf({ networks }: Inventory): Piece[] {
  return networks.flatMap(({ nodes, users, config_files, egress, ...network }) => [
    new Piece(network.id, "network", network),
    ...nodes.map((node) => new Piece(network.id, "node", node)),
    ...users.map((user) => new Piece(network.id, "user", user)),
    ...config_files.map((file) => new Piece(network.id, "config_file", file)),
    ...egress.map((route) => new Piece(network.id, "egress", route)),
  ]);
}

const ADDRESS_LISTS = new Set(["addresses"]);
const RANGE_LISTS = new Set(["ranges", "virtual_ranges"]);

/** Keys and lists in order, addresses and ranges in their one spelling, nothing that is empty or left out. Undefined: nothing is left. */
function canonical(value: unknown, key: string): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => (typeof item === "string" ? spelled(item, key) : canonical(item, "")));
    const byText = new Map(items.map((item) => [JSON.stringify(item), item]));
    return byText.size === 0 ? undefined : [...byText.keys()].sort().map((text) => byText.get(text));
  }
  if (typeof value !== "object" || value === null) return value === false ? undefined : value;
  const entries = Object.entries(value)
    .map(([name, inner]) => [name, canonical(inner, key === "resolved" ? "ranges" : name)] as const)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 && key !== "" ? undefined : Object.fromEntries(entries);
}

function spelled(text: string, key: string): string {
  if (ADDRESS_LISTS.has(key)) {
    const bytes = parseAddress(text);
    return bytes === null ? text : formatAddress(bytes);
  }
  const cidr = RANGE_LISTS.has(key) ? parseCidr(text) : null;
  return cidr === null ? text : formatCidr(cidr);
}

/** What canonical JSON leaves out. */
const EMPTY: { readonly [K in EntityKind]: Omit<Entities[K], "id"> } = {
  network: { ranges: [] },
  node: { addresses: [], gateway: false, tags: [] },
  user: { devices: [], groups: [], tags: [] },
  config_file: { addresses: [], tags: [] },
  egress: { ranges: [], virtual_ranges: [], via: [], domains: [], resolved: {}, tags: [] },
};

/** Reads what `piecesOf` wrote. */
export function readEntity<K extends EntityKind>(kind: K, text: string): Entities[K] {
  const entity = { ...EMPTY[kind], ...(JSON.parse(text) as Entities[K]) };
  if (kind !== "user") return entity;
  const user = entity as Entities["user"];
  const devices = user.devices.map((device) => ({ ...device, addresses: device.addresses ?? [] }));
  return { ...user, devices } as Entities[K];
}
