/** Checks rows against the column table and common sense, and fills in what follows from the rest. */
import { COLUMN_LIST, type ColumnName, type FlowBatch, MAX_TEXT, rowToJson, SENDER_COLUMNS, TextColumn } from "@flowtrail/model";
import { contentOf, type ReadRows, type RejectCode, type RejectedRow } from "./rows.ts";

export interface RowRules {
  /** The node that the sender speaks for, and what it may be called; null: any (nobody was asked for credentials). */
  readonly reporter: { readonly id: string; readonly names: readonly string[] } | null;
  /** Which networks the sender may report; null: all. */
  readonly networks: readonly string[] | null;
  /** Reporter of rows that name none. */
  readonly defaultReporter: string | null;
  readonly nowMs: number;
  /** Rows that ended before it would be deleted at once. */
  readonly oldestMs: number;
}

interface Problem {
  readonly code: RejectCode;
  readonly message: string;
}

/** Clocks are off, but not by more than this: a row from further ahead would sit on top of every list for ever. */
const MAX_AHEAD_MS = 24 * 3_600_000;
/** A kernel's stamp and the wall clock of the same moment may differ by so much; more than it is a mistake. */
const CLOCK_JITTER_MS = 5000;
/** Network of the server's own sample traffic. Nobody else may write into it, so that it is never mixed with real data. */
export const SAMPLE_NETWORK = "sample";
const HIGH_BIT = 0x8000_0000;

type CounterName = "src_bytes";
const REQUIRED: readonly ColumnName[] = SENDER_COLUMNS.filter((column) => column.required).map((column) => column.name);
/** All of the form of one of them. */
const COUNTERS = SENDER_COLUMNS.filter((column) => column.type === "u64" && column.name !== "flow_id").map(
  (column) => column.name as CounterName,
);
const TEXTS: readonly ColumnName[] = SENDER_COLUMNS.filter((column) => column.type === "text").map((column) => column.name);

/** Splits what was read into rows to store and rows that are refused. */
export function checkRows(read: ReadRows, rules: RowRules): { batch: FlowBatch; rejected: RejectedRow[] } {
  const { batch } = read;
  forgetServerColumns(batch);
  const rejected = [...read.rejected];
  const bad = new Set<number>();
  for (let row = 0; row < batch.length; row++) fillIn(batch, row, rules);
  const suspects = suspectsOf(batch, rules);
  for (let row = 0; row < batch.length; row++) {
    const problem = problemOf(batch, row, rules, suspects);
    if (problem === null) continue;
    bad.add(row);
    rejected.push({ row: read.places(row), ...problem, content: contentOf(rowToJson(batch, row)) });
  }
  rejected.sort((a, b) => a.row - b.row);
  return { batch: bad.size === 0 ? batch : batch.filter((row) => !bad.has(row)), rejected };
}

/** What the server knows better is not taken from a sender. */
function forgetServerColumns(batch: FlowBatch): void {
  for (const column of COLUMN_LIST) if (column.by === "server") batch.column(column.name).valid.fill(0);
}

function fillIn(batch: FlowBatch, row: number, rules: RowRules): void {
  const { reporter, counters_final, estimated, start_exact, state, start, end, last_seen } = batch.columns;
  const name = rules.defaultReporter;
  if (!reporter.has(row) && name !== null) reporter.set(row, name);
  const closed = state.get(row) === "closed";
  if (!counters_final.has(row)) counters_final.set(row, closed);
  if (!estimated.has(row)) estimated.set(row, false);
  if (!start_exact.has(row)) start_exact.set(row, true);
  // A sender that knows that it ended, but not when.
  if (closed && !end.has(row) && last_seen.has(row)) end.copy(last_seen, row, row);
  const startMs = start.get(row);
  if (startMs === null) return;
  for (const column of [last_seen, end]) {
    const earlyMs = startMs - (column.get(row) ?? startMs);
    if (earlyMs > 0 && earlyMs <= CLOCK_JITTER_MS) column.set(row, startMs);
  }
  // Nothing ends after it was last seen: the store's index relies on it.
  const endMs = end.get(row);
  if (endMs !== null && endMs > (last_seen.get(row) ?? endMs)) last_seen.set(row, endMs);
}

/** What some row may have wrong, by a look at each column as a whole: mostly nothing, and then no row is looked at. */
interface Suspects {
  readonly incomplete: readonly ColumnName[];
  readonly reporter: boolean;
  readonly large: readonly CounterName[];
  readonly long: readonly ColumnName[];
}

