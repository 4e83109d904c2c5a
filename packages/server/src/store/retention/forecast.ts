/** When the store will be full, how many days it will keep then, and what goes next: from how much each of the last days brought. */
import type { RetentionPolicy } from "@flowtrail/model";
import { type Hold, isHeld } from "./holds.ts";
import { KEPT_TABLES, type KeptTable } from "./kept-tables.ts";
import { DAY_MS, dayOf } from "./plan.ts";
import type { Partition, Survey } from "./survey.ts";

export interface Growth {
  /** By table. */
  readonly bytesPerDay: ReadonlyMap<string, number>;
  /** Full days that it was taken from; 0: there is none yet, and nothing can be said. */
  readonly days: number;
}

export interface NextDrop {
  readonly table: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly why: "age" | "size";
  readonly atMs: number;
  readonly bytes: number;
}

export interface Forecast {
  readonly growth: Growth;
  /** Days until the limit is reached; 0: it is. Null: never, or nothing can be said. */
  readonly fullInDays: number | null;
  /** Days of flows that will be kept, by age or by size, whichever is less. Null: nothing can be said. */
  readonly keptDays: number | null;
  /** What the store comes to when every table has reached its age (or the limit). Null: nothing can be said. */
  readonly steadyBytes: number | null;
  readonly next: NextDrop | null;
}

export interface ForecastInputs {
  readonly survey: Survey;
  readonly policy: RetentionPolicy;
  readonly holds: readonly Hold[];
  readonly limitBytes: number | null;
  /** When something was last deleted for its size. */
  readonly lastSizeDropMs: number | null;
  readonly nowMs: number;
}

/** A week: weekends are unlike other days. Merges of the newest parts are still to come, which one day in seven does not show much. */
const GROWTH_DAYS = 7;
/** Who dropped a day by size within such a time has reached the limit, although that day made room for another one or two. */
const AT_LIMIT_DAYS = 3;

/** How much a day brings, by table: the mean of the last full days. What comes late counts for its own day. */
export function growthOf({ partitions }: Survey, nowMs: number): Growth {
  const todayMs = dayOf(nowMs);
  const firstMs = Math.min(...partitions.filter(({ table }) => table.unit === "day").map(({ fromMs }) => fromMs), todayMs);
  const days = Math.min(GROWTH_DAYS, (todayMs - Math.max(firstMs, todayMs - GROWTH_DAYS * DAY_MS)) / DAY_MS);
  const bytesPerDay = new Map<string, number>();
  if (days === 0) return { bytesPerDay, days };
  for (const table of KEPT_TABLES) {
    const own = partitions.filter((partition) => partition.table === table);
    bytesPerDay.set(table.name, table.unit === "day" ? perDay(own, todayMs, days) : perMonth(own, nowMs, firstMs));
  }
  return { bytesPerDay, days };
}

function perDay(partitions: readonly Partition[], todayMs: number, days: number): number {
  const recent = partitions.filter(({ fromMs }) => fromMs >= todayMs - days * DAY_MS && fromMs < todayMs);
  return recent.reduce((sum, { bytes }) => sum + bytes, 0) / days;
}

/** Of the two newest months, as far as they have days with anything. */
function perMonth(partitions: readonly Partition[], nowMs: number, firstMs: number): number {
  const recent = partitions.filter(({ fromMs }) => fromMs <= nowMs).slice(-2);
  const [oldest] = recent;
  if (oldest === undefined) return 0;
  const days = (nowMs - Math.max(oldest.fromMs, Math.min(firstMs, nowMs))) / DAY_MS;
  return recent.reduce((sum, { bytes }) => sum + bytes, 0) / Math.max(1, days);
}

export function forecastOf(inputs: ForecastInputs): Forecast {
  const { survey, policy, limitBytes, nowMs } = inputs;
  const growth = growthOf(survey, nowMs);
  const steadyBytes = growth.days === 0 ? null : totalAt(inputs, growth, longest(policy));
  const fullInDays = growth.days === 0 || limitBytes === null ? null : fullIn(inputs, growth, limitBytes);
  const bySize = fullInDays === null || limitBytes === null ? Number.POSITIVE_INFINITY : daysThatFit(inputs, growth, limitBytes);
  return {
    growth,
    fullInDays,
    keptDays: growth.days === 0 ? null : Math.min(policy.flows_days, bySize),
    steadyBytes: steadyBytes === null ? null : Math.min(Math.round(steadyBytes), limitBytes ?? Number.POSITIVE_INFINITY),
    next: nextDrop(inputs, fullInDays, nowMs),
  };
}

