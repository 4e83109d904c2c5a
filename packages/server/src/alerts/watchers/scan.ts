/** Somebody tries many ports of one host, or one port of many hosts, and few answer. */
import type { Finding } from "@flowtrail/model";
import { formatDuration, protocolName } from "@flowtrail/model";
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
  whoColumns,
  whoKeys,
  whoLabel,
  whoSql,
} from "./begun.ts";

const scanSettings = z.strictObject({
  of: z.enum(["ports", "hosts"]).describe("Many ports of one host, or one port of many hosts"),
  least: z.number().int().min(5).max(100_000).describe("So many of them within the window"),
  most_answered: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe("Share of connections that were answered: who is answered is at home"),
});
type ScanSettings = z.infer<typeof scanSettings>;

interface Found extends SrcRow {
  readonly found: string;
  readonly answered: string;
  readonly tries: string;
  readonly first_ms: string;
  readonly last_ms: string;
}

interface PortsFound extends Found {
  readonly dst_ip: string;
  readonly dst_name: string | null;
}

interface HostsFound extends Found {
  readonly protocol: number;
  readonly dst_port: number;
}

export const scanWatcher: Watcher<ScanSettings> = {
  kind: "scan",
  settings: scanSettings,
  notOnHistory: null,
  look: ({ filter, settings }, window, tools) =>
    settings.of === "ports" ? ofPorts({ filter, window, tools }, settings) : ofHosts({ filter, window, tools }, settings),
};

const SRC = ["network", ...whoSql("src")].join(", ");
const HAVING =
  "HAVING found >= {least:UInt32} AND answered_tries <= tries * {share:Float64} ORDER BY found DESC LIMIT {most:UInt32}";
const counts = (column: string) =>
  `uniqExact(${column}) AS found, uniqExactIf(${column}, verdict = 'answered') AS answered, count() AS tries, ` +
  "countIf(verdict = 'answered') AS answered_tries, toUnixTimestamp64Milli(min(start)) AS first_ms, toUnixTimestamp64Milli(max(start)) AS last_ms";
const bindings = ({ least, most_answered }: ScanSettings) => ({ least, share: most_answered, most: MOST_GROUPS });

async function ofPorts(asked: Asked, settings: ScanSettings): Promise<Finding[]> {
  const rows = await ofBegun<PortsFound>(
    asked,
    ["network", ...whoColumns("src"), "dst_ip", "dst_name", "dst_port", "verdict"],
    (begun) =>
      `SELECT ${SRC}, toString(dst_ip) AS dst_ip, any(dst_name) AS dst_name, ${counts("dst_port")} FROM (${begun}) WHERE isNotNull(dst_port) ` +
      `GROUP BY network, ${whoKeys("src")}, dst_ip ${HAVING}`,
    bindings(settings),
  );
  return rows.map((row): Finding => {
    const who = srcOf(row);
    const target = addressText(row.dst_ip);
    const named = row.dst_name === null ? target : `${row.dst_name} (${target})`;
    return {
      labels: { network: row.network, ...whoLabel("src", who), "dst.ip": target },
      summary: `${nameOf(who)} tried ${row.found} ports on ${named} in ${lasted(row)}; ${row.answered} answered`,
      q: evidence(asked.filter, row.network, [isWho("src", who), columnIs("dst_ip", [target])]),
      ...measured(row, asked, settings),
    };
  });
}

async function ofHosts(asked: Asked, settings: ScanSettings): Promise<Finding[]> {
  const rows = await ofBegun<HostsFound>(
    asked,
    ["network", ...whoColumns("src"), "dst_ip", "protocol", "dst_port", "verdict"],
    (begun) =>
      `SELECT ${SRC}, protocol, ifNull(dst_port, 0) AS dst_port, ${counts("dst_ip")} FROM (${begun}) ` +
      `GROUP BY network, ${whoKeys("src")}, protocol, dst_port ${HAVING}`,
    bindings(settings),
  );
  return rows.map((row): Finding => {
    const who = srcOf(row);
    const { protocol, dst_port: port } = row;
    const what = port === 0 ? protocolName(protocol).toUpperCase() : `${protocolName(protocol).toUpperCase()} port ${port}`;
    const conditions = [
      isWho("src", who),
      columnIs("protocol", [protocol]),
      ...(port === 0 ? [] : [columnIs("dst_port", [port])]),
    ];
    return {
      labels: { network: row.network, ...whoLabel("src", who), "dst.port": `${protocolName(protocol)}/${port}` },
      summary: `${nameOf(who)} tried ${what} on ${row.found} hosts in ${lasted(row)}; ${row.answered} answered`,
      q: evidence(asked.filter, row.network, conditions),
      ...measured(row, asked, settings),
    };
  });
}

function measured({ found }: Found, { window }: Asked, { least }: ScanSettings) {
  return { value: Number(found), limit: least, fromMs: window.fromMs, toMs: window.toMs };
}

const lasted = ({ first_ms, last_ms }: Found) => formatDuration(Math.max(1000, Number(last_ms) - Number(first_ms)));
