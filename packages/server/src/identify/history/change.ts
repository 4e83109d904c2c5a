/** One change of one thing of the inventory, as it is kept for ever, and the versions that follow from them. */
import type { InventoryNetwork } from "../inventory-schema.ts";
import { PRECEDENCE, type SourceKind } from "../sources/source.ts";

export const ENTITY_KINDS = ["network", "node", "user", "config_file", "egress"] as const;
export type EntityKind = (typeof ENTITY_KINDS)[number];

/** What an entity says: as in the inventory's schema, a network without its children. */
export interface Entities {
  readonly network: Omit<InventoryNetwork, "nodes" | "users" | "config_files" | "egress">;
  readonly node: InventoryNetwork["nodes"][number];
  readonly user: InventoryNetwork["users"][number];
  readonly config_file: InventoryNetwork["config_files"][number];
  readonly egress: InventoryNetwork["egress"][number];
}

/** Which thing: two sources that know the same node have one entity each. */
export interface EntityRef {
  /** `file`, `netmaker`, `agent:<reporter id>`. */
  readonly source: string;
  readonly network: string;
  readonly kind: EntityKind;
  readonly id: string;
}

export interface InventoryChange extends EntityRef {
  /** When it came into force, ms since 1970. */
  readonly atMs: number;
  /** The same for all that changed at once. */
  readonly changeId: string;
  /** Canonical JSON of the entity; null: it is gone. */
  readonly entity: string | null;
  /** Who told: `file:<path>`, `netmaker:<url>`, `agent:<name>`. */
  readonly who: string;
  /** In a few words: `added`, `removed`, `changed addresses, gateway`. */
  readonly what: string;
}

/** An entity for as long as it stayed the same. */
export type EntityVersion = {
  readonly [K in EntityKind]: EntityRef & {
    readonly kind: K;
    readonly entity: Entities[K];
    readonly fromMs: number;
    /** Infinity: it still is so. */
    readonly toMs: number;
    /** It was in the first version of its network that the source told of, which holds for all earlier time, too. */
    readonly isFirst: boolean;
  };
}[EntityKind];

export function entityKey({ source, network, kind, id }: EntityRef): string {
  return JSON.stringify([source, network, kind, id]);
}

/** The kind of a source, by its name. */
export function sourceKind(source: string): SourceKind {
  return source === "file" || source === "netmaker" ? source : "agent";
}

/** The lower counts. */
export function precedenceOf(source: string): number {
  return PRECEDENCE[sourceKind(source)];
}
