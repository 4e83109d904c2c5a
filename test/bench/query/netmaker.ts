/**
 * The other schema: Netmaker's published table of flows (clickhouse/initdb.d/02_create_flows_table.sql), filled with the rows that its
 * agents would have sent of the same reports (a START and a DESTROY each), and its published question.
 */
import { ClickHouse } from "../../../packages/server/src/store/clickhouse.ts";
import { remoteEndpoint } from "../../../packages/server/src/store/endpoint.ts";

export const NETMAKER_TABLE = "bench_netmaker";

const CREATE = `CREATE TABLE IF NOT EXISTS ${NETMAKER_TABLE} (
  flow_id String, host_id String, host_name String, network_id String,
  protocol UInt16, src_port UInt16, dst_port UInt16, icmp_type UInt8, icmp_code UInt8,
  direction Enum8('ingress' = 1, 'egress' = 2),
  src_ip String, src_type Enum8('node' = 1, 'user' = 2, 'extclient' = 3, 'egress_route' = 4, 'external' = 5), src_entity_id String, src_entity_name String,
  dst_ip String, dst_type Enum8('node' = 1, 'user' = 2, 'extclient' = 3, 'egress_route' = 4, 'external' = 5), dst_entity_id String, dst_entity_name String,
  start_ts DateTime64(3), end_ts DateTime64(3),
  bytes_sent UInt64, bytes_recv UInt64, packets_sent UInt64, packets_recv UInt64,
  status UInt32, version DateTime64(3)
) ENGINE = ReplacingMergeTree(version) PARTITION BY toYYYYMMDD(version) ORDER BY (network_id, host_id, flow_id, version)`;

/** Its ids are UUIDs; of an external end, id and name are the domain. */
const uuid = (of: string) => `toString(reinterpretAsUUID(sipHash128(${of})))`;
const address = (column: string) =>
  `if(startsWith(toString(${column}), '::ffff:'), substring(toString(${column}), 8), toString(${column}))`;
const entity = (side: "src" | "dst", what: "id" | "name") => {
  const own = `coalesce(${side}_${what}, '')`;
  const external = side === "dst" ? "coalesce(domain, '')" : "''";
  return `multiIf(${side}_type IN ('external', 'unknown'), ${external}, ${side}_type = 'node' AND '${what}' = 'id', ${uuid(own)}, ${own})`;
};
const type = (side: "src" | "dst") => `if(${side}_type = 'unknown', 'external', toString(${side}_type))`;
const sent = (what: "bytes" | "packets", isSent: boolean) => {
  const [first, second] = isSent ? ["src", "dst"] : ["dst", "src"];
  return `if(is_end, if(direction = 'egress', coalesce(${first}_${what}, 0), coalesce(${second}_${what}, 0)), 0)`;
};
const EPOCH = "toDateTime64(0, 3, 'UTC')";

const fill = (day: string) => `INSERT INTO ${NETMAKER_TABLE} SELECT
  ${uuid("(f.flow_id, f.reporter_id)")}, ${uuid("f.reporter_id")}, reporter, network,
  protocol, coalesce(src_port, 0), coalesce(dst_port, 0), coalesce(icmp_type, 0), coalesce(icmp_code, 0), toString(direction),
  ${address("src_ip")}, ${type("src")}, ${entity("src", "id")}, ${entity("src", "name")},
  ${address("dst_ip")}, ${type("dst")}, ${entity("dst", "id")}, ${entity("dst", "name")},
  start, if(is_end, last_seen, ${EPOCH}),
  ${sent("bytes", true)}, ${sent("bytes", false)}, ${sent("packets", true)}, ${sent("packets", false)},
  if(is_end, coalesce(ct_status, 0), 8), if(is_end, last_seen, start) + INTERVAL 5 MILLISECOND
FROM (SELECT *, arrayJoin([false, true]) AS is_end FROM flows WHERE _partition_id = '${day}') AS f`;

/** A connection of its own: whatever the server does, it does not share it. */
export function netmakerStore(endpoint: {
  url: string;
  username: string;
  password: string;
  headers: Readonly<Record<string, string>>;
}) {
  const source =
    endpoint.headers["X-Flowtrail-Key"] === undefined
      ? remoteEndpoint(endpoint.url, endpoint.username, endpoint.password)
      : { endpoint: () => Promise.resolve(endpoint) };
  return new ClickHouse(
    source,
    {
      database: "flowtrail",
      waitForEngineMs: 10_000,
      writeTimeoutMs: 600_000,
      maxConnections: { read: 4, write: 2 },
      limits: { maxExecutionMs: 120_000, maxMemoryBytes: 1_500_000_000, maxRowsToRead: 10_000_000_000 },
    },
    { logger: { debug() {}, info() {}, warn() {}, error() {} } },
  );
}

/** Makes the table of what is in `flows`, unless it was made before. */
export async function fillNetmaker(clickhouse: ClickHouse, onProgress: (text: string) => void): Promise<void> {
  await clickhouse.command(CREATE);
  const [made] = await clickhouse.rows<{ n: string }>(`SELECT count() AS n FROM ${NETMAKER_TABLE}`);
  const [flows] = await clickhouse.rows<{ n: string }>("SELECT count() AS n FROM flows");
  if (Number(made?.n) >= 1.9 * Number(flows?.n) && Number(flows?.n) > 0) return;
  await clickhouse.command(`TRUNCATE TABLE ${NETMAKER_TABLE}`);
  const days = await clickhouse.rows<{ id: string }>(
    "SELECT DISTINCT partition_id AS id FROM system.parts WHERE active AND database = 'flowtrail' AND table = 'flows' ORDER BY id",
  );
  const settings = { max_partitions_per_insert_block: "0", session_timezone: "UTC", max_memory_usage: "0" };
  for (const [place, { id }] of days.entries()) {
    onProgress(`the other schema: day ${place + 1} of ${days.length}`);
    await clickhouse.command(fill(id), {}, { settings });
  }
}

/** Merges as far as it goes, a day at a time: what months of merging in the background come to. */
export async function mergeAll(
  clickhouse: ClickHouse,
  tables: readonly string[],
  isAll: boolean,
  onProgress: (text: string) => void,
): Promise<void> {
  const parts = await clickhouse.rows<{ table: string; id: string; n: string }>(
    `SELECT table, partition_id AS id, count() AS n FROM system.parts WHERE active AND database = 'flowtrail' AND table IN {tables:Array(String)}
     GROUP BY table, id HAVING n > ${isAll ? 0 : 1} ORDER BY table, id`,
    { tables },
  );
  for (const [place, { table, id }] of parts.entries()) {
    if (place % 10 === 0) onProgress(`merging: ${place} of ${parts.length}`);
    await clickhouse.command(`OPTIMIZE TABLE ${table} PARTITION ID '${id}' FINAL`);
  }
}
