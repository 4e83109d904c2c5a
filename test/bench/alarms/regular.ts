/**
 * What every network does by the clock, and the seeds lack: time, monitoring, mail, updates, devices that report to their maker. Each looks
 * like a beacon to who does not know better.
 */
import { COLUMNS, type ColumnName } from "@flowtrail/model";
import type { ClickHouse } from "../../../packages/server/src/store/clickhouse.ts";

interface Habit {
  readonly name: string;
  readonly sources: number;
  readonly everyS: number;
  /** Share of the interval that is chance. */
  readonly jitter: number;
  readonly values: Readonly<Partial<Record<ColumnName, string>>>;
}

const code = (column: ColumnName, word: string) =>
  String((COLUMNS[column] as { values?: readonly string[] }).values?.indexOf(word) ?? 0);
const outside = (ip: string, domain: string | null, port: number, protocol = 6) => ({
  dst_type: code("dst_type", "external"),
  dst_ip: `toIPv6('${ip}')`,
  ...(domain === null ? {} : { domain: `'${domain}'` }),
  dst_port: String(port),
  protocol: String(protocol),
});
const from = (type: "node" | "user" | "extclient", name: string, net: number) => ({
  src_type: code("src_type", type),
  src_name: `concat('${name}', toString(who))`,
  src_id: `concat('${name}', toString(who))`,
  src_ip: `toIPv6(concat('100.64.${net}.', toString(who % 250 + 1)))`,
});

export const HABITS: readonly Habit[] = [
  {
    name: "time, each node every 17 min",
    sources: 120,
    everyS: 1024,
    jitter: 0.02,
    values: { ...from("node", "web-", 250), ...outside("198.51.100.123", null, 123, 17) },
  },
  {
    ...{ name: "monitoring of 60 nodes every 5 min", sources: 60, everyS: 300, jitter: 0.01 },
    values: {
      src_type: code("src_type", "node"),
      src_name: "'metrics-01'",
      src_id: "'n-metrics-01'",
      src_ip: "toIPv6('100.64.251.1')",
      dst_type: code("dst_type", "node"),
      dst_name: "concat('web-', toString(who))",
      dst_id: "concat('web-', toString(who))",
      dst_ip: "toIPv6(concat('100.64.250.', toString(who % 250 + 1)))",
      dst_port: "9100",
      protocol: "6",
    },
  },
  {
    name: "mail of 60 users every 5 min",
    sources: 60,
    everyS: 300,
    jitter: 0.05,
    values: { ...from("user", "mail.user", 252), ...outside("198.51.100.25", "imap.mail.example", 993) },
  },
  {
    name: "updates, each node every hour",
    sources: 120,
    everyS: 3600,
    jitter: 0.1,
    values: { ...from("node", "web-", 250), ...outside("198.51.100.80", "updates.system.example", 443) },
  },
  {
    name: "30 devices to their maker every 2 min",
    sources: 30,
    everyS: 120,
    jitter: 0.02,
    values: { ...from("extclient", "sensor-", 253), ...outside("198.51.100.90", "hub.maker.example", 8883) },
  },
  {
    name: "backup of one node each night, 40 GiB",
    sources: 1,
    everyS: 86_400,
    jitter: 0.01,
    values: {
      ...from("node", "backup-", 254),
      ...outside("198.51.100.99", "vault.backup.example", 443),
      src_bytes: "toUInt64(40) * 1073741824",
    },
  },
];

const DAY_S = 86_400;

/** Rows and their bytes, from `days` before `untilMs`. */
export async function insertHabits(clickhouse: Pick<ClickHouse, "command">, days: number, untilMs: number): Promise<number> {
  let rows = 0;
  for (const [n, { sources, everyS, jitter, values }] of HABITS.entries()) {
    const count = Math.floor((days * DAY_S) / everyS) * sources;
    const all = {
      ...{ dst_name: "NULL", dst_id: "NULL", domain: "NULL", src_bytes: "toUInt64(700)", dst_bytes: "toUInt64(900)" },
      ...values,
      ...{ src_packets: "toUInt64(6)", dst_packets: "toUInt64(6)", src_port: "toUInt16(40000)" },
      ...{ network: "'corp'", reporter_id: "src_name", reporter: "src_name", reporter_type: "'sample'" },
      ...{ direction: code("direction", "egress"), role: code("role", "initiator"), revision: "toUInt32(0)" },
      ...{
        start: "begun",
        last_seen: "begun + INTERVAL 1 SECOND",
        end: "begun + INTERVAL 1 SECOND",
        received: "begun + INTERVAL 2 SECOND",
      },
      ...{ state: code("state", "closed"), verdict: code("verdict", "answered"), primary: "true", rank: "toUInt8(1)" },
      flow_id: `toUInt64(${(n + 1) * 1e12}) + number`,
    };
    const names = Object.keys(all);
    const selected = names.map((name) => `${all[name as keyof typeof all]} AS ${name}`).join(", ");
    const source =
      `SELECT number, number % ${sources} AS who, fromUnixTimestamp64Milli(toInt64(${untilMs} - ${days * DAY_S * 1000} + ` +
      `intDiv(number, ${sources}) * ${everyS * 1000} + intHash64(who) % ${everyS * 1000} + ` +
      `intHash64(number) % ${Math.max(1, Math.round(jitter * everyS * 1000))}), 'UTC') AS begun FROM numbers(${count})`;
    await clickhouse.command(
      `INSERT INTO flows (${names.join(", ")}) SELECT ${selected} FROM (${source})`,
      {},
      { settings: SETTINGS },
    );
    // What was added is what there is.
    const deltas = [
      "last_seen",
      "flow_id",
      "reporter_id",
      "reporter",
      "revision",
      "start",
      "network",
      "direction",
      "role",
      "protocol",
      "src_ip",
      "dst_ip",
      "src_port",
      "dst_port",
      "src_type",
      "src_id",
      "src_name",
      "dst_type",
      "dst_id",
      "dst_name",
      "domain",
      "verdict",
      "primary",
    ];
    await clickhouse.command(
      `INSERT INTO flow_deltas (${deltas.join(", ")}, since, src_bytes_delta, dst_bytes_delta, src_packets_delta, dst_packets_delta)
       SELECT ${deltas.join(", ")}, start, src_bytes, dst_bytes, src_packets, dst_packets FROM (SELECT ${selected} FROM (${source}))`,
      {},
      { settings: SETTINGS },
    );
    rows += count;
  }
  return rows;
}

const SETTINGS = { max_partitions_per_insert_block: "4000" };
