/** Deletions of somebody's records as the store keeps them. */
import type { EraseJob } from "../erase/job.ts";
import type { ClickHouse } from "./clickhouse.ts";
import { insertObjects } from "./deliveries.ts";
import { ERASURES } from "./schema/erasure-table.ts";

interface Row {
  readonly id: string;
  readonly requested_ms: string;
  readonly changed_ms: string;
  readonly state: EraseJob["state"];
  readonly who: string;
  readonly subject: string;
  readonly progress: string;
  readonly report: string;
  readonly error: string;
}

const iso = (ms: number) => new Date(ms).toISOString();
/** What is over outranks whatever another server still says of it. */
const OVER = 2 ** 52;

export class ErasureLog {
  readonly #clickhouse: Pick<ClickHouse, "rows" | "insert">;

  constructor(clickhouse: Pick<ClickHouse, "rows" | "insert">) {
    this.#clickhouse = clickhouse;
  }

  /** Newest first. @throws StoreError */
  async all(): Promise<EraseJob[]> {
    const rows = await this.#clickhouse.rows<Row>(
      `SELECT id, toUnixTimestamp64Milli(requested) AS requested_ms, toUnixTimestamp64Milli(changed) AS changed_ms, state, who, subject, progress,
         report, error FROM ${ERASURES.name} FINAL ORDER BY requested DESC, id`,
    );
    return rows.map((row) => ({
      id: row.id,
      requestedMs: Number(row.requested_ms),
      changedMs: Number(row.changed_ms),
      state: row.state,
      who: row.who,
      subject: JSON.parse(row.subject) as EraseJob["subject"],
      progress: JSON.parse(row.progress) as EraseJob["progress"],
      report: row.report === "" ? null : (JSON.parse(row.report) as EraseJob["report"]),
      error: row.error === "" ? null : row.error,
    }));
  }

  /** @throws StoreError */
  async write({ id, requestedMs, changedMs, state, who, subject, progress, report, error }: EraseJob): Promise<void> {
    const row = {
      id,
      version: changedMs + (state === "done" ? OVER : 0),
      requested: iso(requestedMs),
      changed: iso(changedMs),
      state,
      who,
      subject: JSON.stringify(subject),
      progress: JSON.stringify(progress),
      report: report === null ? "" : JSON.stringify(report),
      error: error ?? "",
    };
    await insertObjects(this.#clickhouse, ERASURES.name, [row]);
  }
}
