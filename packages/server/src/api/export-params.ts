/** The parameters of an export → what it needs. */
import { readColumns } from "../export/columns.ts";
import type { Format } from "../export/formats.ts";
import type { ExportQuery } from "../export/part-sql.ts";
import { readCursor } from "../query/cursor.ts";
import { QueryError } from "../query/errors.ts";
import type { Asker } from "./ask.ts";
import { filterOf, questionRangeOf } from "./flow-params.ts";

interface Parameters {
  readonly format: Format;
  readonly from: string;
  readonly to: string;
  readonly columns?: string | undefined;
  readonly cursor?: string | undefined;
  readonly [filter: string]: string | readonly string[] | undefined;
}

/** @throws QueryError, FilterError */
export function exportQueryOf(
  asker: Asker,
  { format, from, to, columns, cursor, ...filters }: Parameters,
  nowMs: number,
): ExportQuery {
  const query = { format, columns: readColumns(columns), filter: filterOf(asker, filters) };
  if (cursor === undefined) return { ...query, range: questionRangeOf(from, to, nowMs), after: null };
  const { range, sort, order, place } = readCursor(cursor);
  if (sort !== "time" || order !== "desc" || place.toward !== "next") {
    const message = "expected one of an export, or `next` of a list of the newest flows: another order can't be exported";
    throw new QueryError([{ parameter: "cursor", message }]);
  }
  return { ...query, range, after: place.key };
}

/** Such as flowtrail-20261122T110000Z-20261122T120000Z.csv */
export function exportFileName({ range, format }: Pick<ExportQuery, "range" | "format">): string {
  const time = (ms: number) => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, "");
  return `flowtrail-${time(range.fromMs)}-${time(range.toMs)}.${format}`;
}
