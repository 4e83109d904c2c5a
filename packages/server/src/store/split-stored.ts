/** Deltas that an older program stored in one, however long they are, are taken apart as they would be today. */
import type { ClickHouse } from "./clickhouse.ts";
import { evenPieces, LONGEST_DELTA_MS, type Piece } from "./delta-pieces.ts";
import { moment, nextVersion } from "./delta-sql.ts";
import { DELTA_COLUMNS, DELTA_COUNTERS, EDITIONS, FLOW_DELTAS, SPREAD_REVISION } from "./schema/flow-tables.ts";

const PAGE = 2_000;
const WRITTEN_AT_ONCE = 20_000;
const NAMES = DELTA_COLUMNS.map(({ name }) => name);
const KEY = FLOW_DELTAS.orderBy.join(", ");
const FORMAT = { date_time_input_format: "best_effort", max_partitions_per_insert_block: "1000" } as const;

/** As ClickHouse answers: 64-bit integers are strings. */
type Row = Readonly<Record<string, unknown>> & { readonly next: string; readonly since_ms: string; readonly last_ms: string };

/**
 * Takes apart those that end between `fromMs` and `toMs`. Doing it again changes nothing.
 * @throws StoreError
 */
export async function splitStored(node: ClickHouse, deltas: string, fromMs: number, toMs: number): Promise<void> {
  const sql = `SELECT ${NAMES.join(", ")}, toString(${nextVersion("")}) AS next,
      toUnixTimestamp64Milli(since) AS since_ms, toUnixTimestamp64Milli(last_seen) AS last_ms
    FROM ${deltas} FINAL WHERE last_seen >= ${moment("from")} AND last_seen <= ${moment("to")}
      AND dateDiff('millisecond', since, last_seen) > ${LONGEST_DELTA_MS}
    ORDER BY ${KEY} LIMIT ${PAGE}`;
  for (let found: Row[] = []; ; ) {
    found = await node.rows<Row>(sql, { from: fromMs, to: toMs }, { settings: { max_threads: 1 } });
    if (found.length === 0) return;
    const parts = found.map(apart);
    // What replaces a delta is there before it goes.
    await insert(
      node,
      deltas,
      parts.flatMap(({ pieces }) => pieces),
    );
    await insert(
      node,
      deltas,
      parts.map(({ rest }) => rest),
    );
  }
}

/** Pieces of a delta, and what stays in its own place. */
function apart(row: Row): { pieces: object[]; rest: object } {
  const counters = DELTA_COUNTERS.map((name) => Number(row[name]));
  // A sender's totals, which the older program stored under its first revision.
  const isSpread = row.revision === 0 && row.estimated === true;
  const revision = isSpread ? SPREAD_REVISION : row.revision;
  const pieces = evenPieces(Number(row.since_ms), Number(row.last_ms), counters);
  const stays = (piece: Piece) => !isSpread && piece.lastSeenMs === Number(row.last_ms);
  const nothing = { sinceMs: Number(row.last_ms), lastSeenMs: Number(row.last_ms), amounts: counters.map(() => 0) };
  return {
    pieces: pieces
      .filter((piece) => !stays(piece))
      .map((piece) => ({
        ...told(row, piece),
        revision,
        version: String(piece.amounts.reduce((sum, amount) => sum + BigInt(amount), 0n) * BigInt(EDITIONS)),
      })),
    rest: { ...told(row, pieces.find(stays) ?? nothing), version: row.next },
  };
}

function told(row: Row, { sinceMs, lastSeenMs, amounts }: Piece): object {
  return {
    ...Object.fromEntries(NAMES.map((name) => [name, row[name]])),
    ...Object.fromEntries(DELTA_COUNTERS.map((name, i) => [name, String(amounts[i] ?? 0)])),
    since: new Date(sinceMs).toISOString(),
    last_seen: new Date(lastSeenMs).toISOString(),
    estimated: true,
  };
}

async function insert(node: ClickHouse, deltas: string, rows: readonly object[]): Promise<void> {
  for (let at = 0; at < rows.length; at += WRITTEN_AT_ONCE) {
    const lines = rows.slice(at, at + WRITTEN_AT_ONCE).map((row) => JSON.stringify(row));
    await node.insert(deltas, [...NAMES, "version"], "JSONEachRow", lines.join("\n"), FORMAT);
  }
}
