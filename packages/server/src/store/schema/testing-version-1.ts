/** Tables of flows as schema 1 had them: what an older program left. */

const FLOW = `  flow_id UInt64 CODEC(Delta(8), ZSTD(1)),
  revision UInt32 CODEC(ZSTD(1)),
  reporter_id LowCardinality(String) CODEC(ZSTD(1)),
  reporter LowCardinality(String) CODEC(ZSTD(1)),
  reporter_type LowCardinality(String) CODEC(ZSTD(1)),
  network LowCardinality(String) CODEC(ZSTD(1)),
  direction Enum8('ingress' = 0, 'egress' = 1) CODEC(ZSTD(1)),
  role Enum8('initiator' = 0, 'responder' = 1, 'forwarder' = 2) CODEC(ZSTD(1)),
  protocol UInt8 CODEC(ZSTD(1)),
  src_ip IPv6 CODEC(ZSTD(1)),
  dst_ip IPv6 CODEC(ZSTD(1)),
  src_port Nullable(UInt16) CODEC(ZSTD(1)),
  dst_port Nullable(UInt16) CODEC(ZSTD(1)),
  icmp_type Nullable(UInt8) CODEC(ZSTD(1)),
  icmp_code Nullable(UInt8) CODEC(ZSTD(1)),
  icmp_id Nullable(UInt16) CODEC(ZSTD(1)),
  nat_src_ip Nullable(IPv6) CODEC(ZSTD(1)),
  nat_src_port Nullable(UInt16) CODEC(ZSTD(1)),
  nat_dst_ip Nullable(IPv6) CODEC(ZSTD(1)),
  nat_dst_port Nullable(UInt16) CODEC(ZSTD(1)),
  src_bytes Nullable(UInt64) CODEC(T64, ZSTD(1)),
  dst_bytes Nullable(UInt64) CODEC(T64, ZSTD(1)),
  src_packets Nullable(UInt64) CODEC(T64, ZSTD(1)),
  dst_packets Nullable(UInt64) CODEC(T64, ZSTD(1)),
  counters_final Bool CODEC(ZSTD(1)),
  estimated Bool CODEC(ZSTD(1)),
  start_exact Bool CODEC(ZSTD(1)),
  start DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  last_seen DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  end Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  received DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  state Enum8('open' = 0, 'closed' = 1, 'lost' = 2) CODEC(ZSTD(1)),
  end_reason Nullable(Enum8('finished' = 0, 'reset' = 1, 'timeout' = 2, 'removed' = 3, 'agent_stopped' = 4, 'unknown' = 5)) CODEC(ZSTD(1)),
  verdict Nullable(Enum8('answered' = 0, 'refused' = 1, 'unanswered' = 2, 'denied' = 3)) CODEC(ZSTD(1)),
  ct_status Nullable(UInt32) CODEC(ZSTD(1)),
  rule LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
  src_type Enum8('node' = 0, 'user' = 1, 'extclient' = 2, 'egress_route' = 3, 'external' = 4, 'unknown' = 5) CODEC(ZSTD(1)),
  src_id LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
  src_name LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
  src_device LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
  src_by Nullable(Enum8('inventory' = 0, 'reporter' = 1)) CODEC(ZSTD(1)),
  dst_type Enum8('node' = 0, 'user' = 1, 'extclient' = 2, 'egress_route' = 3, 'external' = 4, 'unknown' = 5) CODEC(ZSTD(1)),
  dst_id LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
  dst_name LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
  dst_device LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
  dst_by Nullable(Enum8('inventory' = 0, 'reporter' = 1)) CODEC(ZSTD(1)),
  domain LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
  domain_source Nullable(Enum8('sni' = 0, 'quic' = 1, 'http' = 2, 'dns' = 3, 'inventory' = 4)) CODEC(ZSTD(1)),
  app LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
  process LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
  uid Nullable(UInt32) CODEC(ZSTD(1)),
  primary Bool CODEC(ZSTD(1)),
  rank UInt8 CODEC(ZSTD(1))`;

export const SCHEMA_1: readonly string[] = [
  `CREATE TABLE schema_versions (
  version UInt32,
  applied DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (version)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
  `CREATE TABLE flows (
${FLOW},
  version UInt64 DEFAULT toUInt64(revision) * 256 CODEC(T64, ZSTD(1)),
  INDEX ix_flow_id flow_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX ix_src_ip src_ip TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX ix_dst_ip dst_ip TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX ix_last_seen last_seen TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMMDD(start)
ORDER BY (start, flow_id, reporter_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
  `CREATE TABLE flows_open (
${FLOW},
  version UInt64 DEFAULT toUInt64(revision) * 256 + if(state = 'open', 0, 255) CODEC(T64, ZSTD(1)),
  is_deleted UInt8 DEFAULT state != 'open' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (start, flow_id, reporter_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
  `CREATE TABLE flow_deltas (
  last_seen DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  flow_id UInt64 CODEC(Delta(8), ZSTD(1)),
  reporter_id LowCardinality(String) CODEC(ZSTD(1)),
  revision UInt32 CODEC(ZSTD(1)),
  network LowCardinality(String) CODEC(ZSTD(1)),
  direction Enum8('ingress' = 0, 'egress' = 1) CODEC(ZSTD(1)),
  start DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  since DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  src_bytes_delta UInt64 CODEC(T64, ZSTD(1)),
  dst_bytes_delta UInt64 CODEC(T64, ZSTD(1)),
  src_packets_delta UInt64 CODEC(T64, ZSTD(1)),
  dst_packets_delta UInt64 CODEC(T64, ZSTD(1)),
  estimated Bool CODEC(ZSTD(1)),
  primary Bool CODEC(ZSTD(1)),
  version UInt64 DEFAULT (src_bytes_delta + dst_bytes_delta + src_packets_delta + dst_packets_delta) * 256 CODEC(T64, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMMDD(last_seen)
ORDER BY (last_seen, flow_id, reporter_id, revision)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
];
