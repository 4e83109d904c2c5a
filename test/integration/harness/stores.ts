/** The three kinds of store that a server can have, each real: the embedded engine, a ClickHouse at a URL, a cluster of two shards. */
import { startTestCluster, type TestNode } from "../../../packages/server/src/store/testing-cluster.ts";

export const STORE_KINDS = ["embedded", "http", "cluster"] as const;
export type StoreKind = (typeof STORE_KINDS)[number];

export interface RealStore {
  readonly kind: StoreKind;
  /** For any number of servers; of the embedded one, for one. */
  readonly flags: Readonly<Record<string, string>>;
  /** ClickHouse servers that can be killed; none with the embedded one, which belongs to its server. */
  readonly nodes: readonly TestNode[];
  stop(): Promise<void>;
}

export async function startStore(kind: StoreKind): Promise<RealStore> {
  if (kind === "embedded") return { kind, flags: {}, nodes: [], stop: async () => {} };
  const { nodes, url, cluster, username, password, stop } = await startTestCluster(kind === "http" ? 1 : 2);
  const flags = {
    "store.url": url,
    "store.user": username,
    "store.password": password,
    ...(kind === "cluster" ? { "store.cluster": cluster } : {}),
  };
  return { kind, flags, nodes, stop };
}
