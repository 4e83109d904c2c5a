/** One connection that lasts for days, or moves very much, with somebody outside: a tunnel, a leak, a forgotten session. */
import { type Finding, formatBytes, formatDuration } from "@flowtrail/model";
import { z } from "zod";
import { filterSql } from "../../query/filter-sql.ts";
import { columnIs } from "../../query/filters.ts";
import { moment } from "../../query/sql.ts";
import { FLOWS, FLOWS_LONG, FLOWS_OPEN } from "../../store/schema/flow-tables.ts";
import { withoutSample } from "../groups.ts";
import type { Watcher } from "../watcher.ts";
import { type Asked, addressText, evidence, isWho, MOST_GROUPS, nameOf, type SrcRow, srcOf, whoLabel, whoSql } from "./begun.ts";

const largeFlowSettings = z.strictObject({
  least_hours: z.number().min(0).max(10_000).nullable().default(null).describe("It lasts so long; null: no matter how long"),
  least_bytes: z.number().int().min(1).nullable().default(null).describe("Both ways; null: no matter how much"),
});
type LargeFlowSettings = z.infer<typeof largeFlowSettings>;

interface Row extends SrcRow {
  readonly target: string;
  readonly domain: string | null;
  readonly dst_name: string | null;
  readonly protocol: number;
  readonly dst_port: number;
  readonly flow_id: string;
  readonly start_ms: string;
  readonly seen_ms: string;
  readonly bytes: string;
}

const HOUR_MS = 3_600_000;
/** What began longer ago is of a sender that forgot to say that it is over. */
const OLDEST_MS = 90 * 24 * HOUR_MS;

export const largeFlowWatcher: Watcher<LargeFlowSettings> = {
  kind: "large-flow",
  settings: largeFlowSettings,
  notOnHistory: null,
  async look({ filter, settings }, window, tools) {
    const asked = { filter, window, tools };
    return (await largest(asked, settings)).map((row) => finding(row, asked, settings));
  },
};

/** Of flows that were seen in the window: what is open, and what ended in it. */
function largest({ filter, window, tools }: Asked, { least_hours, least_bytes }: LargeFlowSettings): Promise<Row[]> {
  const passes = filterSql(withoutSample(filter), { state: "toString(state)" });
  const bytes = "ifNull(src_bytes, 0) + ifNull(dst_bytes, 0)";
  const columns = `${KEY}, network, ${whoSql("src").join(", ")}, toString(dst_ip) AS target, domain, dst_name, protocol, ifNull(dst_port, 0) AS dst_port`;
  const seen = `last_seen >= ${moment("from_ms")} AND start < ${moment("to_ms")} AND start >= ${moment("oldest_ms")}`;
  const lived = least_hours === null ? "" : ` AND start < ${moment("begun_ms")}`;
  const part = (table: string, more: string) =>
    `SELECT ${columns}, toUnixTimestamp64Milli(start) AS start_ms, toUnixTimestamp64Milli(last_seen) AS seen_ms, ${bytes} AS bytes ` +
    `FROM ${table} FINAL WHERE ${seen}${lived}${more} AND primary AND (${passes.text}) AND bytes >= {least:UInt64} ` +
    "AND last_seen - start >= {hours_s:UInt64}";
  // What ended soon after it began is in no copy of long flows.
  const parts = [part(FLOWS_OPEN.name, ""), part(FLOWS_LONG.name, ""), part(FLOWS.name, ` AND start >= ${moment("short_ms")}`)];
  return tools.ask<Row>({
    table: `${FLOWS_OPEN.name}, ${FLOWS_LONG.name}, ${FLOWS.name}`,
    sql:
      `SELECT * FROM (SELECT * FROM (${parts.join(" UNION ALL ")}) ORDER BY bytes DESC LIMIT 1 BY ${KEY}) ` +
      "ORDER BY bytes DESC LIMIT {most:UInt32}",
    bindings: {
      ...passes.bindings,
      from_ms: window.fromMs,
      to_ms: window.toMs,
      oldest_ms: Math.max(0, window.fromMs - OLDEST_MS),
      short_ms: Math.max(0, window.fromMs - HOUR_MS),
      begun_ms: window.toMs - Math.floor((least_hours ?? 0) * HOUR_MS),
      hours_s: Math.floor((least_hours ?? 0) * 3600),
      least: least_bytes ?? 0,
      most: MOST_GROUPS,
    },
  });
}

const KEY = "start, flow_id, reporter_id";

function finding(row: Row, { filter, window }: Asked, settings: LargeFlowSettings): Finding {
  const who = srcOf(row);
  const target = addressText(row.target);
  const lastedMs = Number(row.seen_ms) - Number(row.start_ms);
  const [value, limit] =
    settings.least_hours === null ? [Number(row.bytes), settings.least_bytes ?? 0] : [lastedMs / HOUR_MS, settings.least_hours];
  const port = row.dst_port === 0 ? "" : `, port ${row.dst_port}`;
  return {
    labels: { network: row.network, ...whoLabel("src", who), "dst.ip": target, flow_id: row.flow_id },
    value: Math.round(value * 100) / 100,
    limit,
    summary:
      `${nameOf(who)} and ${row.domain ?? row.dst_name ?? target}${port}: one connection that has lasted ${formatDuration(lastedMs)} ` +
      `and moved ${formatBytes(Number(row.bytes))}`,
    q: evidence(filter, row.network, [isWho("src", who), columnIs("dst_ip", [target]), columnIs("flow_id", [row.flow_id])]),
    fromMs: window.fromMs,
    toMs: window.toMs,
  };
}
