/** Answers of the API about nodes, users, config files, egress routes and networks. */
import type { AnswerMeta } from "./api-types.ts";

/** As the inventory calls them. */
export type InventoryKind = "network" | "node" | "user" | "config_file" | "egress";

export interface ListedEntity {
  /** As rows have it; networks by their id. */
  readonly name: string;
  readonly networks: readonly string[];
  /** Addresses, or the ranges of what is a range. */
  readonly addresses: readonly string[];
  readonly devices: readonly string[];
  readonly groups: readonly string[];
  readonly tags: readonly string[];
  /** Nodes that carry its traffic. */
  readonly via: readonly string[];
  readonly gateway: boolean;
  /** The inventory has it now. */
  readonly known: boolean;
  readonly since: string | null;
  readonly removed: string | null;
  /** Of networks. */
  readonly members: {
    readonly nodes: number;
    readonly users: number;
    readonly config_files: number;
    readonly egress: number;
    readonly agents: number;
  } | null;
  /** Of nodes whose agent was heard of in the last 24 hours. */
  readonly agent: {
    readonly version: string | null;
    readonly last_seen: string;
    readonly silent: boolean;
    /** It records nothing, since it is told so. */
    readonly off_by_settings: boolean;
  } | null;
  readonly bytes: number | string;
  readonly connections: number | string;
  /** Bytes of each step; empty: none. */
  readonly series: readonly (number | string)[];
}

export interface InventoryList {
  readonly entities: readonly ListedEntity[];
  /** Those that are left out count, too. */
  readonly total: number;
  readonly estimated: boolean;
  readonly meta: AnswerMeta;
}

/** As in the inventory's file, whatever its kind. */
export interface Described {
  readonly addresses?: readonly string[];
  readonly ranges?: readonly string[];
  readonly via?: readonly string[];
  readonly groups?: readonly string[];
  readonly tags?: readonly string[];
  readonly devices?: readonly { readonly name?: string; readonly addresses: readonly string[] }[];
}

export interface InventoryChange {
  readonly time: string;
  readonly network: string;
  readonly id: string;
  readonly who: string;
  /** `added`, `removed`, or what changed. */
  readonly what: string;
  readonly before: (Described & { readonly name?: string }) | null;
  readonly after: (Described & { readonly name?: string }) | null;
}
