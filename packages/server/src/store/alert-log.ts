/** Alerts as the store keeps them. */
import { randomUUID } from "node:crypto";
import type { AlertSeverity } from "@flowtrail/model";
import type { ClickHouse } from "./clickhouse.ts";
import { insertObjects } from "./deliveries.ts";
import { ALERT_LOOKS, ALERT_NOTES, ALERTS } from "./schema/alert-tables.ts";

export interface StoredAlert {
  readonly id: string;
  readonly version: number;
  readonly rule: string;
  readonly ruleName: string;
  readonly severity: AlertSeverity;
  readonly mitre: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly sinceMs: number;
  readonly openedMs: number | null;
  readonly lastMs: number;
  readonly endedMs: number | null;
  readonly value: number;
  readonly limit: number;
  readonly summary: string;
  readonly q: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** The last event that recipients were told of; empty: none. */
  readonly told: "" | "opened" | "resolved";
}

export type NoteAction = "acknowledge" | "silence" | "reopen";

export interface AlertNote {
  readonly alert: string;
  readonly timeMs: number;
  readonly action: NoteAction;
  readonly who: string;
  readonly note: string;
  readonly untilMs: number | null;
}

export interface AlertPlace {
  readonly sinceMs: number;
  readonly id: string;
}

export interface AlertLogQuery {
  readonly limit: number;
  /** Left out: those that are over and those that are not. */
  readonly over?: boolean;
  readonly rules?: readonly string[] | undefined;
  readonly severities?: readonly string[] | undefined;
  readonly ids?: readonly string[];
  /** Held at some time within. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly after?: AlertPlace | undefined;
  /** Also those that are no alerts yet. */
  readonly pending?: boolean;
}

interface Row {
  readonly id: string;
  readonly version: string;
  readonly rule: string;
  readonly rule_name: string;
  readonly severity: AlertSeverity;
  readonly mitre: readonly string[];
  readonly labels: string;
  readonly since_ms: string;
  readonly opened_ms: string | null;
  readonly last_ms: string;
  readonly ended_ms: string | null;
  readonly value: number;
  readonly bound: number;
  readonly summary: string;
  readonly q: string;
  readonly window_from_ms: string;
  readonly window_to_ms: string;
  readonly told: StoredAlert["told"];
}

type Access = Pick<ClickHouse, "rows" | "insert">;

const ms = (column: string) => `toUnixTimestamp64Milli(${column}) AS ${column}_ms`;
const at = (name: string) => `fromUnixTimestamp64Milli({${name}:Int64}, 'UTC')`;
const iso = (timeMs: number) => new Date(timeMs).toISOString();
const isoOrNull = (timeMs: number | null) => (timeMs === null ? null : iso(timeMs));
const numberOrNull = (text: string | null) => (text === null ? null : Number(text));
const COLUMNS = `id, version, rule, rule_name, severity, mitre, labels, ${["since", "opened", "last", "ended", "window_from", "window_to"].map(ms).join(", ")},
  value, bound, summary, q, told`;

export class AlertLog {
  readonly #clickhouse: Access;

  constructor(clickhouse: Access) {
    this.#clickhouse = clickhouse;
  }

