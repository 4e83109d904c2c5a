/**
 * Somebody who always talks to the same few talks to somebody else outside. Whoever browses meets somebody new every minute, and it means
 * nothing: only those are told of whose own habit is settled, and only what nobody else of the network knows either.
 *
 * Whom they know is known of the rollup of visits (by day) and, of the window's own day, of rows; only of those that are met in the window.
 */
import type { Finding } from "@flowtrail/model";
import { z } from "zod";
import { columnIs } from "../../query/filters.ts";
import { moment } from "../../query/sql.ts";
import { FLOWS } from "../../store/schema/flow-tables.ts";
import { ROLLUP_QUESTION } from "../../store/schema/rollup-tables.ts";
import type { Watcher } from "../watcher.ts";
import {
  type Asked,
  addressText,
  evidence,
  isWho,
  nameOf,
  ofBegun,
  type SrcRow,
  srcOf,
  whoColumns,
  whoKeys,
  whoLabel,
  whoSql,
} from "./begun.ts";
import { habitsBefore, isSettled } from "./habits.ts";

const firstContactSettings = z.strictObject({
  history_days: z.number().int().min(1).max(90).default(30).describe("Who was not met for so long is new"),
  least_days: z
    .number()
    .int()
    .min(0)
    .max(90)
    .default(7)
    .describe("Days on which somebody was outside: with fewer there is no habit yet"),
  most_new: z
    .number()
    .int()
    .min(0)
    .max(1000)
    .default(1)
    .describe("New ones in the week before: who meets more meets somebody new all the time"),
  least_repeats: z
    .number()
    .min(1)
    .max(90)
    .default(3)
    .describe("Days on which it talked to each of those it knows, on average: who hardly meets anybody twice has no habit"),
  known_to_others: z.boolean().default(true).describe("What anybody else of the network has met before is not new"),
});
type FirstContactSettings = z.infer<typeof firstContactSettings>;

interface Met extends SrcRow {
  readonly domain: string | null;
  /** Of what has no domain. */
  readonly at: string;
  readonly connections: string;
  readonly port: number;
}

/** More are met by a network that is busy: those with the most connections are looked at, the others in later windows. */
const MOST_MET = 1000;
const DAY_MS = 86_400_000;

export const firstContactWatcher: Watcher<FirstContactSettings> = {
  kind: "first-contact",
  settings: firstContactSettings,
  notOnHistory: null,
  async look({ filter, settings }, window, tools) {
    const asked = { filter, window, tools };
    const habits = await habitsBefore(window.fromMs, settings.history_days, tools);
    const met = (await metIn(asked)).filter((row) => isSettled(habits, row, settings));
    if (met.length === 0) return [];
    const known = await knownBefore(met, asked, settings, tools.inventory);
    return met.filter((row) => !known.has(keyOf(row, settings))).map((row) => finding(row, asked, settings));
  },
};

/** Whom was talked to, of those outside. */
function metIn(asked: Asked): Promise<Met[]> {
  return ofBegun<Met>(
    asked,
    ["network", ...whoColumns("src"), "dst_type", "dst_ip", "domain", "dst_port"],
    (begun) =>
      `SELECT network, ${whoSql("src").join(", ")}, domain, if(isNull(domain), toString(dst_ip), '') AS at, count() AS connections, ` +
      `ifNull(any(dst_port), 0) AS port FROM (${begun}) WHERE dst_type = 'external' AND src_type != 'external' ` +
      `GROUP BY network, ${whoKeys("src")}, domain, at ORDER BY connections DESC LIMIT {most:UInt32}`,
    { most: MOST_MET },
  );
}

const ANYBODY = "";
const keyOf = ({ network, src_name, src_at, domain, at }: Met, { known_to_others }: FirstContactSettings) =>
  JSON.stringify([network, known_to_others ? ANYBODY : (src_name ?? addressText(src_at)), domain ?? addressText(at)]);

interface KnownRow {
  readonly network: string;
  readonly who: string;
  readonly whom: string;
  /** When last before the window, or the beginning of that day, ms since 1970. */
  readonly seen_ms: string;
}

/**
 * Who was met when: a fact that no later look changes, so that what a server talks to all day is asked of thirty days once and not each time.
 */
const remembered = new WeakMap<object, Map<string, number>>();
const MOST_REMEMBERED = 100_000;

