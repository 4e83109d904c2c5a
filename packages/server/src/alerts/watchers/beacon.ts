/**
 * Small connections at regular intervals to somebody outside whom hardly anybody else talks to: how what has taken hold of a machine
 * asks for orders. What many do (time, names, updates, monitoring) is popular and left out, as are ports that are regular by their nature.
 */
import { type Finding, formatBytes, formatDuration } from "@flowtrail/model";
import { z } from "zod";
import { columnIs } from "../../query/filters.ts";
import type { Watcher } from "../watcher.ts";
import {
  type Asked,
  addressText,
  evidence,
  isWho,
  MOST_GROUPS,
  nameOf,
  ofBegun,
  type SrcRow,
  srcOf,
  type Who,
  whoColumns,
  whoKeys,
  whoLabel,
  whoSql,
} from "./begun.ts";
import { type Regularity, regularityOf } from "./regularity.ts";

const beaconSettings = z.strictObject({
  least_connections: z.number().int().min(8).max(10_000).default(24).describe("Fewer may be regular by chance"),
  least_interval_s: z.number().min(0.5).max(86_400).default(5).describe("Shorter ones are a conversation"),
  most_jitter: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.15)
    .describe("Median distance of intervals to their median: 0 a clock, 0.7 chance"),
  most_bytes: z.number().int().min(100).default(65_536).describe("Of one connection, both ways, the median: orders are short"),
  most_sources: z.number().int().min(1).max(10_000).default(2).describe("What more of them talk to is popular"),
  popular_ports: z.array(z.number().int().min(0).max(65_535)).default([53, 123, 853, 5353]).describe("Regular by their nature"),
});
type BeaconSettings = z.infer<typeof beaconSettings>;

interface Row extends SrcRow {
  readonly target: string;
  readonly domain: string | null;
  readonly dst_port: number;
  readonly protocol: number;
  readonly starts: readonly string[];
  readonly sizes: readonly string[];
}

/** Starts of one group that are looked at: more are regular or not by these. */
const MOST_STARTS = 2000;

export const beaconWatcher: Watcher<BeaconSettings> = {
  kind: "beacon",
  settings: beaconSettings,
  notOnHistory: null,
  async look({ filter, settings }, window, tools) {
    const asked = { filter, window, tools };
    const rows = await candidates(asked, settings);
    return rows.flatMap((row) => {
      const found = regularityOf(row.starts.map(Number), row.sizes.map(Number));
      return found !== null && isBeacon(found, settings) ? [finding(row, found, asked, settings)] : [];
    });
  },
};

/** Pairs with enough small connections, spread over most of the window, to what few talk to. */
function candidates(asked: Asked, settings: BeaconSettings): Promise<Row[]> {
  const keys = `network, ${whoKeys("src")}, target, protocol, port`;
  const { window } = asked;
  return ofBegun<Row>(
    asked,
    ["network", ...whoColumns("src"), "dst_ip", "domain", "protocol", "dst_port", "src_bytes", "dst_bytes"],
    (begun) =>
      "SELECT network, src_kind, src_name, src_at, target, any(domain) AS domain, protocol, port AS dst_port, " +
      "groupArray({starts:UInt32})(toUnixTimestamp64Milli(start)) AS starts, groupArray({starts:UInt32})(bytes) AS sizes " +
      "FROM (SELECT *, uniqExact((src_kind, src_name, src_at)) OVER (PARTITION BY network, target, port) AS sources FROM (" +
      `SELECT network, ${whoSql("src").join(", ")}, toString(dst_ip) AS target, domain, protocol, ifNull(dst_port, 0) AS port, start, ` +
      `ifNull(src_bytes, 0) + ifNull(dst_bytes, 0) AS bytes FROM (${begun}) ` +
      "WHERE ifNull(dst_port, 0) NOT IN {ports:Array(UInt16)} AND protocol NOT IN (1, 58))) " +
      `WHERE sources <= {sources:UInt32} GROUP BY ${keys} ` +
      "HAVING count() >= {least:UInt32} AND median(bytes) <= {bytes:UInt64} AND " +
      "toUnixTimestamp64Milli(max(start)) - toUnixTimestamp64Milli(min(start)) >= {span:Int64} " +
      "ORDER BY count() DESC LIMIT {most:UInt32}",
    {
      starts: MOST_STARTS,
      // An empty list can't be looked through.
      ports: settings.popular_ports.length === 0 ? [0] : settings.popular_ports,
      sources: settings.most_sources,
      least: settings.least_connections,
      bytes: settings.most_bytes,
      span: Math.round((window.toMs - window.fromMs) / 2),
      most: MOST_GROUPS,
    },
  );
}

function isBeacon({ intervalMs, jitter }: Regularity, { least_interval_s, most_jitter }: BeaconSettings): boolean {
  return intervalMs >= least_interval_s * 1000 && jitter <= most_jitter;
}

function finding(row: Row, { intervalMs, jitter }: Regularity, { filter, window }: Asked, settings: BeaconSettings): Finding {
  const who: Who = srcOf(row);
  const target = addressText(row.target);
  const named = row.domain === null ? target : `${row.domain} (${target})`;
  const size = row.sizes.map(Number).reduce((sum, bytes) => sum + bytes, 0) / Math.max(1, row.sizes.length);
  const ports = row.dst_port === 0 ? [] : [columnIs("dst_port", [row.dst_port])];
  return {
    labels: { network: row.network, ...whoLabel("src", who), "dst.ip": target, "dst.port": String(row.dst_port) },
    value: row.starts.length,
    limit: settings.least_connections,
    summary:
      `${nameOf(who)} connected to ${named} ${row.starts.length} times, every ${formatDuration(intervalMs)} ` +
      `give or take ${Math.round(jitter * 100)} %, ${formatBytes(Math.round(size))} each`,
    q: evidence(filter, row.network, [
      isWho("src", who),
      columnIs("dst_ip", [target]),
      columnIs("protocol", [row.protocol]),
      ...ports,
    ]),
    fromMs: window.fromMs,
    toMs: window.toMs,
  };
}
