/** What the reports of a day are now: counts and hashes, alike in every kind of store. */
import type { ClickHouse } from "../store/clickhouse.ts";
import { FLOW_COLUMNS, FLOWS } from "../store/schema/flow-tables.ts";
import type { NetworkSums, Slice } from "./manifest.ts";

export const DAY_MS = 86_400_000;
const SLICE_MS = 900_000;
const HOUR_MS = 3_600_000;
/** More rows in a day than that are asked for by the hour. */
const ROWS_AT_ONCE = 1_000_000;

/**
 * What senders said, and who they were. Names, which report counts and where a domain comes from are the server's own findings: elections
 * and corrections of the inventory change them rightly. When it was received changes when an agent sends the same again.
 */
const FINDINGS = new Set(["domain", "domain_source", "received"]);
export const EVIDENCE: readonly string[] = FLOW_COLUMNS.filter(
  ({ name, by }) => name === "reporter_id" || (by !== "server" && !FINDINGS.has(name)),
).map(({ name }) => name);

export interface Measured {
  readonly all: readonly Slice[];
  /** Those that were received until the time that the manifest names. */
  readonly before: readonly Slice[];
}

const LIMITS = { maxExecutionMs: 600_000, maxRowsToRead: 1e15, maxMemoryBytes: 700_000_000 } as const;
/** The text that is hashed must not depend on a setting of somebody's server. */
const SETTINGS = {
  // Nobody waits for it: at each block of rows it lets questions of people go first.
  max_threads: 1,
  priority: "20",
  low_priority_query_wait_time_ms: "50",
  do_not_merge_across_partitions_select_final: 1,
  output_format_json_quote_64bit_integers: 1,
  output_format_json_named_tuples_as_objects: 0,
  output_format_json_escape_forward_slashes: 0,
  date_time_output_format: "iso",
} as const;
const ASKED = { limits: LIMITS, settings: SETTINGS };
const WITHIN = "start >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND start < fromUnixTimestamp64Milli({to:Int64}, 'UTC')";

export const dayMs = (day: string) => Date.parse(`${day}T00:00:00Z`);
export const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

interface Row {
  readonly slice: string;
  readonly n: string;
  readonly hash: string;
  readonly n_before: string;
  readonly hash_before: string;
}

/**
 * @param untilMs what was received until then is `before`
 * @throws StoreError
 */
export async function measure(
  clickhouse: Pick<ClickHouse, "rows">,
  day: string,
  untilMs: number,
  signal?: AbortSignal,
): Promise<Measured> {
  const options = { ...ASKED, ...(signal === undefined ? {} : { signal }) };
  const fromMs = dayMs(day);
  const [counted] = await clickhouse.rows<{ n: string }>(
    `SELECT count() AS n FROM ${FLOWS.name} WHERE ${WITHIN}`,
    { from: fromMs, to: fromMs + DAY_MS },
    options,
  );
  const rows = Number(counted?.n ?? 0);
  const [all, before]: [Slice[], Slice[]] = [[], []];
  const stepMs = rows > ROWS_AT_ONCE ? HOUR_MS : DAY_MS;
  for (let at = fromMs; rows > 0 && at < fromMs + DAY_MS; at += stepMs) {
    const found = await clickhouse.rows<Row>(
      `SELECT toString(intDiv(toUnixTimestamp64Milli(start) - {day:Int64}, ${SLICE_MS})) AS slice,
         toString(count()) AS n, ${hashOf("groupArray(h)")} AS hash,
         toString(countIf(early)) AS n_before, ${hashOf("groupArrayIf(h, early)")} AS hash_before
       FROM (SELECT start, received <= fromUnixTimestamp64Milli({until:Int64}, 'UTC') AS early,
           SHA256(toJSONString(tuple(${EVIDENCE.map((name) => `\`${name}\``).join(", ")}))) AS h
         FROM ${FLOWS.name} FINAL WHERE ${WITHIN})
       GROUP BY slice ORDER BY toUInt32(slice)`,
      { day: fromMs, from: at, to: at + stepMs, until: untilMs },
      options,
    );
    for (const row of found) {
      all.push([Number(row.slice), Number(row.n), row.hash]);
      if (row.n_before !== "0") before.push([Number(row.slice), Number(row.n_before), row.hash_before]);
    }
  }
  return { all, before };
}

/** In the order of the rows' hashes, so that it does not matter where and how they are stored. */
const hashOf = (hashes: string) => `lower(hex(SHA256(arrayStringConcat(arraySort(${hashes})))))`;

/** @throws StoreError */
export async function sumsOf(clickhouse: Pick<ClickHouse, "rows">, day: string): Promise<NetworkSums[]> {
  const both = (what: string) => `toString(sumIf(toUInt64(ifNull(src_${what}, 0)) + toUInt64(ifNull(dst_${what}, 0)), primary))`;
  return clickhouse.rows<NetworkSums>(
    `SELECT toString(network) AS network, toString(count()) AS reports, toString(countIf(primary)) AS connections,
       ${both("bytes")} AS bytes, ${both("packets")} AS packets
     FROM ${FLOWS.name} FINAL WHERE ${WITHIN} GROUP BY network ORDER BY network`,
    { from: dayMs(day), to: dayMs(day) + DAY_MS },
    ASKED,
  );
}

/** The first day of which there is anything; null: there is nothing. @throws StoreError */
export async function oldestDay(clickhouse: Pick<ClickHouse, "rows">): Promise<string | null> {
  const [row] = await clickhouse.rows<{ n: string; oldest: string }>(
    `SELECT toString(count()) AS n, toString(toUnixTimestamp64Milli(min(start))) AS oldest FROM ${FLOWS.name}`,
    {},
    ASKED,
  );
  return row === undefined || row.n === "0" ? null : dayOf(Number(row.oldest));
}

/** Days before `until` to which something was written since. @throws StoreError */
export async function touchedDays(clickhouse: Pick<ClickHouse, "rows">, sinceMs: number, untilMs: number): Promise<string[]> {
  const rows = await clickhouse.rows<{ day: string }>(
    `SELECT DISTINCT toString(toDate(start)) AS day FROM ${FLOWS.name}
     WHERE stored > fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND start < fromUnixTimestamp64Milli({until:Int64}, 'UTC') ORDER BY day`,
    { since: sinceMs, until: untilMs },
    ASKED,
  );
  return rows.map(({ day }) => day);
}
