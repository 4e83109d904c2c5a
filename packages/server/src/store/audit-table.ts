/** The audit log as the store keeps it: it is added to and read. There is no statement here that changes or deletes a row. */
import type { AuditEntry } from "../audit/entry.ts";
import type { ClickHouse } from "./clickhouse.ts";
import { insertObjects } from "./deliveries.ts";
import { AUDIT } from "./schema/audit-table.ts";
import { SETTINGS } from "./schema/settings-table.ts";

export interface AuditQuery {
  readonly fromMs: number;
  /** Not in the range itself. */
  readonly toMs: number;
  /** A part of a name, or an id, of somebody or of an account. */
  readonly who?: string | undefined;
  /** `token` or `token.create`: each of them, and all that begin so. */
  readonly actions?: readonly string[] | undefined;
  /** A part of the target, the address or the details. */
  readonly text?: string | undefined;
  /** Only what is older. */
  readonly after?: AuditCursor | undefined;
  readonly limit: number;
}

export interface AuditCursor {
  readonly timeMs: number;
  readonly id: string;
}

interface Row {
  readonly time_ms: string;
  readonly last_ms: string;
  readonly id: string;
  readonly version: number;
  readonly count: number;
  readonly who_kind: AuditEntry["who"]["kind"];
  readonly who_id: string;
  readonly who_name: string;
  readonly role: string;
  readonly account: string;
  readonly address: string;
  readonly action: string;
  readonly target: string;
  readonly details: string;
  readonly status: number;
  readonly server: string;
  readonly request: string;
}

const COLUMNS =
  "toUnixTimestamp64Milli(time) AS time_ms, toUnixTimestamp64Milli(last) AS last_ms, id, version, count, who_kind, who_id, who_name, role, account, " +
  "address, action, target, details, status, server, request";
const iso = (ms: number) => new Date(ms).toISOString();

export class AuditTable {
  readonly #clickhouse: Pick<ClickHouse, "rows" | "insert" | "command">;

  constructor(clickhouse: Pick<ClickHouse, "rows" | "insert" | "command">) {
    this.#clickhouse = clickhouse;
  }

  /** Resolves when it is durable. @throws StoreError */
  async append(entries: readonly AuditEntry[]): Promise<void> {
    const rows = entries.map(({ timeMs, lastMs, who, status, ...entry }) => ({
      time: iso(timeMs),
      last: iso(lastMs),
      ...entry,
      who_kind: who.kind,
      who_id: who.id,
      who_name: who.name,
      role: who.role,
      account: who.account,
      status: status ?? 0,
    }));
    await insertObjects(this.#clickhouse, AUDIT.name, rows);
  }

  /** Newest first, each entry as it became. @throws StoreError */
  async list({ fromMs, toMs, who, actions, text, after, limit }: AuditQuery): Promise<AuditEntry[]> {
    const where = ["time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')", "time < fromUnixTimestamp64Milli({to:Int64}, 'UTC')"];
    const bindings: Record<string, unknown> = { from: fromMs, to: toMs, limit };
    if (after !== undefined) {
      where.push("(time, id) < (fromUnixTimestamp64Milli({afterMs:Int64}, 'UTC'), {afterId:String})");
      Object.assign(bindings, { afterMs: after.timeMs, afterId: after.id, to: Math.min(toMs, after.timeMs + 1) });
    }
    if (who !== undefined) {
      where.push(
        "(positionCaseInsensitiveUTF8(who_name, {who:String}) > 0 OR who_id = {who:String} OR account = {who:String} OR who_kind = {who:String} " +
          // At whose account somebody tried.
          "OR (action = 'signin.failed' AND positionCaseInsensitiveUTF8(target, {who:String}) > 0))",
      );
      bindings.who = who;
    }
    if (actions !== undefined) {
      where.push("arrayExists(asked -> action = asked OR startsWith(action, concat(asked, '.')), {actions:Array(String)})");
      bindings.actions = actions;
    }
    if (text !== undefined) {
      const places = ["target", "address", "details"].map(
        (column) => `positionCaseInsensitiveUTF8(${column}, {text:String}) > 0`,
      );
      where.push(`(${places.join(" OR ")})`);
      bindings.text = text;
    }
    const rows = await this.#clickhouse.rows<Row>(
      `SELECT ${COLUMNS} FROM ${AUDIT.name} WHERE ${where.join(" AND ")}
       ORDER BY time DESC, id DESC, version DESC LIMIT 1 BY time, id LIMIT {limit:UInt32}`,
      bindings,
    );
    return rows.map(fromRow);
  }

  /**
   * Of settings that were changed before there was an audit log, their own history becomes a part of it. Once: when it is empty. Two servers
   * that do so at the same time write the same entries.
   * @throws StoreError
   */
  async begin(server: string): Promise<void> {
    const [found] = await this.#clickhouse.rows<{ n: number }>(`SELECT toUInt8(count() > 0) AS n FROM ${AUDIT.name}`);
    if (found?.n === 1) return;
    await this.#clickhouse.command(
      `INSERT INTO ${AUDIT.name} (time, id, version, last, count, who_kind, who_name, action, target, details, server)
       SELECT changed, change_id, 1, changed, 1, splitByChar(' ', who)[1], substring(who, position(who, ' ') + 1),
         concat('settings.', name, '.change'), id,
         concat('{"changes":[{"name":', toJSONString(name), ',"id":', toJSONString(id), ',"what":', toJSONString(what),
           ',"before":', if(before = '', 'null', before), ',"after":', value, '}]}'),
         {server:String}
       FROM (
         SELECT *, lagInFrame(value, 1, '') OVER (
           PARTITION BY name, id ORDER BY version ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
         FROM (SELECT * FROM ${SETTINGS.name} ORDER BY name, id, version, changed, change_id LIMIT 1 BY name, id, version))`,
      { server },
    );
  }
}

function fromRow(row: Row): AuditEntry {
  const { time_ms, last_ms, who_kind, who_id, who_name, role, account, status, ...entry } = row;
  return {
    ...entry,
    timeMs: Number(time_ms),
    lastMs: Number(last_ms),
    who: { kind: who_kind, id: who_id, name: who_name, role, account },
    status: status === 0 ? null : status,
  };
}
