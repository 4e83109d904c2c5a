/**
 * The seeded rows as a few statements per part, which ClickHouse makes out of nothing but numbers. All is whole numbers, or the same
 * doubles each time: the same seed makes the same rows.
 */
import { DELTA_COLUMNS, FLOW_COLUMNS } from "../store/schema/flow-tables.ts";
import { columnLayers } from "./columns.ts";
import { connectionLayers, type SeedQuestion } from "./connection.ts";
import { time } from "./expressions.ts";
import { PIECE_MS, pieceEnd, revision, shareOfPieces } from "./lives.ts";

interface Reports {
  readonly sql: string;
  readonly columns: ReadonlySet<string>;
}

/** The part's reports with all columns, and what makes their deltas. */
function reports(question: SeedQuestion): Reports {
  const { firstReport, reports: count } = question.part;
  const layers = [...connectionLayers(question), ...columnLayers(question.untilMs)];
  const sql = layers.reduce(
    (inside, layer) => `SELECT *, ${layer.map(([name, value]) => `${value} AS ${name}`).join(", ")} FROM (${inside})`,
    `SELECT number + ${firstReport} AS report FROM numbers_mt(${count})`,
  );
  return { sql, columns: new Set(layers.flat().map(([name]) => name)) };
}

/** INSERT of the part's ended flows, or of those that are open at the end of the window. Columns that nothing is known of are empty. */
export function insertFlows(table: string, which: "ended" | "open", question: SeedQuestion): string {
  const { sql, columns } = reports(question);
  const names = FLOW_COLUMNS.map(({ name }) => name).filter((name) => columns.has(name));
  const state = which === "open" ? "NOT is_ended" : "is_ended";
  return `INSERT INTO ${table} (${names.join(", ")}) SELECT ${names.join(", ")} FROM (${sql}) WHERE ${state}`;
}

const step = (all: string) => `toUInt64(floor(${all} * upto)) - toUInt64(floor(${all} * before))`;
const OF_PIECE: Readonly<Record<string, string>> = {
  last_seen: time("to_ms"),
  revision: revision("k + 1"),
  since: time(`greatest(from_ms, to_ms - ${PIECE_MS})`),
  src_bytes_delta: step("src_all"),
  dst_bytes_delta: step("dst_all"),
  src_packets_delta: step("src_pk"),
  dst_packets_delta: step("dst_pk"),
};

/** INSERT of what the part's flows moved, piece by piece, up to the end of the window. */
export function insertDeltas(table: string, question: SeedQuestion): string {
  const { sql, columns } = reports(question);
  const names = DELTA_COLUMNS.map(({ name }) => name).filter((name) => columns.has(name) || OF_PIECE[name] !== undefined);
  // Under names of their own: an alias that is also a column would be taken for it.
  const values = names.map((name) => (OF_PIECE[name] === undefined ? name : `${OF_PIECE[name]} AS new_${name}`));
  const pieces = `SELECT *, arrayJoin(range(toUInt64(told))) AS k FROM (${sql})`;
  const timed = `SELECT *, ${pieceEnd("k + 1")} AS to_ms, ${pieceEnd("k")} AS from_ms, ${shareOfPieces("k + 1")} AS upto, ${shareOfPieces("k")} AS before FROM (${pieces})`;
  return `INSERT INTO ${table} (${names.join(", ")}) SELECT ${values.join(", ")} FROM (${timed})`;
}
