/** The rows of a download that broke off: where the last complete one ends, and what the server is told to go on behind it. */
import { createReadStream } from "node:fs";
import { open, truncate } from "node:fs/promises";
import { writeCursor } from "@flowtrail/server";
import { CliError } from "../errors.ts";

export type TextFormat = "csv" | "ndjson";

interface Rows {
  /** Of the last complete one. */
  readonly begin: number;
  readonly end: number;
  /** End of the first line. */
  readonly headEnd: number;
  readonly count: number;
}

/** What the last row tells about its place. */
type Row = Readonly<Record<string, string | undefined>>;

/**
 * Cuts an incomplete last row off.
 * @returns the cursor behind the last row, and how many rows there are; null: there is no row at all
 * @throws CliError USAGE if the rows do not tell where they stand
 */
export async function resumePoint(
  path: string,
  format: TextFormat,
  range: { fromMs: number; toMs: number },
): Promise<{ cursor: string; rows: number } | null> {
  const found = await scan(path, format);
  const rows = found.count - (format === "csv" ? 1 : 0);
  if (rows < 1) return null;
  const head = await read(path, 0, found.headEnd);
  const text = await read(path, found.begin, found.end);
  const row = format === "csv" ? csvRow(head, text) : (JSON.parse(text) as Row);
  const cursor = row.cursor ?? cursorOf(row, range);
  if (cursor === null) {
    const needed = "cursor, or start, flow_id and reporter_id";
    throw new CliError({ code: "USAGE" }, `${path} can't be gone on with: its rows do not have ${needed} (--columns)`);
  }
  await truncate(path, found.end);
  return { cursor, rows };
}

function cursorOf({ start, flow_id, reporter_id }: Row, range: { fromMs: number; toMs: number }): string | null {
  if (start === undefined || flow_id === undefined || reporter_id === undefined) return null;
  const key = { startMs: Date.parse(start), flowId: flow_id, reporterId: reporter_id };
  return writeCursor({ range, sort: "time", order: "desc", place: { key, toward: "next", rank: null, looksFromMs: null } });
}

/** A line break within quotes belongs to a value. In NDJSON no value holds one. */
async function scan(path: string, format: TextFormat): Promise<Rows> {
  const quote = format === "csv" ? 0x22 : -1;
  let isQuoted = false;
  let at = 0;
  const rows = { begin: 0, end: 0, headEnd: 0, count: 0 };
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    for (let i = 0; i < chunk.length; i++) {
      if (chunk[i] === quote) isQuoted = !isQuoted;
      else if (chunk[i] === 0x0a && !isQuoted) {
        rows.begin = rows.end;
        rows.end = at + i + 1;
        if (rows.count === 0) rows.headEnd = rows.end;
        rows.count++;
      }
    }
    at += chunk.length;
  }
  return rows;
}

async function read(path: string, from: number, to: number): Promise<string> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
    return buffer.toString().trimEnd();
  } finally {
    await file.close();
  }
}

function csvRow(head: string, text: string): Row {
  // Each value has its own comma: an empty first one is a match of no length otherwise, behind which the next one is looked for too late.
  const values = [...`,${text}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain,
  );
  return Object.fromEntries(head.split(",").map((name, i) => [name, values[i]]));
}
