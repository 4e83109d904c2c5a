/** Netmaker's published table with rows as its agents of 1.5 give them, and its published question, for tests. */
import type { ClickHouse } from "../store/clickhouse.ts";

export const NETMAKER_FLOWS = 3600;
const HOSTS = 4;

const TYPES = "Enum8('node' = 1, 'user' = 2, 'extclient' = 3, 'egress_route' = 4, 'external' = 5)";
/** clickhouse/initdb.d/02_create_flows_table.sql */
const CREATE = `CREATE TABLE flows (
  flow_id String, host_id String, host_name String, network_id String,
  protocol UInt16, src_port UInt16, dst_port UInt16, icmp_type UInt8, icmp_code UInt8,
  direction Enum8('ingress' = 1, 'egress' = 2),
  src_ip String, src_type ${TYPES}, src_entity_id String, src_entity_name String,
  dst_ip String, dst_type ${TYPES}, dst_entity_id String, dst_entity_name String,
  start_ts DateTime64(3), end_ts DateTime64(3),
  bytes_sent UInt64, bytes_recv UInt64, packets_sent UInt64, packets_recv UInt64,
  status UInt32, version DateTime64(3)
) ENGINE = ReplacingMergeTree(version) PARTITION BY toYYYYMMDD(version) ORDER BY (network_id, host_id, flow_id, version)`;

/** Two rows of each flow, over three hours; every 500th lived for one. A START says 3 ms later when it began. */
const fill = (baseMs: number) => `INSERT INTO flows SELECT
  toString(reinterpretAsUUID(sipHash128(n))), concat('h-', toString(n % ${HOSTS})), concat('host-', toString(n % ${HOSTS})), 'netmaker',
  if(n % 7 = 0, 17, 6), 20000 + n, if(n % 7 = 0, 3478, 443), 0, 0, if(n % 2 = 0, 'ingress', 'egress'),
  concat('100.64.0.', toString(n % ${HOSTS})), 'node', concat('n-', toString(n % ${HOSTS})), concat('host-', toString(n % ${HOSTS})),
  concat('93.184.', toString(n % 200), '.34'), 'external', if(n % 3 = 0, 'example.com', ''), if(n % 3 = 0, 'example.com', ''),
  fromUnixTimestamp64Milli(toInt64(start_ms + if(is_end, 0, 3)), 'UTC'),
  fromUnixTimestamp64Milli(toInt64(if(is_end, end_ms, 0)), 'UTC'),
  if(is_end, 1000 + n, 0), if(is_end, 2000 + 3 * n, 0), if(is_end, 5, 0), if(is_end, 6, 0),
  if(is_end, 14, 8), fromUnixTimestamp64Milli(toInt64(if(is_end, end_ms + 5, start_ms + 4)), 'UTC')
FROM (SELECT number AS n, ${baseMs} + intDiv(number * 10800000, ${NETMAKER_FLOWS}) AS start_ms,
  start_ms + if(number % 500 = 0, 3600000, 1500) AS end_ms, arrayJoin([false, true]) AS is_end FROM numbers(${NETMAKER_FLOWS}))`;

/** Makes the table and fills it: two rows of each flow, and three that can't be stored. */
export async function fillNetmakerTable(clickhouse: ClickHouse, baseMs: number): Promise<void> {
  await clickhouse.command(CREATE);
  const settings = { session_timezone: "UTC" };
  await clickhouse.command(fill(baseMs), {}, { settings });
  await clickhouse.command(
    `INSERT INTO flows SELECT * REPLACE(concat('bad-', flow_id) AS flow_id, 300 AS protocol) FROM flows
     WHERE end_ts > toDateTime64(0, 3) ORDER BY version LIMIT 3`,
    {},
    { settings },
  );
}

/**
 * What Netmaker answers to `GET /api/v1/flows`.
 * @param style `both`: up to 1.5.1, by `version`; `ended`: later, by `start_ts`
 */
export async function netmakerFlows(
  clickhouse: ClickHouse,
  query: URLSearchParams,
  style: "both" | "ended",
): Promise<Record<string, unknown>[]> {
  const column = style === "both" ? "version" : "start_ts";
  // Its driver hands times over as whole seconds.
  const second = (name: string) => Math.floor(Date.parse(query.get(name) ?? "") / 1000);
  const perPage = Math.min(1000, Number(query.get("per_page")) || 100);
  const rows = await clickhouse.rows<Record<string, unknown>>(
    `SELECT * FROM flows WHERE ${column} >= toDateTime({from:UInt32}, 'UTC') AND ${column} <= toDateTime({to:UInt32}, 'UTC')
       AND ({network:String} = '' OR network_id = {network:String}) ${style === "both" ? "" : "AND end_ts <> toDateTime64(0, 3)"}
     ORDER BY version DESC LIMIT {limit:UInt32} OFFSET {skipped:UInt32}`,
    {
      from: second("from"),
      to: second("to"),
      network: query.get("network_id") ?? "",
      limit: perPage,
      skipped: ((Number(query.get("page")) || 1) - 1) * perPage,
    },
    { settings: { session_timezone: "UTC" } },
  );
  const number = (name: string) => (row: Record<string, unknown>) => ({ ...row, [name]: Number(row[name]) });
  return ["bytes_sent", "bytes_recv", "packets_sent", "packets_recv"].reduce((told, name) => told.map(number(name)), rows);
}
