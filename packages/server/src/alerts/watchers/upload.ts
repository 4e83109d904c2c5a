/** Somebody sends much more out than it ever does: measured against its own days before, so that a backup is no news and a leak is. */
import { type ColumnName, type Finding, formatBytes, formatDuration } from "@flowtrail/model";
import { z } from "zod";
import { filterSql } from "../../query/filter-sql.ts";
import { columnIs } from "../../query/filters.ts";
import { moment } from "../../query/sql.ts";
import { filterColumns } from "../../query/traffic/fields.ts";
import { TRAFFIC_SETTINGS } from "../../query/traffic/traffic-sql.ts";
import { DELTA_DIMENSIONS, FLOW_DELTAS } from "../../store/schema/flow-tables.ts";
import { ROLLUP_QUESTION } from "../../store/schema/rollup-tables.ts";
import { withoutSample } from "../groups.ts";
import type { Watcher } from "../watcher.ts";
import {
  type Asked,
  addressText,
  evidence,
  isWho,
  MOST_GROUPS,
  nameOf,
  type SrcRow,
  srcOf,
  whoKeys,
  whoLabel,
  whoSql,
} from "./begun.ts";

const uploadSettings = z.strictObject({
  least_bytes: z
    .number()
    .int()
    .min(1)
    .default(5 * 2 ** 30)
    .describe("Sent out within the window; less is never told"),
  factor: z.number().min(1).max(1000).default(3).describe("So many times what it sent out on its busiest day"),
  days: z.number().int().min(1).max(90).default(14).describe("How far back its own days are looked at"),
  least_days: z.number().int().min(0).max(90).default(5).describe("Who has fewer days with traffic has no habit yet"),
});
type UploadSettings = z.infer<typeof uploadSettings>;

const IN_DELTAS = new Set<ColumnName>(DELTA_DIMENSIONS);
const DAY_MS = 86_400_000;

interface Sent extends SrcRow {
  readonly bytes: string;
  readonly targets: string;
  readonly first: string | null;
}

interface Habit extends SrcRow {
  readonly days: string;
  readonly most: string;
}

export const uploadWatcher: Watcher<UploadSettings> = {
  kind: "upload",
  settings: uploadSettings,
  notOnHistory: null,
  async look({ filter, settings }, window, tools) {
    const unknown = [...filterColumns(filter)].filter((name) => !IN_DELTAS.has(name));
    if (unknown.length > 0) {
      tools.note(`what moved when does not know ${unknown.join(", ")}: this rule can't filter by it`);
      return [];
    }
    const asked = { filter, window, tools };
    const sent = await sentOut(asked, settings);
    if (sent.length === 0) return [];
    const habits = new Map((await habitsOf(sent, asked, settings)).map((row) => [keyOf(row), row]));
    return sent.flatMap((row) => {
      const habit = habits.get(keyOf(row));
      const days = Number(habit?.days ?? 0);
      const limit = Math.max(settings.least_bytes, Number(habit?.most ?? 0) * settings.factor);
      return days >= settings.least_days && Number(row.bytes) > limit ? [finding(row, habit, limit, asked)] : [];
    });
  },
};

const keyOf = ({ network, src_kind, src_name, src_at }: SrcRow) => JSON.stringify([network, src_kind, src_name, src_at]);

/** What each sent to the outside within the window, of those that sent enough to be told. */
function sentOut({ filter, window, tools }: Asked, { least_bytes }: UploadSettings): Promise<Sent[]> {
  const passes = filterSql(withoutSample(filter));
  // Only what every delta knows can be asked of it: else the totals of flows would have to be spread.
  return tools.ask<Sent>({
    table: FLOW_DELTAS.name,
    sql:
      `SELECT network, ${whoSql("src").join(", ")}, sum(src_bytes_delta) AS bytes, uniqExact(dst_ip) AS targets, ` +
      `argMax(ifNull(domain, toString(dst_ip)), src_bytes_delta) AS first FROM ${FLOW_DELTAS.name} FINAL ` +
      `WHERE last_seen >= ${moment("from_ms")} AND last_seen < ${moment("to_ms")} AND primary AND dst_type = 'external' AND (${passes.text}) ` +
      `GROUP BY network, ${whoKeys("src")} HAVING bytes >= {least:UInt64} ORDER BY bytes DESC LIMIT {most:UInt32}`,
    bindings: {
      ...passes.bindings,
      from_ms: window.fromMs,
      to_ms: window.toMs,
      least: least_bytes,
      most: MOST_GROUPS,
    },
    options: { settings: TRAFFIC_SETTINGS },
  });
}

/** The busiest of its days before, and how many there were. */
function habitsOf(sent: readonly Sent[], { window, tools }: Asked, { days }: UploadSettings): Promise<Habit[]> {
  const toMs = Math.floor(window.fromMs / DAY_MS) * DAY_MS;
  const names = sent.flatMap(({ src_name }) => (src_name === null ? [] : [src_name]));
  return tools.ask<Habit>({
    table: "rollup_pair_days",
    sql:
      "SELECT network, src_kind, src_name, '' AS src_at, count() AS days, max(sent) AS most FROM (" +
      "SELECT network, toString(src_type) AS src_kind, src_name, bucket, sumIf(src_bytes, dst_type = 'external') AS sent FROM rollup_pair_days FINAL " +
      "WHERE bucket >= toDateTime({from_s:UInt32}, 'UTC') AND bucket < toDateTime({to_s:UInt32}, 'UTC') AND src_name IN {names:Array(String)} " +
      "GROUP BY network, src_kind, src_name, bucket HAVING sum(connections) > 0 OR sent > 0) GROUP BY network, src_kind, src_name",
    bindings: { from_s: (toMs - days * DAY_MS) / 1000, to_s: toMs / 1000, names: names.length === 0 ? [""] : names },
    options: { settings: ROLLUP_QUESTION },
  });
}

function finding(row: Sent, habit: Habit | undefined, limit: number, { filter, window }: Asked): Finding {
  const who = srcOf(row);
  const before = habit === undefined ? "" : `; on its busiest of ${habit.days} days before, ${formatBytes(Number(habit.most))}`;
  const others = Number(row.targets) - 1;
  const towards = `${row.first === null ? "the internet" : addressText(row.first)}${others > 0 ? ` and ${others} others` : ""}`;
  return {
    labels: { network: row.network, ...whoLabel("src", who) },
    value: Number(row.bytes),
    limit,
    summary: `${nameOf(who)} sent ${formatBytes(Number(row.bytes))} to ${towards} in ${formatDuration(window.toMs - window.fromMs)}${before}`,
    q: evidence(filter, row.network, [isWho("src", who), columnIs("dst_type", ["external"])]),
    fromMs: window.fromMs,
    toMs: window.toMs,
  };
}