function suspectsOf(batch: FlowBatch, { reporter: allowed, networks }: RowRules): Suspects {
  const { network, reporter } = batch.columns;
  const incomplete = REQUIRED.filter((name) => !batch.column(name).isFull(batch.length));
  const isForeign = allowed !== null && reporter.strings.some((name) => !allowed.names.includes(name));
  return {
    incomplete,
    // The dictionary may hold words that no row has.
    reporter: isForeign || networks !== null || incomplete.includes("reporter") || network.strings.includes(SAMPLE_NETWORK),
    large: COUNTERS.filter((name) => isLarge(batch, name)),
    long: TEXTS.filter((name) => {
      const column = batch.column(name);
      return column instanceof TextColumn && column.strings.some(({ length }) => length > MAX_TEXT);
    }),
  };
}

function isLarge({ columns, length }: FlowBatch, name: CounterName): boolean {
  if (columns[name].empty) return false;
  const { words } = columns[name];
  for (let at = 1; at < length * 2; at += 2) if ((words[at] ?? 0) >= HIGH_BIT) return true;
  return false;
}

function problemOf(batch: FlowBatch, row: number, rules: RowRules, suspects: Suspects): Problem | null {
  return (
    missing(batch, row, suspects) ??
    (suspects.reporter ? wrongReporter(batch, row, rules) : null) ??
    wrongTime(batch, row, rules) ??
    outOfRange(batch, row, suspects)
  );
}

function missing(batch: FlowBatch, row: number, { incomplete }: Suspects): Problem | null {
  if (incomplete.length === 0) return null;
  const absent = incomplete.filter((name) => !batch.column(name).has(row));
  return absent.length === 0 ? null : { code: "MISSING", message: `missing, or not a value of its column: ${absent.join(", ")}` };
}

function wrongReporter(batch: FlowBatch, row: number, { reporter: allowed, networks }: RowRules): Problem | null {
  const { network, reporter } = batch.columns;
  const own = network.get(row) ?? "";
  if (networks !== null && !networks.includes(own))
    return { code: "NETWORK_NOT_ALLOWED", message: `the token is for the networks ${networks.join(", ").slice(0, 100)}` };
  if (own === SAMPLE_NETWORK) {
    return { code: "RESERVED_NETWORK", message: `network ${SAMPLE_NETWORK} is the server's own sample traffic` };
  }
  const name = reporter.get(row) ?? "";
  if (allowed === null || allowed.names.includes(name)) return null;
  return { code: "REPORTER_MISMATCH", message: `the token is that of node ${allowed.id}, the row is of ${name.slice(0, 100)}` };
}

function wrongTime(batch: FlowBatch, row: number, { nowMs, oldestMs }: RowRules): Problem | null {
  const { start, end, last_seen, since, state } = batch.columns;
  const startMs = start.get(row) ?? 0;
  const lastMs = last_seen.get(row) ?? 0;
  const endMs = end.get(row);
  const latestMs = Math.max(startMs, lastMs, endMs ?? 0, since.get(row) ?? 0);
  if (latestMs > nowMs + MAX_AHEAD_MS) return { code: "IN_FUTURE", message: "more than a day ahead of the server's clock" };
  if (lastMs < startMs) return { code: "BAD_TIME", message: "last_seen is before start" };
  if (endMs !== null && endMs < startMs) return { code: "BAD_TIME", message: "end is before start" };
  if (endMs !== null && state.get(row) === "open") return { code: "BAD_TIME", message: "an open flow has no end" };
  if ((endMs ?? lastMs) < oldestMs)
    return { code: "TOO_OLD", message: "older than what is kept (retention.days, or retention.max_size)" };
  return null;
}

function outOfRange(batch: FlowBatch, row: number, { large, long }: Suspects): Problem | null {
  for (const name of large) {
    const column = batch.columns[name];
    if (column.has(row) && (column.words[row * 2 + 1] ?? 0) >= HIGH_BIT) {
      return { code: "OUT_OF_RANGE", message: `${name} is above 2^63` };
    }
  }
  for (const name of long) {
    const column = batch.column(name);
    if (column instanceof TextColumn && (column.get(row)?.length ?? 0) > MAX_TEXT) {
      return { code: "OUT_OF_RANGE", message: `${name} is longer than ${MAX_TEXT} characters` };
    }
  }
  return null;
}
