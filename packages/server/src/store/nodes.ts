/** Where the rows are: jobs that compute from what is stored run on each node of a cluster, over its own rows. */
import type { ClickHouse } from "./clickhouse.ts";

export interface StoreNodes {
  /** Nodes that hold rows, each asked directly. Without a cluster: the one. */
  readonly all: readonly ClickHouse[];
  /** The cluster's name as its nodes know it; null without one. */
  readonly cluster: string | null;
  /** Name of the table that holds a node's own rows. Readers ask the table itself, which is all nodes' rows together. */
  local(table: string): string;
}

/** The embedded engine, or one server. */
export function singleNode(clickhouse: ClickHouse): StoreNodes {
  return { all: [clickhouse], cluster: null, local: (table) => table };
}

/** Of a cluster: `flows` is Distributed over the `flows_local` of each node. */
export function clusterNodes(cluster: string, all: readonly ClickHouse[]): StoreNodes {
  return { all, cluster, local: (table) => `${table}_local` };
}
