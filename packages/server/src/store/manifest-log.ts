/** Manifests as the store keeps them: they are added and read. There is no statement here that changes or deletes one. */
import type { ClickHouse } from "./clickhouse.ts";
import { insertObjects } from "./deliveries.ts";
import { MANIFESTS } from "./schema/manifest-table.ts";

export interface StoredManifest {
  readonly seq: number;
  readonly made: string;
  readonly body: string;
  readonly signature: string;
}

export class ManifestLog {
  readonly #clickhouse: Pick<ClickHouse, "rows" | "insert">;

  constructor(clickhouse: Pick<ClickHouse, "rows" | "insert">) {
    this.#clickhouse = clickhouse;
  }

  /** In their order. @throws StoreError */
  async all(): Promise<StoredManifest[]> {
    const rows = await this.#clickhouse.rows<{ seq: string; made: string; body: string; signature: string }>(
      `SELECT seq, made, body, signature FROM ${MANIFESTS.name} ORDER BY seq, made`,
    );
    return rows.map((row) => ({ ...row, seq: Number(row.seq) }));
  }

  /** Resolves when it is durable. @throws StoreError */
  async add(manifest: StoredManifest): Promise<void> {
    await insertObjects(this.#clickhouse, MANIFESTS.name, [manifest]);
  }
}
