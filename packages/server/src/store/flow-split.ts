/** Which row of a batch goes into which table. */
import { type ColumnName, FlowBatch, FlowtrailError, STORED_COLUMNS } from "@flowtrail/model";
import { LONGEST_DELTA_MS, pieceCount } from "./delta-pieces.ts";
import { DELTA_COLUMNS, DELTA_COUNTERS, FLOW_COLUMNS, LAST_REVISION, SPREAD_REVISION } from "./schema/flow-tables.ts";

export type BatchErrorData =
  | { code: "BATCH_INCOMPLETE"; row: number; column: ColumnName }
  | { code: "BATCH_TOO_MANY_DAYS"; days: number; limit: number }
  | { code: "BATCH_TOO_MANY_PIECES"; pieces: number; limit: number };
/** A batch that can't be stored as it is. Trying again does not help. */
export class BatchError extends FlowtrailError<BatchErrorData> {}

/** Different days on which ended flows of one insert may have begun: each is a part of its own on disk. Honest agents have a few. */
export const MAX_DAYS = 500;
/**
 * Pieces that the long deltas of one batch may make: what an agent sends at once (8,000 rows) fits, however long it was asleep. A batch
 * with more is refused, and not stored in fewer pieces: what comes again in another batch must make the same ones, or it counts twice.
 */
export const MAX_PIECES = 500_000;

/** What may be left empty in a column without null: it is false, 0 or "" then. */
const defaulted = new Set<ColumnName>(["rank", "reporter_type"]);
const needed = STORED_COLUMNS.filter(({ name, type, optional }) => !optional && type !== "bool" && !defaulted.has(name));

/**
 * Checks that every column that must have a value has one, that the batch is not spread over too many days, and does not make too many
 * pieces of long deltas.
 * @returns how many more rows its deltas become than they are, at most, since long ones are taken apart
 * @throws BatchError
 */
export function assertStorable(batch: FlowBatch): number {
  for (const { name } of needed) {
    const column = batch.column(name);
    if (column.isFull(batch.length)) continue;
    const row = Array.from({ length: batch.length }, (_, at) => at).find((at) => !column.has(at)) ?? 0;
    throw new BatchError({ code: "BATCH_INCOMPLETE", row, column: name }, `row ${row} of a batch has no ${name}`);
  }
  const { start, state } = batch.columns;
  const days = new Set<number>();
  let last = -1;
  for (let row = 0; row < batch.length; row++) {
    const day = Math.floor((start.get(row) ?? 0) / 86_400_000);
    if (day === last || state.get(row) === "open") continue;
    last = day;
    days.add(day);
  }
  if (days.size > MAX_DAYS) {
    throw new BatchError(
      { code: "BATCH_TOO_MANY_DAYS", days: days.size, limit: MAX_DAYS },
      `the flows of a batch began on ${days.size} different days, ${MAX_DAYS} are taken at most`,
    );
  }
  const pieces = extraPieces(batch);
  if (pieces > MAX_PIECES) {
    throw new BatchError(
      { code: "BATCH_TOO_MANY_PIECES", pieces, limit: MAX_PIECES },
      `what long flows of a batch moved would be spread over ${pieces} rows, ${MAX_PIECES} are taken at most: send fewer rows at once`,
    );
  }
  return pieces;
}

function extraPieces(batch: FlowBatch): number {
  const { start, since, end, last_seen } = batch.columns;
  const { hasDelta, isMeasured } = deltaRows(batch);
  let pieces = 0;
  for (let row = 0; row < batch.length; row++) {
    const startMs = start.get(row) ?? 0;
    const lastMs = last_seen.get(row) ?? 0;
    const [firstMs, endMs] = [Math.min(startMs, since.get(row) ?? startMs), end.get(row) ?? lastMs];
    if (Math.max(lastMs, endMs) - firstMs <= LONGEST_DELTA_MS || !hasDelta(row)) continue;
    pieces += (isMeasured(row) ? pieceCount(since.get(row) ?? startMs, lastMs) : pieceCount(startMs, endMs)) - 1;
  }
  return pieces;
}

