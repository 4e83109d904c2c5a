/** `GET /api/flows/export`: all flows of a question, part by part, newest start first. At no time more than one part is in memory. */
import { before, type Segment } from "../query/flow-list-segments.ts";
import type { Heard } from "../query/flow-set.ts";
import type { Exporting } from "../query/inquiry-desk.ts";
import { FLOWS, FLOWS_LONG } from "../store/schema/flow-tables.ts";
import { nameOf } from "./columns.ts";
import { SPECS } from "./formats.ts";
import { ParquetJoin } from "./parquet-join.ts";
import { cutSql, type ExportQuery, partSql } from "./part-sql.ts";

/** Rows that were told so far. */
export interface ExportProgress {
  rows: number;
  /** All of them were told. */
  complete: boolean;
}

const HOUR_MS = 3_600_000;
const WIDER = 4;

/**
 * The bytes of an export. They are those of a complete file only if the end is reached without an error.
 * @throws QuestionError, StoreError
 */
export async function* exportFlows(
  query: ExportQuery,
  { store, heard, progress }: { store: Exporting; heard: Heard; progress: ExportProgress },
): AsyncGenerator<Buffer> {
  const { settings, all } = SPECS[query.format];
  let told = 0;
  const join = query.format === "parquet" ? new ParquetJoin() : null;
  // Whoever goes on with a file has its first line. It is told with the first part: what goes wrong before can be told as such.
  let head = query.format === "csv" && query.after === null ? `${(query.columns ?? all).map(nameOf).join(",")}\r\n` : "";
  for await (const segment of parts(query, store, heard)) {
    const part = partSql(query, segment, heard);
    const { body, rows } = await store.bytes({ table: segment.table, sql: part.text, bindings: part.bindings, settings });
    // The first file of Parquet tells the columns, whether there are rows or not.
    if (join !== null && (rows > 0 || told === 0)) yield join.add(body);
    else if (rows > 0) {
      yield head === "" ? body : Buffer.concat([Buffer.from(head), body]);
      head = "";
    }
    told++;
    progress.rows += rows;
  }
  if (join !== null) yield join.end();
  if (head !== "") yield Buffer.from(head);
  progress.complete = true;
}

/** Stretches of `start`, newest first, of about as many rows as a part may have, or fewer. */
async function* parts(query: ExportQuery, store: Exporting, heard: Heard): AsyncGenerator<Segment> {
  const { range, after } = query;
  const endMs = Math.min(range.toMs, after === null ? range.toMs : after.startMs + 1);
  let widthMs = HOUR_MS;
  for (const { table, began } of [{ table: FLOWS.name, began: range }, ...before(range).reverse()]) {
    // Few lived so long.
    if (table === FLOWS_LONG.name) widthMs = Number.POSITIVE_INFINITY;
    for (let toMs = Math.min(endMs, began.toMs); toMs > began.fromMs; ) {
      const window = { table, began: { fromMs: Math.max(began.fromMs, toMs - widthMs), toMs } };
      const fromMs = await cutOf(query, window, store, heard);
      yield { table, began: { fromMs: fromMs ?? window.began.fromMs, toMs } };
      // Where there are few, wider at once; where there are many, about as wide as would have done.
      widthMs = fromMs === null ? widthMs * WIDER : Math.max(1, toMs - fromMs) * 2;
      toMs = fromMs ?? window.began.fromMs;
    }
  }
}

/** Where a part must begin so that it is not too large; null: the window is not. */
async function cutOf(query: ExportQuery, window: Segment, store: Exporting, heard: Heard): Promise<number | null> {
  const statements = cutSql(query, window, heard);
  const answers = await Promise.all(
    statements.map(({ text, bindings }) => store.answer<{ ms: string }>({ table: window.table, sql: text, bindings })),
  );
  const found = answers.flatMap(({ rows }) => rows.map(({ ms }) => Number(ms)));
  return found.length === 0 ? null : Math.max(...found);
}