/** The first day on which there is more than the limit. */
function fullIn(inputs: ForecastInputs, growth: Growth, limitBytes: number): number | null {
  const { lastSizeDropMs, nowMs, policy } = inputs;
  const most = longest(policy);
  for (let days = 0; days <= most; days++) {
    if (totalAt(inputs, growth, days) <= limitBytes) continue;
    const isThere = days <= AT_LIMIT_DAYS && lastSizeDropMs !== null && lastSizeDropMs > nowMs - AT_LIMIT_DAYS * DAY_MS;
    return isThere ? 0 : days;
  }
  return null;
}

/** After so many days nothing grows any more; a month goes when its last day is old enough. */
function longest(policy: RetentionPolicy): number {
  return Math.max(...KEPT_TABLES.map(({ period }) => policy[period])) + 32;
}

/** What there will be after so many days, if nothing but age deletes. */
function totalAt({ survey, policy, holds, nowMs }: ForecastInputs, growth: Growth, days: number): number {
  const thenMs = nowMs + days * DAY_MS;
  let bytes = 0;
  for (const [name, size] of survey.tables) if (!KEPT_TABLES.some((table) => table.name === name)) bytes += size.bytes;
  for (const partition of survey.partitions) {
    const { table } = partition;
    const keeps = partition.toMs > thenMs - policy[table.period] * DAY_MS || (table.isEvidence && isHeld(partition, holds));
    if (keeps) bytes += partition.bytes;
  }
  for (const table of KEPT_TABLES) bytes += (growth.bytesPerDay.get(table.name) ?? 0) * Math.min(days, policy[table.period]);
  return bytes;
}

/** The most days of details that fit into the limit beside all rollups, once it is reached. */
function daysThatFit({ survey, policy }: ForecastInputs, growth: Growth, limitBytes: number): number {
  const rate = (table: KeptTable) => growth.bytesPerDay.get(table.name) ?? 0;
  const known = new Set(KEPT_TABLES.map(({ name }) => name));
  const others = [...survey.tables].filter(([name]) => !known.has(name)).reduce((sum, [, { bytes }]) => sum + bytes, 0);
  const summaries = KEPT_TABLES.filter(({ worth }) => worth === "summary");
  const fixed = others + summaries.reduce((sum, table) => sum + rate(table) * policy[table.period], 0);
  const details = KEPT_TABLES.filter(({ worth }) => worth === "detail");
  for (let days = policy.flows_days; days > 1; days--) {
    const needed = details.reduce((sum, table) => sum + rate(table) * Math.min(days, policy[table.period]), fixed);
    if (needed <= limitBytes) return days;
  }
  return 1;
}

function nextDrop(
  { survey, policy, holds, limitBytes }: ForecastInputs,
  fullInDays: number | null,
  nowMs: number,
): NextDrop | null {
  const free = survey.partitions.filter((partition) => !(partition.table.isEvidence && isHeld(partition, holds)));
  const drop = ({ table, fromMs, toMs, bytes }: Partition, why: NextDrop["why"], atMs: number): NextDrop => ({
    table: table.name,
    fromMs,
    toMs,
    bytes,
    why,
    atMs: Math.max(atMs, nowMs),
  });
  const byAge = free.map((partition) => drop(partition, "age", partition.toMs + policy[partition.table.period] * DAY_MS));
  const [oldest] = free.filter(({ table, toMs }) => table.worth === "detail" && table.unit === "day" && toMs <= dayOf(nowMs));
  const bySize =
    oldest === undefined || fullInDays === null || limitBytes === null ? [] : [drop(oldest, "size", nowMs + fullInDays * DAY_MS)];
  const [next] = [...byAge, ...bySize].sort((a, b) => a.atMs - b.atMs || a.fromMs - b.fromMs);
  return next ?? null;
}
