/** What the store knows of deliveries: for a server that starts, and for several servers on one store. */
import { isNetmakerAgent } from "../receive/netmaker/version.ts";
import type { Delivery } from "../receive/ports.ts";
import type { ClickHouse } from "../store/clickhouse.ts";
import type { Heard } from "./roster.ts";

interface BatchRow {
  received_ms: string;
  reporter_id: string;
  reporter: string;
  epoch: string;
  sequence: string;
  part: string;
  rows: number;
  rejected: number;
  covered_from_ms: string | null;
  covered_to_ms: string | null;
  spool_batches: string;
  spool_bytes: string;
  drops: Record<string, string>;
  gauges: Record<string, number>;
  clock_skew_ms: string | null;
  agent_version: string;
  addresses: Record<string, string[]>;
}

/** The newest of the last day are enough to go on with; a large fleet has millions. */
const MAX_BATCHES = 100_000;

/**
 * Deliveries since then, oldest first.
 * @throws StoreError
 */
export async function deliveriesSince(clickhouse: Pick<ClickHouse, "rows">, sinceMs: number): Promise<Delivery[]> {
  const rows = await clickhouse.rows<BatchRow>(
    `SELECT toUnixTimestamp64Milli(received) AS received_ms, reporter_id, reporter, epoch, sequence, part, rows, rejected,
       toUnixTimestamp64Milli(covered_from) AS covered_from_ms, toUnixTimestamp64Milli(covered_to) AS covered_to_ms,
       spool_batches, spool_bytes, drops, gauges, clock_skew_ms, agent_version, addresses
     FROM agent_batches WHERE received >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
     ORDER BY received DESC LIMIT {limit:UInt32}`,
    { since: sinceMs, limit: MAX_BATCHES },
  );
  return rows.map(delivery).reverse();
}

function delivery(row: BatchRow): Delivery {
  const ms = (value: string | null) => (value === null ? null : Number(value));
  return {
    reporterId: row.reporter_id,
    reporter: row.reporter,
    epoch: row.epoch,
    sequence: Number(row.sequence),
    part: row.part,
    receivedMs: Number(row.received_ms),
    rows: row.rows,
    rejected: row.rejected,
    coveredFromMs: ms(row.covered_from_ms),
    coveredToMs: ms(row.covered_to_ms),
    spoolBatches: Number(row.spool_batches),
    spoolBytes: Number(row.spool_bytes),
    drops: Object.fromEntries(Object.entries(row.drops).map(([reason, count]) => [reason, Number(count)])),
    gauges: row.gauges,
    clockSkewMs: ms(row.clock_skew_ms),
    agentVersion: row.agent_version,
    addresses: row.addresses,
  };
}

/** Who was heard of within the last days. @throws StoreError */
export async function heardBefore(clickhouse: Pick<ClickHouse, "rows">): Promise<Heard[]> {
  interface Row {
    reporter_id: string;
    name: string;
    last_ms: string;
    known: Record<string, string[]>;
    version: string;
  }
  const rows = await clickhouse.rows<Row>(
    `SELECT reporter_id, argMax(reporter, received) AS name, toUnixTimestamp64Milli(max(received)) AS last_ms,
       argMaxIf(addresses, received, agent_version != '') AS known, argMax(agent_version, received) AS version
     FROM agent_batches WHERE received >= now64(3) - INTERVAL 3 DAY GROUP BY reporter_id LIMIT 100000`,
  );
  return rows.map(({ reporter_id, name, last_ms, known, version }) => ({
    reporterId: reporter_id,
    reporter: name,
    lastMs: Number(last_ms),
    addresses: known,
    isNetmaker: isNetmakerAgent(version),
  }));
}
