/** What the store knows about the deliveries of agents and other senders. */
import type { ClickHouse } from "../store/clickhouse.ts";
import type { Heard } from "./roster.ts";

export interface AgentReport {
  readonly reporter_id: string;
  readonly reporter: string;
  readonly version: string | null;
  readonly last_seen: string;
  readonly covered_from: string | null;
  readonly covered_to: string | null;
  /** How far behind its newest rows are: now minus what it last covered; null for a sender that declares nothing. */
  readonly lag_ms: number | null;
  readonly spool: { readonly batches: number; readonly bytes: number };
  readonly clock_skew_ms: number | null;
  /** Of the last 24 hours. */
  readonly rows: number;
  readonly rejected: number;
  readonly drops: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  /** Batches that never came, though later ones did. */
  readonly lost_batches: readonly {
    readonly epoch: string;
    readonly from: number;
    readonly to: number;
    readonly noticed: string;
  }[];
  readonly silent: boolean;
}

interface AgentRow {
  reporter_id: string;
  name: string;
  version: string;
  last_ms: string;
  covered_from_ms: string | null;
  covered_to_ms: string | null;
  spool_batches: string;
  spool_bytes: string;
  clock_skew_ms: string | null;
  total_rows: string;
  total_rejected: string;
  drops: Record<string, string>;
  gauges: Record<string, number>;
  addresses: Record<string, string[]>;
}

const iso = (ms: string | null) => (ms === null ? null : new Date(Number(ms)).toISOString());
const SINCE = "received >= now64(3) - INTERVAL 1 DAY";

/** @throws StoreError */
export async function agentReports(
  clickhouse: Pick<ClickHouse, "rows">,
  deps: { nowMs: number; has: (reporterId: string) => boolean },
): Promise<AgentReport[]> {
  const [agents, gaps] = await Promise.all([
    clickhouse.rows<AgentRow>(
      `SELECT reporter_id, argMax(reporter, received) AS name, argMax(agent_version, received) AS version,
         toUnixTimestamp64Milli(max(received)) AS last_ms, toUnixTimestamp64Milli(max(covered_to)) AS covered_to_ms,
         toUnixTimestamp64Milli(min(covered_from)) AS covered_from_ms,
         argMax(b.spool_batches, received) AS spool_batches, argMax(b.spool_bytes, received) AS spool_bytes,
         argMax(b.clock_skew_ms, received) AS clock_skew_ms, sum(b.rows) AS total_rows, sum(b.rejected) AS total_rejected,
         sumMap(b.drops) AS drops, argMax(b.gauges, received) AS gauges, argMax(b.addresses, received) AS addresses
       FROM agent_batches AS b FINAL WHERE ${SINCE} GROUP BY reporter_id ORDER BY name LIMIT 10000`,
    ),
    clickhouse.rows<{ reporter_id: string; epoch: string; first: string; last: string; noticed: string }>(
      `SELECT reporter_id, epoch, before + 1 AS first, sequence - 1 AS last, received AS noticed FROM (
         SELECT reporter_id, epoch, sequence, received,
           lagInFrame(sequence, 1, sequence) OVER (PARTITION BY reporter_id, epoch ORDER BY sequence
             ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS before
         FROM agent_batches FINAL WHERE epoch != '' AND ${SINCE})
       WHERE sequence > before + 1 ORDER BY noticed DESC LIMIT 1000`,
    ),
  ]);
  return agents.map((agent) => ({
    reporter_id: agent.reporter_id,
    reporter: agent.name,
    version: agent.version || null,
    last_seen: new Date(Number(agent.last_ms)).toISOString(),
    covered_from: iso(agent.covered_from_ms),
    covered_to: iso(agent.covered_to_ms),
    lag_ms: agent.covered_to_ms === null ? null : Math.max(0, deps.nowMs - Number(agent.covered_to_ms)),
    spool: { batches: Number(agent.spool_batches), bytes: Number(agent.spool_bytes) },
    clock_skew_ms: agent.clock_skew_ms === null ? null : Number(agent.clock_skew_ms),
    rows: Number(agent.total_rows),
    rejected: Number(agent.total_rejected),
    drops: Object.fromEntries(Object.entries(agent.drops).map(([reason, count]) => [reason, Number(count)])),
    gauges: agent.gauges,
    addresses: agent.addresses,
    lost_batches: gaps
      .filter((gap) => gap.reporter_id === agent.reporter_id)
      .map(({ epoch, first, last, noticed }) => ({ epoch, from: Number(first), to: Number(last), noticed })),
    silent: !deps.has(agent.reporter_id),
  }));
}

/** What was heard within the last days, for a server that starts. @throws StoreError */
export async function heardBefore(clickhouse: Pick<ClickHouse, "rows">): Promise<Heard[]> {
  const rows = await clickhouse.rows<{
    reporter_id: string;
    name: string;
    last_ms: string;
    from_ms: string | null;
    known: Record<string, string[]>;
  }>(
    `SELECT reporter_id, argMax(reporter, received) AS name, toUnixTimestamp64Milli(max(received)) AS last_ms,
       toUnixTimestamp64Milli(min(covered_from)) AS from_ms, argMaxIf(addresses, received, agent_version != '') AS known
     FROM agent_batches WHERE received >= now64(3) - INTERVAL 3 DAY GROUP BY reporter_id LIMIT 100000`,
  );
  return rows.map(({ reporter_id, name, last_ms, from_ms, known }) => ({
    reporterId: reporter_id,
    reporter: name,
    lastMs: Number(last_ms),
    coveredFromMs: from_ms === null ? null : Number(from_ms),
    addresses: known,
  }));
}