  /** Resolves when they are durable. @throws StoreError */
  async write(alerts: readonly StoredAlert[]): Promise<void> {
    const rows = alerts.map((alert) => ({
      id: alert.id,
      version: alert.version,
      rule: alert.rule,
      rule_name: alert.ruleName,
      severity: alert.severity,
      mitre: alert.mitre,
      labels: JSON.stringify(alert.labels),
      since: iso(alert.sinceMs),
      opened: isoOrNull(alert.openedMs),
      last: iso(alert.lastMs),
      ended: isoOrNull(alert.endedMs),
      value: alert.value,
      bound: alert.limit,
      summary: alert.summary,
      q: alert.q,
      window_from: iso(alert.fromMs),
      window_to: iso(alert.toMs),
      told: alert.told,
    }));
    await insertObjects(this.#clickhouse, ALERTS.name, rows);
  }

  /** Newest first. @throws StoreError */
  async list({ limit, over, rules, severities, ids, fromMs, toMs, after, pending }: AlertLogQuery): Promise<StoredAlert[]> {
    const where = [pending === true ? "true" : "opened IS NOT NULL"];
    const bindings: Record<string, unknown> = { most: limit };
    const add = (condition: string, values: Readonly<Record<string, unknown>> = {}) => {
      where.push(condition);
      Object.assign(bindings, values);
    };
    if (over !== undefined) add(over ? "ended IS NOT NULL" : "ended IS NULL");
    if (rules !== undefined) add("rule IN {rules:Array(String)}", { rules });
    if (severities !== undefined) add("severity IN {severities:Array(String)}", { severities });
    if (ids !== undefined) add("id IN {ids:Array(String)}", { ids });
    if (fromMs !== undefined) add(`last >= ${at("held_from")}`, { held_from: fromMs });
    if (toMs !== undefined) add(`since < ${at("held_to")}`, { held_to: toMs });
    if (after !== undefined)
      add(`(since, id) < (${at("after_ms")}, {after_id:String})`, { after_ms: after.sinceMs, after_id: after.id });
    const rows = await this.#clickhouse.rows<Row>(
      `SELECT ${COLUMNS} FROM ${ALERTS.name} FINAL WHERE ${where.join(" AND ")} ORDER BY since DESC, id DESC LIMIT {most:UInt32}`,
      bindings,
    );
    return rows.map(fromRow);
  }

  /** Resolves when it is durable. @throws StoreError */
  async note({ alert, timeMs, action, who, note, untilMs }: AlertNote): Promise<void> {
    const row = { alert, time: iso(timeMs), id: randomUUID(), action, who, note, until: isoOrNull(untilMs) };
    await insertObjects(this.#clickhouse, ALERT_NOTES.name, [row]);
  }

  /** The newest of each of these alerts. @throws StoreError */
  async notes(alerts: readonly string[]): Promise<ReadonlyMap<string, AlertNote>> {
    if (alerts.length === 0) return new Map();
    const rows = await this.#clickhouse.rows<{
      readonly alert: string;
      readonly time_ms: string;
      readonly action: NoteAction;
      readonly who: string;
      readonly note: string;
      readonly until_ms: string | null;
    }>(
      `SELECT alert, ${ms("time")}, action, who, note, ${ms("until")} FROM ${ALERT_NOTES.name} WHERE alert IN {alerts:Array(String)}
       ORDER BY alert, time DESC, id LIMIT 1 BY alert`,
      { alerts },
    );
    return new Map(
      rows.map(({ time_ms, until_ms, ...row }) => [
        row.alert,
        { ...row, timeMs: Number(time_ms), untilMs: numberOrNull(until_ms) },
      ]),
    );
  }

  /** @param looks by the rule, as JSON. @throws StoreError */
  async writeLooks(looks: ReadonlyMap<string, string>, timeMs: number): Promise<void> {
    const rows = [...looks].map(([rule, status]) => ({ rule, time: iso(timeMs), status }));
    await insertObjects(this.#clickhouse, ALERT_LOOKS.name, rows);
  }

  /** By the rule. @throws StoreError */
  async looks(): Promise<ReadonlyMap<string, { readonly timeMs: number; readonly status: string }>> {
    const rows = await this.#clickhouse.rows<{ readonly rule: string; readonly time_ms: string; readonly status: string }>(
      `SELECT rule, ${ms("time")}, status FROM ${ALERT_LOOKS.name} FINAL`,
    );
    return new Map(rows.map(({ rule, time_ms, status }) => [rule, { timeMs: Number(time_ms), status }]));
  }
}

function fromRow(row: Row): StoredAlert {
  const { id, version, rule, rule_name, severity, mitre, labels, value, bound, summary, q, told } = row;
  return {
    id,
    version: Number(version),
    rule,
    ruleName: rule_name,
    severity,
    mitre,
    labels: JSON.parse(labels) as Record<string, string>,
    sinceMs: Number(row.since_ms),
    openedMs: numberOrNull(row.opened_ms),
    lastMs: Number(row.last_ms),
    endedMs: numberOrNull(row.ended_ms),
    value,
    limit: bound,
    summary,
    q,
    fromMs: Number(row.window_from_ms),
    toMs: Number(row.window_to_ms),
    told,
  };
}
