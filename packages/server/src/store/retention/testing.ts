/** Days of rows in a real engine, for tests of retention. */
import type { RetentionPolicy } from "@flowtrail/model";
import { singleNode } from "../nodes.ts";
import { migrate } from "../schema/migrate.ts";
import { startTestEngine, type TestEngine } from "../testing.ts";
import { Retention, type RetentionConfig } from "./retention.ts";

export const dayMs = 86_400_000;
export const hourMs = 3_600_000;
export const now = Date.UTC(2026, 10, 20, 12);
export const today = Date.UTC(2026, 10, 20);

export const defaults: RetentionPolicy = {
  flows_days: 30,
  deltas_days: 7,
  minutes_days: 90,
  hours_days: 400,
  rejected_days: 30,
  batches_days: 30,
  audit_days: 400,
  max_size: "none",
};

export interface TestRetention {
  readonly test: TestEngine;
  /** One more, as another server has it. */
  another(config?: Partial<RetentionConfig>, deps?: Partial<ConstructorParameters<typeof Retention>[1]>): Retention;
  /** Empties all tables. */
  clear(): Promise<void>;
  /** What a row of `flows` is, by day of its start: `20261120 ×3`. */
  days(table?: string): Promise<string[]>;
  ids(table?: string): Promise<number[]>;
  /** Rows of ended flows: [id, start, end], and one delta each. */
  flows(...rows: readonly (readonly [id: number, startMs: number, endMs: number, network?: string])[]): Promise<void>;
  /** `rows` flows and deltas of that day that don't compress, each ended a second after it began. */
  fill(dayMs: number, rows: number): Promise<void>;
  stop(options?: { keep?: boolean }): Promise<void>;
}

const iso = (ms: number) => new Date(ms).toISOString().replace("Z", "");

export async function startTestRetention(options: Parameters<typeof startTestEngine>[0] = {}): Promise<TestRetention> {
  const test = await startTestEngine(options);
  const { clickhouse, logger } = test;
  await migrate(clickhouse, { logger });
  const tables = ["flows", "flows_long", "flow_deltas", "settings", "retention_drops", "rollup_minutes", "flows_rejected"];
  return {
    test,
    another: (config = {}, deps = {}) =>
      new Retention(
        { defaults, minFreeDiskBytes: 10_000_000, followEveryMs: null, ...config },
        { clickhouse, nodes: singleNode(clickhouse), logger, ...deps },
      ),
    clear: async () => {
      for (const table of tables) await clickhouse.command(`TRUNCATE TABLE ${table}`);
    },
    days: async (table = "flows") => {
      const time = table === "flow_deltas" ? "last_seen" : "start";
      const rows = await clickhouse.rows<{ day: string; n: string }>(
        `SELECT toYYYYMMDD(${time}) AS day, count() AS n FROM ${table} GROUP BY day ORDER BY day`,
      );
      return rows.map(({ day, n }) => `${day} ×${n}`);
    },
    ids: async (table = "flows") => {
      const rows = await clickhouse.rows<{ id: string }>(`SELECT flow_id AS id FROM ${table} ORDER BY id`);
      return rows.map(({ id }) => Number(id));
    },
    flows: async (...rows) => {
      const json = (change: (row: (typeof rows)[number]) => object) => rows.map((row) => JSON.stringify(change(row))).join("\n");
      const flows = json(([id, startMs, endMs, network = "prod"]) => ({
        flow_id: id,
        reporter_id: "n",
        network,
        start: iso(startMs),
        last_seen: iso(endMs),
        end: iso(endMs),
        state: "closed",
      }));
      const deltas = json(([id, startMs, endMs]) => ({
        flow_id: id,
        start: iso(startMs),
        last_seen: iso(endMs),
        src_bytes_delta: 1,
      }));
      await clickhouse.insert(
        "flows",
        ["flow_id", "reporter_id", "network", "start", "last_seen", "end", "state"],
        "JSONEachRow",
        flows,
      );
      await clickhouse.insert("flow_deltas", ["flow_id", "start", "last_seen", "src_bytes_delta"], "JSONEachRow", deltas);
    },
    fill: async (day, rows) => {
      const bindings = { day: iso(day), rows };
      await clickhouse.command(
        `INSERT INTO flows (flow_id, start, last_seen, end, state, src_ip, dst_ip, src_bytes)
         SELECT rand64(), toDateTime64({day:String}, 3, 'UTC') + number / {rows:UInt32} * 80000 AS start, start + 1, start + 1, 'closed',
           toIPv6(IPv6NumToString(randomFixedString(16))), toIPv6(IPv6NumToString(randomFixedString(16))), rand64(1)
         FROM numbers({rows:UInt32})`,
        bindings,
      );
      await clickhouse.command(
        `INSERT INTO flow_deltas (flow_id, start, last_seen, src_ip, src_bytes_delta)
         SELECT rand64(), toDateTime64({day:String}, 3, 'UTC') + number / {rows:UInt32} * 80000 AS start, start + 1,
           toIPv6(IPv6NumToString(randomFixedString(16))), rand64(1) FROM numbers({rows:UInt32})`,
        bindings,
      );
    },
    stop: (options) => test.stop(options),
  };
}
