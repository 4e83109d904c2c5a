/** The inventory's changes and corrections as the store keeps them. */
import type { EntityKind, InventoryChange } from "../identify/history/change.ts";
import type { Correction } from "../identify/history/corrections.ts";
import type { HistoryStore, LoadedHistory } from "../identify/history/history-store.ts";
import type { ClickHouse } from "./clickhouse.ts";
import { insertObjects } from "./deliveries.ts";
import { INVENTORY, INVENTORY_CORRECTIONS } from "./schema/inventory-tables.ts";

/** A change with what the entity was before. */
export interface LoggedChange extends InventoryChange {
  /** Canonical JSON; null: it was not there. */
  readonly before: string | null;
}

/** What may be told. */
export interface LogScope {
  /** Null: all. */
  readonly networks: readonly string[] | null;
  /** Ids of users, and nothing but them; null: everything. */
  readonly users: readonly string[] | null;
}

export interface LogQuery extends LogScope {
  readonly network?: string | undefined;
  readonly kind?: EntityKind | undefined;
  readonly id?: string | undefined;
  readonly fromMs: number;
  /** Not in the range itself. */
  readonly toMs: number;
  readonly limit: number;
}

interface ChangeRow {
  readonly at: string;
  readonly change_id: string;
  readonly source: string;
  readonly network: string;
  readonly kind: EntityKind;
  readonly id: string;
  readonly deleted: boolean;
  readonly entity: string;
  readonly who: string;
  readonly what: string;
}

const COLUMNS = "toUnixTimestamp64Milli(changed) AS at, change_id, source, network, kind, id, deleted, entity, who, what";
const KEY = "source, network, kind, id";
/** An INSERT is visible a moment after its rows got their time. */
const OVERLAP_S = 30;

export class InventoryLog implements HistoryStore {
  readonly #clickhouse: Pick<ClickHouse, "rows" | "stream" | "insert">;

  constructor(clickhouse: Pick<ClickHouse, "rows" | "stream" | "insert">) {
    this.#clickhouse = clickhouse;
  }

  /** The same changes may be appended any number of times. @throws StoreError */
  async append(changes: readonly InventoryChange[]): Promise<void> {
    const rows = changes.map(({ atMs, changeId, source, network, kind, id, entity, who, what }) => ({
      changed: iso(atMs),
      change_id: changeId,
      source,
      network,
      kind,
      id,
      deleted: entity === null,
      entity: entity ?? "",
      who,
      what,
    }));
    await insertObjects(this.#clickhouse, INVENTORY.name, rows);
  }

  /** @throws StoreError */
  async addCorrection({ id, changedMs, fromMs, toMs, network, asOfMs, who }: Correction): Promise<void> {
    const row = {
      changed: iso(changedMs),
      id,
      from: iso(fromMs),
      to: iso(toMs),
      network: network ?? null,
      as_of: asOfMs === null ? null : iso(asOfMs),
      who,
    };
    await insertObjects(this.#clickhouse, INVENTORY_CORRECTIONS.name, [row]);
  }

  /** @throws StoreError */
  async load(limit: number): Promise<LoadedHistory> {
    const cursor = await this.#cursor();
    const completeSinceMs = await this.#cutoffMs(limit);
    const cutoff = iso(completeSinceMs ?? 0);
    const recent = `SELECT ${COLUMNS} FROM ${INVENTORY.name} WHERE changed >= {cutoff:DateTime64(3, 'UTC')}`;
    const before = `SELECT * FROM (
      SELECT ${COLUMNS} FROM ${INVENTORY.name} WHERE changed < {cutoff:DateTime64(3, 'UTC')}
      ORDER BY changed DESC, change_id DESC LIMIT 1 BY ${KEY}) WHERE NOT deleted`;
    const changes = [
      ...(completeSinceMs === null ? [] : await this.#changes(before, { cutoff })),
      ...(await this.#changes(recent, { cutoff })),
    ];
    const firsts = await this.#clickhouse.rows<{ source: string; network: string; at: string }>(
      `SELECT source, network, toUnixTimestamp64Milli(min(changed)) AS at FROM ${INVENTORY.name} GROUP BY source, network`,
    );
    return {
      changes,
      corrections: await this.#corrections(null),
      firsts: firsts.map(({ source, network, at }) => ({ source, network, atMs: Number(at) })),
      completeSinceMs,
      cursor,
    };
  }

  /** @throws StoreError */
  async since(cursor: string | null): Promise<{ changes: InventoryChange[]; corrections: Correction[]; cursor: string | null }> {
    const next = await this.#cursor();
    const newer = `written >= toDateTime64({cursor:String}, 3, 'UTC') - INTERVAL ${OVERLAP_S} SECOND`;
    const changes = await this.#changes(
      `SELECT ${COLUMNS} FROM ${INVENTORY.name} ${cursor === null ? "" : `WHERE ${newer}`}`,
      cursor === null ? {} : { cursor },
    );
    return { changes, corrections: await this.#corrections(cursor), cursor: next };
  }

  /** What changed, newest first. A change that changed nothing (two servers saw the same) is left out. @throws StoreError */
  async query(
    { network, kind, id, networks, users, fromMs, toMs, limit }: LogQuery,
    signal?: AbortSignal,
  ): Promise<LoggedChange[]> {
    const asked = Object.entries({ network, kind, id }).filter(([, value]) => value !== undefined);
    const conditions = [
      ...asked.map(([name]) => `${name} = {${name}:String}`),
      ...(networks === null ? [] : ["network IN {networks:Array(String)}"]),
      ...(users === null ? [] : ["kind = 'user' AND id IN {users:Array(String)}"]),
    ];
    const which = conditions.join(" AND ") || "1";
    const entity = `PARTITION BY ${KEY} ORDER BY changed, change_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW`;
    const rows = await this.#clickhouse.rows<ChangeRow & { before: string }>(
      `SELECT ${COLUMNS}, before FROM (
         SELECT *, lagInFrame(entity, 1, '') OVER (${entity}) AS before
         FROM (SELECT * FROM ${INVENTORY.name} FINAL WHERE ${which} AND changed < {to:DateTime64(3, 'UTC')})
       ) WHERE changed >= {from:DateTime64(3, 'UTC')} AND entity != before
       ORDER BY changed DESC, change_id DESC, ${KEY} LIMIT {limit:UInt32}`,
      { ...Object.fromEntries(asked), networks: networks ?? [], users: users ?? [], from: iso(fromMs), to: iso(toMs), limit },
      signal ? { signal } : {},
    );
    return rows.map((row) => ({ ...fromRow(row), before: row.before === "" ? null : row.before }));
  }

  /** The time of the newest change that there is no room for; null: there is room for all. */
  async #cutoffMs(limit: number): Promise<number | null> {
    const [row] = await this.#clickhouse.rows<{ at: string }>(
      `SELECT toUnixTimestamp64Milli(changed) AS at FROM ${INVENTORY.name} ORDER BY changed DESC LIMIT 1 OFFSET {limit:UInt32}`,
      { limit },
    );
    return row === undefined ? null : Number(row.at) + 1;
  }

