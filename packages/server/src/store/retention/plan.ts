/** What is to be deleted, and why. Decides, deletes nothing. */
import type { RetentionPolicy } from "@flowtrail/model";
import type { Bindings } from "../clickhouse.ts";
import { FLOW_DELTAS } from "../schema/flow-tables.ts";
import { ACTIVE_UNTIL, type Hold, heldRows, isHeld } from "./holds.ts";
import type { Limit } from "./limit.ts";
import type { Partition, Survey } from "./survey.ts";

/** One partition that is dropped, or that rows are deleted of. */
export interface Step {
  readonly partition: Partition;
  readonly why: "age" | "size";
  /** `rows`: some of it stays, since flows that began then are still kept. */
  readonly how: "whole" | "rows";
  /** Which rows; null: all. */
  readonly where: Condition | null;
  /** Of a whole partition: it goes as long as this is true of all its rows; null: in any case. */
  readonly provided: Condition | null;
  /** What is deleted is older than this. */
  readonly untilMs: number;
  readonly rows: number;
  /** Of `rows`: about. */
  readonly bytes: number;
}

export interface Condition {
  readonly sql: string;
  readonly bindings: Bindings;
}

export interface Plan {
  readonly steps: readonly Step[];
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly limit: Limit;
  /** Still more than the limit, and nothing left that may be deleted. */
  readonly isTooLarge: boolean;
  /** Of that: what only legal holds keep. */
  readonly heldBytes: number;
  /** Days that would have to go, but rollups were not made of them yet. */
  readonly waiting: readonly Partition[];
}

export interface PlanInputs {
  readonly survey: Survey;
  readonly policy: RetentionPolicy;
  readonly holds: readonly Hold[];
  readonly limit: Limit;
  readonly nowMs: number;
  /** Rollups are computed up to this time: deltas from then on are still needed. */
  readonly rolledUpMs: number;
  /** No room for anything: rollups can't be computed either, so nothing waits for them. */
  readonly isDiskFull: boolean;
}

/** How many rows of a partition a condition is true for, and for how many not. */
export type CountRows = (partition: Partition, where: Condition) => Promise<{ gone: number; kept: number }>;

export const DAY_MS = 86_400_000;
export const dayOf = (ms: number) => Math.floor(ms / DAY_MS) * DAY_MS;
export const monthOf = (ms: number) => Date.UTC(new Date(ms).getUTCFullYear(), new Date(ms).getUTCMonth());

/** @throws StoreError (of `count`) */
export async function planRetention(inputs: PlanInputs, count: CountRows): Promise<Plan> {
  const { survey, limit } = inputs;
  const room = new Room(survey, limit);
  const steps = new Map<Partition, Step>();
  for (const step of await tooOld(inputs, count)) {
    steps.set(step.partition, step);
    room.take(step);
  }
  const waiting: Partition[] = [];
  const bySize = room.isOver ? await tooMuch(inputs, count, { room, taken: steps, waiting }) : [];
  for (const step of bySize) steps.set(step.partition, step);
  const heldBytes = survey.partitions
    .filter((partition) => !steps.has(partition) && partition.table.isEvidence && isHeld(partition, inputs.holds))
    .reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    steps: [...steps.values()],
    bytesBefore: room.bytesBefore,
    bytesAfter: room.bytes,
    limit,
    isTooLarge: room.isOver,
    heldBytes,
    waiting,
  };
}

/** Partitions older than their retention; of those that flows are in which ended later, the rows. */
async function tooOld({ survey, policy, holds, nowMs, rolledUpMs }: PlanInputs, count: CountRows): Promise<Step[]> {
  const steps: Step[] = [];
  // After an import or an update; but not longer than the flows themselves, whatever keeps the rollups from being computed.
  const neededFromMs = Math.max(rolledUpMs, nowMs - policy.flows_days * DAY_MS);
  for (const partition of survey.partitions) {
    const { table } = partition;
    const cutoffMs = nowMs - policy[table.period] * DAY_MS;
    // A month may be partly old: of flows, its old rows go, too.
    const isOld = partition.toMs <= cutoffMs || (table.byEnd && table.unit === "month" && partition.fromMs < cutoffMs);
    const isNeeded = table.name === FLOW_DELTAS.name && partition.toMs > neededFromMs;
    if (!isOld || isNeeded || staysWhole(partition, holds)) continue;
    const where = table.byEnd ? unlessHeld(endedBefore(cutoffMs), holds) : null;
    const step = await stepOf(partition, "age", where, table.byEnd ? cutoffMs : partition.toMs, count);
    if (step !== null) steps.push(step);
  }
  return steps;
}

/** Rollups are made of it, and were not yet. */
export function isUnrolled({ table, toMs }: Partition, rolledUpMs: number): boolean {
  return table.isEvidence && table.unit === "day" && toMs > rolledUpMs;
}

interface BySize {
  readonly room: Room;
  readonly taken: ReadonlyMap<Partition, Step>;
  /** Filled. */
  readonly waiting: Partition[];
}

/**
 * While there is more than the limit: the oldest day, of all tables of details; then, when no day before today has any, the rollups, oldest first.
 * Never today's, nor what a hold touches. Of a day of flows those stay that lived on for more than a day: they are few, and ended later.
 */
