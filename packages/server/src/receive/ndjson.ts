/** NDJSON, for people's own senders: one JSON object a line, with the names of the column table. */
import { addJsonRow, FlowBatch } from "@flowtrail/model";
import { ReceiveError } from "./errors.ts";
import { MAX_CONTENT, type ReadRows, type RejectCode, type RejectedRow } from "./rows.ts";

const NEWLINE = 10;

/**
 * Reads all lines. A broken one is refused alone; empty ones don't count.
 * @throws ReceiveError TOO_LARGE
 */
export function readNdjson(bytes: Uint8Array, limits: { maxRows: number }): ReadRows {
  const text = new TextDecoder();
  const batch = new FlowBatch(64);
  const places: number[] = [];
  const rejected: RejectedRow[] = [];
  let place = 0;
  for (const line of lines(bytes)) {
    const content = text.decode(line).trim();
    if (content === "") continue;
    if (place === limits.maxRows) {
      throw new ReceiveError({ code: "TOO_LARGE", what: "rows", limit: limits.maxRows }, `more than ${limits.maxRows} rows`);
    }
    const problem = addLine(batch, content);
    if (problem === null) places.push(place);
    else rejected.push({ row: place, ...problem, content: content.slice(0, MAX_CONTENT) });
    place++;
  }
  return { batch, places: (row) => places[row] ?? row, rejected };
}

function* lines(bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, from);
    const to = newline < 0 ? bytes.length : newline;
    yield bytes.subarray(from, to);
    from = to + 1;
  }
}

function addLine(batch: FlowBatch, line: string): { code: RejectCode; message: string } | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return { code: "NOT_JSON", message: `the line is no JSON: ${(error as Error).message}` };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { code: "NOT_JSON", message: "the line is no JSON object" };
  }
  const problem = addJsonRow(batch, value as Record<string, unknown>);
  return problem && { code: "BAD_VALUE", message: `${problem.column}: ${problem.message}` };
}
