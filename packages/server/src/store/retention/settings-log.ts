/** What people set at run time, as the store keeps it: every change is a new version, the newest counts, the others are the audit. */
import { randomUUID } from "node:crypto";
import type { ClickHouse } from "../clickhouse.ts";
import { insertObjects } from "../deliveries.ts";
import { SETTINGS } from "../schema/settings-table.ts";

/** `retention`: the policy, under no id. `hold`: one legal hold each. */
export type SettingName = "retention" | "hold";

export interface Setting {
  readonly name: SettingName;
  readonly id: string;
  readonly version: number;
  readonly changedMs: number;
  readonly who: string;
  /** In words. */
  readonly what: string;
  /** JSON. */
  readonly value: string;
}

interface Row {
  readonly name: SettingName;
  readonly id: string;
  readonly version: number;
  readonly changed_ms: string;
  readonly who: string;
  readonly what: string;
  readonly value: string;
}

const COLUMNS = "name, id, version, toUnixTimestamp64Milli(changed) AS changed_ms, who, what, value";
/** Of two servers' changes at the same moment one counts, everywhere the same. */
const NEWEST_FIRST = "version DESC, changed DESC, change_id DESC";

export class SettingsLog {
  readonly #clickhouse: Pick<ClickHouse, "rows" | "insert">;

  constructor(clickhouse: Pick<ClickHouse, "rows" | "insert">) {
    this.#clickhouse = clickhouse;
  }

  /** What is in force. @throws StoreError */
  async current(): Promise<Setting[]> {
    const rows = await this.#clickhouse.rows<Row>(
      `SELECT ${COLUMNS} FROM ${SETTINGS.name} ORDER BY name, id, ${NEWEST_FIRST} LIMIT 1 BY name, id`,
    );
    return rows.map(fromRow);
  }

  /** What was changed, newest first, each with the value that it replaced (null: there was none). @throws StoreError */
  async history(limit: number): Promise<(Setting & { readonly before: string | null })[]> {
    const rows = await this.#clickhouse.rows<Row & { before: string }>(
      `SELECT ${COLUMNS}, lagInFrame(value, 1, '') OVER (
         PARTITION BY name, id ORDER BY version, changed, change_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
       FROM ${SETTINGS.name} ORDER BY changed DESC, ${NEWEST_FIRST} LIMIT {limit:UInt32}`,
      { limit },
    );
    return rows.map((row) => ({ ...fromRow(row), before: row.before === "" ? null : row.before }));
  }

  /** Resolves when it is durable. @throws StoreError */
  async append({ name, id, version, changedMs, who, what, value }: Setting): Promise<void> {
    const row = { name, id, version, changed: new Date(changedMs).toISOString(), change_id: randomUUID(), who, what, value };
    await insertObjects(this.#clickhouse, SETTINGS.name, [row]);
  }
}

function fromRow({ name, id, version, changed_ms, who, what, value }: Row): Setting {
  return { name, id, version, changedMs: Number(changed_ms), who, what, value };
}