async function tooMuch(inputs: PlanInputs, count: CountRows, { room, taken, waiting }: BySize): Promise<Step[]> {
  const { survey, holds, nowMs, rolledUpMs, isDiskFull } = inputs;
  const todayMs = dayOf(nowMs);
  const candidates = survey.partitions.filter(
    (partition) => partition.toMs <= todayMs && taken.get(partition)?.how !== "whole" && !staysWhole(partition, holds),
  );
  const steps: Step[] = [];
  let flowsFromMs = Number.NEGATIVE_INFINITY;
  const drop = async (partition: Partition) => {
    if (!room.isOver) return;
    const { table } = partition;
    if (!isDiskFull && isUnrolled(partition, rolledUpMs)) {
      waiting.push(partition);
      return;
    }
    const where = table.byEnd ? unlessHeld(endedByTheNextDay(partition.toMs, todayMs), holds) : null;
    const step = await stepOf(partition, "size", where, partition.toMs, count);
    if (step === null) return;
    const before = taken.get(partition);
    if (before !== undefined) room.giveBack(before);
    room.take(step);
    steps.push(step);
    if (table.byEnd) flowsFromMs = Math.max(flowsFromMs, partition.toMs);
  };
  const isDetail = ({ table }: Partition) => table.worth === "detail" && table.unit === "day";
  for (const partition of candidates.filter(isDetail)) await drop(partition);
  // As long as there are details, they go first.
  if (waiting.length === 0)
    for (const partition of candidates.filter(({ table }) => table.worth === "summary")) await drop(partition);
  if (!Number.isFinite(flowsFromMs)) return steps;
  // Copies of what has just gone.
  for (const partition of survey.partitions) {
    const { table } = partition;
    const isCopy = table.byEnd && table.unit === "month" && partition.fromMs < flowsFromMs;
    if (!isCopy) continue;
    const where = unlessHeld(endedByTheNextDay(flowsFromMs, todayMs), holds);
    const step = await stepOf(partition, "size", where, flowsFromMs, count);
    if (step === null) continue;
    const before = taken.get(partition);
    if (before !== undefined) room.giveBack(before);
    room.take(step);
    steps.push(step);
  }
  return steps;
}

/** A day that a hold touches. Of a month, only its rows. */
function staysWhole(partition: Partition, holds: readonly Hold[]): boolean {
  return partition.table.isEvidence && partition.table.unit === "day" && isHeld(partition, holds);
}

/** Null: nothing of it goes. */
async function stepOf(
  partition: Partition,
  why: Step["why"],
  where: Condition | null,
  untilMs: number,
  count: CountRows,
): Promise<Step | null> {
  const { rows, bytes } = partition;
  if (where === null) return { partition, why, how: "whole", where, provided: null, untilMs, rows, bytes };
  const { gone, kept } = await count(partition, where);
  if (kept === 0) return { partition, why, how: "whole", where: null, provided: where, untilMs, rows, bytes };
  if (gone === 0) return null;
  return {
    partition,
    why,
    how: "rows",
    where,
    provided: null,
    untilMs,
    rows: gone,
    bytes: Math.round((bytes * gone) / (gone + kept)),
  };
}

function endedBefore(ms: number): Condition {
  return {
    sql: `${ACTIVE_UNTIL} < fromUnixTimestamp64Milli({ended_before:Int64}, 'UTC')`,
    bindings: { ended_before: ms },
  };
}

/** Began before, and was not active any more a day after the day on which it began; never what ended today. */
function endedByTheNextDay(startedBeforeMs: number, todayMs: number): Condition {
  return {
    sql:
      "start < fromUnixTimestamp64Milli({started_before:Int64}, 'UTC') AND " +
      `${ACTIVE_UNTIL} < least(toStartOfDay(start, 'UTC') + INTERVAL 2 DAY, fromUnixTimestamp64Milli({today:Int64}, 'UTC'))`,
    bindings: { started_before: startedBeforeMs, today: todayMs },
  };
}

function unlessHeld(condition: Condition, holds: readonly Hold[]): Condition {
  const held = heldRows(holds);
  return {
    sql: `(${condition.sql}) AND NOT (${held.sql})`,
    bindings: { ...condition.bindings, ...held.bindings },
  };
}

/** How much there will be on each node, after what was decided so far. */
class Room {
  readonly bytesBefore: number;
  readonly #limit: Limit;
  readonly #nodes: number[];

  constructor({ nodes }: Survey, limit: Limit) {
    this.#limit = limit;
    this.#nodes = nodes.map(({ bytes }) => bytes);
    this.bytesBefore = this.bytes;
  }

  get bytes(): number {
    return this.#nodes.reduce((sum, bytes) => sum + bytes, 0);
  }

  get isOver(): boolean {
    const { bytes, byNode } = this.#limit;
    if (bytes === null) return false;
    return this.bytes > bytes || this.#nodes.some((used, node) => used > (byNode[node] ?? Number.POSITIVE_INFINITY));
  }

  take(step: Step): void {
    this.#change(step, -1);
  }

  giveBack(step: Step): void {
    this.#change(step, 1);
  }

  /** Each node's part of it, as its part of the partition is. */
  #change({ partition, bytes }: Step, sign: 1 | -1): void {
    for (const part of partition.parts) {
      const share = partition.bytes === 0 ? 0 : part.bytes / partition.bytes;
      this.#nodes[part.node] = (this.#nodes[part.node] ?? 0) + sign * bytes * share;
    }
  }
}