  async #cursor(): Promise<string | null> {
    const [row] = await this.#clickhouse.rows<{ written: string; n: string }>(
      `SELECT toString(max(w)) AS written, count() AS n FROM (
         SELECT written AS w FROM ${INVENTORY.name} UNION ALL SELECT written FROM ${INVENTORY_CORRECTIONS.name})`,
    );
    return row === undefined || row.n === "0" ? null : row.written;
  }

  async #changes(sql: string, bindings: Readonly<Record<string, unknown>>): Promise<InventoryChange[]> {
    const changes: InventoryChange[] = [];
    for await (const rows of this.#clickhouse.stream<ChangeRow>(sql, bindings))
      for (const row of rows) changes.push(fromRow(row));
    return changes;
  }

  async #corrections(cursor: string | null): Promise<Correction[]> {
    const newer =
      cursor === null ? "" : `WHERE written >= toDateTime64({cursor:String}, 3, 'UTC') - INTERVAL ${OVERLAP_S} SECOND`;
    const ms = (column: string) => `toUnixTimestamp64Milli(${column})`;
    const rows = await this.#clickhouse.rows<{
      id: string;
      f: string;
      t: string;
      n: string | null;
      a: string | null;
      who: string;
      c: string;
    }>(
      `SELECT id, ${ms("`from`")} AS f, ${ms("`to`")} AS t, network AS n, ${ms("as_of")} AS a, who, ${ms("changed")} AS c
       FROM ${INVENTORY_CORRECTIONS.name} ${newer}`,
      cursor === null ? {} : { cursor },
    );
    return rows.map(({ id, f, t, n, a, who, c }) => ({
      id,
      fromMs: Number(f),
      toMs: Number(t),
      ...(n === null ? {} : { network: n }),
      asOfMs: a === null ? null : Number(a),
      who,
      changedMs: Number(c),
    }));
  }
}

const iso = (ms: number) => new Date(ms).toISOString().replace("Z", "");

function fromRow({ at, change_id, kind, deleted, entity, source, network, id, who, what }: ChangeRow): InventoryChange {
  return {
    atMs: Number(at),
    changeId: change_id,
    source,
    network,
    kind,
    id,
    entity: deleted ? null : entity,
    who,
    what,
  };
}
