/**
 * Keeps what is known of coverage over a restart: one small row per reporter, written again when it changed. With it, the deliveries of
 * the last minutes are enough to go on; without, two rows a second and agent of a whole month would have to be read.
 */
import type { ClickHouse } from "../store/clickhouse.ts";
import { insertObjects } from "../store/deliveries.ts";
import { COVERAGE } from "../store/schema/coverage-tables.ts";
import type { CoverageState } from "./coverage.ts";

export class CoverageLog {
  readonly #clickhouse: ClickHouse;

  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  /** @throws StoreError */
  async load(): Promise<{ reporterId: string; state: CoverageState }[]> {
    const rows = await this.#clickhouse.rows<{ reporter_id: string; state: string }>(
      `SELECT reporter_id, state FROM ${COVERAGE.name} FINAL LIMIT 100000`,
    );
    // Written by us, never by a sender.
    return rows.map(({ reporter_id, state }) => ({ reporterId: reporter_id, state: JSON.parse(state) as CoverageState }));
  }

  /** @throws StoreError */
  async save(coverages: readonly { reporterId: string; state: CoverageState }[], nowMs: number): Promise<void> {
    const saved = new Date(nowMs).toISOString();
    const rows = coverages.map(({ reporterId, state }) => ({ reporter_id: reporterId, saved, state: JSON.stringify(state) }));
    await insertObjects(this.#clickhouse, COVERAGE.name, rows);
  }
}
