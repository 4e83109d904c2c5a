/** ClickHouse servers of the operator's: one, or the nodes of a cluster. */
import type { ClickHouseSettings } from "@clickhouse/client";
import { ClickHouse, type ClickHouseConfig } from "./clickhouse.ts";
import { FailoverEndpoint, remoteEndpoint } from "./endpoint.ts";
import type { Logger } from "./logger.ts";
import { clusterNodes, type StoreNodes, singleNode } from "./nodes.ts";

export interface RemoteConfig {
  /** One, or all nodes of the cluster. */
  readonly urls: readonly string[];
  readonly username: string;
  readonly password: string;
  readonly cluster: { readonly name: string; readonly replicated: boolean } | null;
}

const CLUSTER_SETTINGS: ClickHouseSettings = {
  // An insert is answered when every shard has its rows, and not when one node has noted what it will send.
  distributed_foreground_insert: 1,
  // A question within a question is asked of all shards, and its answer is sent to each: right, however the rows lie.
  distributed_product_mode: "global",
  // INSERT … SELECT goes through the node that is asked: each shard on its own would write what is not its own.
  parallel_distributed_insert_select: "0",
  // A node that accepts connections and says nothing is as good as gone.
  handshake_timeout_ms: 3000,
  // A node that has lost another one in the middle of an answer dies of it otherwise (ClickHouse 26.7 out of npm: SIGABRT).
  async_socket_for_remote: 0,
  use_hedged_requests: 0,
  // Half an answer is no answer.
  skip_unavailable_shards: 0,
};

/** @returns whom readers ask, and the nodes for jobs. Connects to nobody yet. */
export function openRemote(
  { urls, username, password, cluster }: RemoteConfig,
  config: ClickHouseConfig,
  deps: { readonly logger: Logger },
): { clickhouse: ClickHouse; nodes: StoreNodes } {
  if (cluster === null) {
    const clickhouse = new ClickHouse(new FailoverEndpoint(urls, username, password), config, deps);
    return { clickhouse, nodes: singleNode(clickhouse) };
  }
  const settings = { ...config, settings: CLUSTER_SETTINGS };
  const nodes = urls.map((url) => new ClickHouse(remoteEndpoint(url, username, password), settings, deps));
  return {
    clickhouse: new ClickHouse(new FailoverEndpoint(urls, username, password), settings, deps),
    nodes: clusterNodes(cluster.name, nodes),
  };
}
