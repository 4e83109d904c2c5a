/** What is kept, how much room it takes, and what becomes of it: as the health page, the settings and the command line tell it. */
import { formatBytes, type LegalHold, type RetentionPolicy, type StoreReport } from "@flowtrail/model";
import type { Drop } from "../store/retention/drops.ts";
import type { Forecast, NextDrop } from "../store/retention/forecast.ts";
import { type Hold, isHeld } from "../store/retention/holds.ts";
import { KEPT_TABLES } from "../store/retention/kept-tables.ts";
import type { Plan } from "../store/retention/plan.ts";
import type { RetentionReport } from "../store/retention/retention.ts";
import type { Survey } from "../store/retention/survey.ts";

const iso = (ms: number) => new Date(ms).toISOString();

/** @param problem what keeps retention from doing its work; null: nothing */
export function storeReport(report: RetentionReport, problem: string | null): StoreReport {
  const { policy, defaults, overrides, changed, survey, plan, forecast, holds, lastDrops } = report;
  return {
    settings: policy,
    defaults,
    set: overrides,
    changed: changed && { time: iso(changed.ms), who: changed.who },
    size: sizeJson(survey, plan),
    tables: tablesJson(survey, policy),
    forecast: forecastJson(forecast, plan),
    due: {
      rows: plan.steps.reduce((sum, { rows }) => sum + rows, 0),
      bytes: plan.steps.reduce((sum, { bytes }) => sum + bytes, 0),
      steps: plan.steps.map(({ partition, untilMs, rows, bytes, why, how }) => ({
        table: partition.table.name,
        from: iso(partition.fromMs),
        until: iso(untilMs),
        rows,
        bytes,
        why,
        how,
      })),
    },
    holds: holds.map((hold) => holdJson(hold, survey)),
    last_drops: lastDrops.map(dropJson),
    problem,
  };
}

export function holdJson(hold: Hold, survey: Survey): LegalHold {
  const { id, fromMs, toMs, network, reason, who, createdMs, releasedMs, releasedBy } = hold;
  const touched = survey.partitions.filter(
    (partition) => partition.table.isEvidence && partition.table.unit === "day" && isHeld(partition, [hold]),
  );
  return {
    id,
    from: iso(fromMs),
    to: Number.isFinite(toMs) ? iso(toMs) : null,
    network,
    reason,
    who,
    created: iso(createdMs),
    released: releasedMs === null ? null : iso(releasedMs),
    released_by: releasedBy,
    rows: touched.reduce((sum, { rows }) => sum + rows, 0),
    bytes: touched.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function dropJson({ droppedMs, table, fromMs, untilMs, rows, bytes, why, how }: Drop): StoreReport["last_drops"][number] {
  return { time: iso(droppedMs), table, from: iso(fromMs), until: iso(untilMs), rows, bytes, why, how };
}

function sizeJson({ nodes }: Survey, { limit, heldBytes, bytesBefore }: Plan): StoreReport["size"] {
  const sum = (values: readonly (number | null)[]) =>
    values.every((value) => value !== null) ? values.reduce<number>((total, value) => total + (value ?? 0), 0) : null;
  return {
    bytes: bytesBefore,
    leaving_bytes: nodes.reduce((total, { leavingBytes }) => total + leavingBytes, 0),
    limit_bytes: limit.bytes,
    free_bytes: sum(nodes.map(({ freeBytes }) => freeBytes)),
    disk_bytes: sum(nodes.map(({ diskBytes }) => diskBytes)),
    held_bytes: heldBytes,
  };
}

function tablesJson({ tables, partitions }: Survey, policy: RetentionPolicy): StoreReport["tables"] {
  return [...tables]
    .map(([table, { rows, bytes }]) => {
      const kept = KEPT_TABLES.find(({ name }) => name === table);
      const oldest = partitions.find((partition) => partition.table === kept);
      return {
        table,
        rows,
        bytes,
        oldest: oldest === undefined ? null : iso(oldest.fromMs),
        kept_days: kept === undefined ? null : policy[kept.period],
      };
    })
    .sort((a, b) => b.bytes - a.bytes);
}

function forecastJson(forecast: Forecast, plan: Plan): StoreReport["forecast"] {
  const { growth, fullInDays, keptDays, steadyBytes, next } = forecast;
  const perDay = [...growth.bytesPerDay.values()].reduce((sum, bytes) => sum + bytes, 0);
  return {
    text: sentence(forecast, plan.limit.bytes),
    basis_days: growth.days,
    bytes_per_day: Math.round(perDay),
    full_in_days: fullInDays,
    kept_days: keptDays,
    steady_bytes: steadyBytes,
    next: next && nextJson(next),
  };
}

function nextJson({ table, fromMs, toMs, bytes, why, atMs }: NextDrop): NonNullable<StoreReport["forecast"]["next"]> {
  return { table, from: iso(fromMs), until: iso(toMs), bytes, why, at: iso(atMs) };
}

function sentence({ growth, fullInDays, keptDays, steadyBytes }: Forecast, limitBytes: number | null): string {
  if (growth.days === 0 || keptDays === null || steadyBytes === null)
    return "When it will be full can be said when there is a full day of flows.";
  const days = (count: number) => `${count} ${count === 1 ? "day" : "days"}`;
  if (fullInDays === 0) return `Full: the oldest day is deleted for a new one. About ${days(keptDays)} of flows are kept.`;
  if (fullInDays !== null) return `Full in ${days(fullInDays)}; about ${days(keptDays)} of flows will be kept then.`;
  if (limitBytes === null) return `There is no limit of its size. At its ages it comes to about ${formatBytes(steadyBytes)}.`;
  return `Not full at its ages: it comes to about ${formatBytes(steadyBytes)} of ${formatBytes(limitBytes)}.`;
}