/** For `flows`. */
export function endedOf(batch: FlowBatch): FlowBatch {
  const { state } = batch.columns;
  return batch.filter((row) => state.get(row) !== "open", FLOW_COLUMNS);
}

/** For `flows_open`: open flows, and ended ones that become tombstones there. */
export function openOf(batch: FlowBatch): FlowBatch {
  const { state, revision } = batch.columns;
  // A flow that had ended when it was first told of was never stored as open: nothing to bury.
  return batch.filter((row) => state.get(row) === "open" || revision.get(row) !== 0, FLOW_COLUMNS);
}

const totals = {
  src_bytes_delta: "src_bytes",
  dst_bytes_delta: "dst_bytes",
  src_packets_delta: "src_packets",
  dst_packets_delta: "dst_packets",
} as const;

/** What deltas are made of. */
const DELTA_SOURCES = [
  ...DELTA_COLUMNS,
  ...(["state", "end"] as const).map((name) => ({ name })),
  ...Object.values(totals).map((name) => ({ name })),
];

/**
 * For `flow_deltas`, long ones not yet taken apart (see `inPieces`): one row per revision that moved bytes. An ended flow whose sender gives totals only is one
 * delta over its whole life, marked as estimated; under a revision of its own, so that a later report of the same end replaces it.
 * What is missing to an ended flow's totals is added by `Settle`, which looks at what is stored.
 */
export function deltasOf(batch: FlowBatch): FlowBatch {
  const deltas = batch.filter(deltaRows(batch).hasDelta, DELTA_SOURCES);
  const { isMeasured } = deltaRows(deltas);
  for (let row = 0; row < deltas.length; row++) spread(deltas, row, isMeasured(row));
  return deltas;
}

interface DeltaRows {
  /** Does the row say what was moved? */
  readonly hasDelta: (row: number) => boolean;
  /** Does it say what this revision added? */
  readonly isMeasured: (row: number) => boolean;
}

function deltaRows({ columns }: FlowBatch): DeltaRows {
  const [a, b, c, d] = [columns.src_bytes_delta, columns.dst_bytes_delta, columns.src_packets_delta, columns.dst_packets_delta];
  const isMeasured = (row: number) => a.has(row) || b.has(row) || c.has(row) || d.has(row);
  const moved = (row: number) => Boolean(a.get(row) || b.get(row) || c.get(row) || d.get(row));
  const total = (row: number) => DELTA_COUNTERS.some((name) => columns[totals[name]].get(row));
  const isOver = (row: number) => columns.state.get(row) !== "open";
  // What an only report added is all there is.
  const isOnly = (row: number) => columns.revision.get(row) === 0 && isOver(row);
  const hasDelta = (row: number) => (isMeasured(row) && !isOnly(row) ? moved(row) : isOver(row) && (moved(row) || total(row)));
  return { hasDelta, isMeasured };
}

function spread({ columns }: FlowBatch, row: number, isMeasured: boolean): void {
  const { since, start, end, last_seen, revision, estimated, state } = columns;
  if (isMeasured) {
    if (!since.has(row)) since.copy(start, row, row);
    if ((revision.get(row) ?? 0) > LAST_REVISION) revision.set(row, LAST_REVISION);
    if (revision.get(row) === 0 && state.get(row) !== "open") takeTotals(columns, row);
    return;
  }
  takeTotals(columns, row);
  since.copy(start, row, row);
  if (end.has(row)) last_seen.copy(end, row, row);
  revision.set(row, SPREAD_REVISION);
  estimated.set(row, true);
}

function takeTotals(columns: FlowBatch["columns"], row: number): void {
  for (const name of DELTA_COUNTERS) if (columns[totals[name]].has(row)) columns[name].copy(columns[totals[name]], row, row);
}

/** Several batches as one. */
export function mergeBatches(batches: readonly FlowBatch[]): FlowBatch {
  const [only] = batches;
  if (only !== undefined && batches.length === 1) return only;
  const merged = new FlowBatch(batches.reduce((rows, batch) => rows + batch.length, 0));
  for (const batch of batches) merged.addAll(batch);
  return merged;
}
