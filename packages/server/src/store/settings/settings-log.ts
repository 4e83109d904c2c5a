/** What people set at run time, as the store keeps it: every change is a new version, the newest counts, the others are the audit. */
import { randomUUID } from "node:crypto";
import type { ClickHouse } from "../clickhouse.ts";
import { insertObjects } from "../deliveries.ts";
import { SETTINGS } from "../schema/settings-table.ts";

/**
 * `retention`: the policy, under no id. `hold`: one legal hold each. `capture`: what agents record, under no id. `network` and `node`: what is
 * set for one of them, by its id. The others are one of them each, by its id: an alert rule, a silence of alerts, who is told of alerts, what may talk to what
 * (`policy`), where records are handed to, a compliance report that is made by a schedule.
 */
export const SETTING_NAMES = [
  "retention",
  "hold",
  "capture",
  "network",
  "node",
  "alert_rule",
  "alert_silence",
  "recipient",
  "policy",
  "sink",
  "compliance",
] as const;
export type SettingName = (typeof SETTING_NAMES)[number];

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

/** A change that was made, with the value that it replaced (null: there was none). */
export interface PastSetting extends Setting {
  readonly before: string | null;
  /** Where a list goes on after it. */
  readonly cursor: SettingsCursor;
}

export interface SettingsCursor {
  readonly changedMs: number;
  readonly version: number;
  readonly changeId: string;
}

export interface HistoryQuery {
  readonly limit: number;
  /** Left out: all. */
  readonly names?: readonly SettingName[] | undefined;
  /** Only what is older. */
  readonly after?: SettingsCursor | undefined;
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
/** Of two servers' changes of one version the first counts, everywhere the same: whoever made the other is told that it does not. */
const FIRST_OF_VERSION = "changed, change_id";
/** Without those that never counted. */
const COUNTED = `(SELECT * FROM ${SETTINGS.name} ORDER BY name, id, version, ${FIRST_OF_VERSION} LIMIT 1 BY name, id, version)`;

export class SettingsLog {
  readonly #clickhouse: Pick<ClickHouse, "rows" | "insert">;

  constructor(clickhouse: Pick<ClickHouse, "rows" | "insert">) {
    this.#clickhouse = clickhouse;
  }

  /** What is in force. @throws StoreError */
  async current(): Promise<Setting[]> {
    const rows = await this.#clickhouse.rows<Row>(
      `SELECT ${COLUMNS} FROM ${SETTINGS.name} ORDER BY name, id, version DESC, ${FIRST_OF_VERSION} LIMIT 1 BY name, id`,
    );
    return rows.map(fromRow);
  }

  /** What was changed, newest first. @throws StoreError */
  async history({ limit, names = SETTING_NAMES, after }: HistoryQuery): Promise<PastSetting[]> {
    const place = "(changed_ms, version, change_id)";
    const older = after === undefined ? "" : `AND ${place} < ({ms:Int64}, {version:UInt32}, {changeId:String})`;
    const bindings = after === undefined ? {} : { ms: after.changedMs, version: after.version, changeId: after.changeId };
    const rows = await this.#clickhouse.rows<Row & { before: string; change_id: string }>(
      `SELECT * FROM (
         SELECT ${COLUMNS}, change_id, lagInFrame(value, 1, '') OVER (
           PARTITION BY name, id ORDER BY version ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
         FROM ${COUNTED} WHERE name IN {names:Array(String)}
       ) WHERE true ${older} ORDER BY ${place} DESC LIMIT {limit:UInt32}`,
      { limit, names, ...bindings },
    );
    return rows.map((row) => {
      const setting = fromRow(row);
      const { changedMs, version } = setting;
      return {
        ...setting,
        before: row.before === "" ? null : row.before,
        cursor: { changedMs, version, changeId: row.change_id },
      };
    });
  }

  /**
   * All of them or none. Resolves when it is durable.
   * @returns what counts instead of those that another server had set meanwhile
   * @throws StoreError
   */
  async append(settings: readonly Setting[]): Promise<Setting[]> {
    const rows = settings.map(({ name, id, version, changedMs, who, what, value }) => {
      return { name, id, version, changed: new Date(changedMs).toISOString(), change_id: randomUUID(), who, what, value };
    });
    await insertObjects(this.#clickhouse, SETTINGS.name, rows);
    const keys = rows.map(({ name, id, version }) => JSON.stringify([name, id, version]));
    const counted = await this.#clickhouse.rows<Row & { change_id: string }>(
      `SELECT ${COLUMNS}, change_id FROM ${COUNTED} WHERE name IN {names:Array(String)} AND id IN {ids:Array(String)}`,
      { names: rows.map(({ name }) => name), ids: rows.map(({ id }) => id) },
    );
    const own = new Set<string>(rows.map(({ change_id }) => change_id));
    return counted
      .filter(({ name, id, version, change_id }) => keys.includes(JSON.stringify([name, id, version])) && !own.has(change_id))
      .map(fromRow);
  }
}

function fromRow({ name, id, version, changed_ms, who, what, value }: Row): Setting {
  return { name, id, version, changedMs: Number(changed_ms), who, what, value };
}