async function knownBefore(met: readonly Met[], asked: Asked, settings: FirstContactSettings, of: object): Promise<Set<string>> {
  const { fromMs } = asked.window;
  const dayMs = Math.floor(fromMs / DAY_MS) * DAY_MS;
  const oldestMs = dayMs - settings.history_days * DAY_MS;
  const before = remembered.get(of) ?? new Map<string, number>();
  remembered.set(of, before);
  const isKnown = (row: Met) => {
    const seenMs = before.get(keyOf(row, settings));
    return seenMs !== undefined && seenMs >= oldestMs && seenMs < fromMs;
  };
  const news = met.filter((row) => !isKnown(row));
  const domains = [...new Set(news.flatMap(({ domain }) => domain ?? []))];
  const addresses = [...new Set(news.flatMap(({ domain, at }) => (domain === null ? [at] : [])))];
  const found = await Promise.all([
    ...(domains.length === 0
      ? []
      : [ofVisits(domains, oldestMs, dayMs, asked, settings), ofRows("domain", domains, dayMs, asked, settings)]),
    ...(addresses.length === 0 ? [] : [ofRows("address", addresses, oldestMs, asked, settings)]),
  ]);
  if (before.size > MOST_REMEMBERED) before.clear();
  const known = new Set(met.filter(isKnown).map((row) => keyOf(row, settings)));
  for (const { network, who, whom, seen_ms } of found.flat()) {
    const key = JSON.stringify([network, who, addressText(whom)]);
    known.add(key);
    before.set(key, Math.max(before.get(key) ?? 0, Number(seen_ms)));
  }
  return known;
}

const whoOf = ({ known_to_others }: FirstContactSettings, sql: string) => (known_to_others ? `'${ANYBODY}'` : sql);

function ofVisits(
  domains: readonly string[],
  fromMs: number,
  toMs: number,
  { tools }: Asked,
  settings: FirstContactSettings,
): Promise<KnownRow[]> {
  return tools.ask<KnownRow>({
    table: "rollup_visit_days",
    sql:
      `SELECT network, ${whoOf(settings, "ifNull(src_name, '')")} AS who, assumeNotNull(domain) AS whom, ` +
      "toUnixTimestamp(max(bucket)) * 1000 AS seen_ms FROM rollup_visit_days " +
      "WHERE bucket >= toDateTime({from_s:UInt32}, 'UTC') AND bucket < toDateTime({to_s:UInt32}, 'UTC') " +
      "AND dst_type = 'external' AND domain IN {domains:Array(String)} AND connections > 0 GROUP BY network, who, whom",
    bindings: { from_s: fromMs / 1000, to_s: toMs / 1000, domains },
    options: { settings: ROLLUP_QUESTION },
  });
}

/** An index knows which granules have them: of few values few rows are read, however many days there are. */
function ofRows(
  by: "domain" | "address",
  values: readonly string[],
  fromMs: number,
  { tools, window }: Asked,
  settings: FirstContactSettings,
): Promise<KnownRow[]> {
  const [whom, condition] =
    by === "domain"
      ? ["assumeNotNull(domain)", "domain IN {values:Array(String)}"]
      : ["toString(dst_ip)", "dst_ip IN {values:Array(IPv6)}"];
  return tools.ask<KnownRow>({
    table: FLOWS.name,
    sql:
      `SELECT network, ${whoOf(settings, "ifNull(src_name, toString(src_ip))")} AS who, ${whom} AS whom, ` +
      `toUnixTimestamp64Milli(max(start)) AS seen_ms FROM ${FLOWS.name} ` +
      `WHERE start >= ${moment("from_ms")} AND start < ${moment("to_ms")} AND dst_type = 'external' AND ${condition} GROUP BY network, who, whom`,
    bindings: { from_ms: fromMs, to_ms: window.fromMs, values },
  });
}

function finding(row: Met, { filter, window }: Asked, settings: FirstContactSettings): Finding {
  const who = srcOf(row);
  const target = addressText(row.at);
  const isDomain = row.domain !== null;
  const days = `${settings.history_days} days`;
  const since = settings.known_to_others ? `nobody of ${row.network} did so in ${days}` : `not once in the ${days} before`;
  const port = row.port === 0 ? "" : `, port ${row.port}`;
  return {
    labels: {
      network: row.network,
      ...whoLabel("src", who),
      ...(isDomain ? { "dst.domain": row.domain } : { "dst.ip": target }),
    },
    value: Number(row.connections),
    limit: 1,
    summary: `${nameOf(who)} talked to ${row.domain ?? target} for the first time${port}: ${since}`,
    q: evidence(filter, row.network, [
      isWho("src", who),
      isDomain ? columnIs("domain", [row.domain]) : columnIs("dst_ip", [target]),
      columnIs("dst_type", ["external"]),
    ]),
    fromMs: window.fromMs,
    toMs: window.toMs,
  };
}
