/** The statements of an export. A part is a stretch of `start`, small enough to be sorted and held in memory. */
import { COLUMNS, type TimeRange } from "@flowtrail/model";
import type { Segment } from "../query/flow-list-segments.ts";
import { endedActive, type Heard, mayPass, OPEN_STATE, openActive } from "../query/flow-set.ts";
import type { Narrowed } from "../query/narrowed.ts";
import { allOf, behind, type FlowKey, moment, type Sql } from "../query/sql.ts";
import { clickHouseType } from "../store/schema/column-types.ts";
import { FLOWS_OPEN } from "../store/schema/flow-tables.ts";
import { ALWAYS_EMPTY, CURSOR, type ExportColumn, nameOf } from "./columns.ts";
import { type Format, SPECS } from "./formats.ts";

export interface ExportQuery {
  /** A flow is in it if it was active in it. */
  readonly range: TimeRange;
  readonly filter: Narrowed;
  /** Rows up to this one were told already. */
  readonly after: FlowKey | null;
  /** Null: all that a row of a list has. */
  readonly columns: readonly ExportColumn[] | null;
  readonly format: Format;
}

const STATE_OF_OPEN = `CAST(${OPEN_STATE} AS ${clickHouseType({ ...COLUMNS.state, name: "state" })})`;
const KEY = "start, flow_id, reporter_id";

/** Conditions of a segment's rows; null: none of the table can pass (of one of them at least is asked: its columns are told anyway). */
function conditions(query: ExportQuery, segment: Segment, heard: Heard): { ended: Sql | null; open: Sql | null } {
  const { range, filter, after } = query;
  const rest = after === null ? [] : [behind(after, false)];
  const began: Sql = {
    text: `start >= ${moment("lo")} AND start < ${moment("hi")}`,
    bindings: { lo: segment.began.fromMs, hi: segment.began.toMs },
  };
  return {
    ended: mayPass(filter, "ended") || !mayPass(filter, "open") ? allOf(endedActive(segment, range, filter), ...rest) : null,
    open: mayPass(filter, "open") ? allOf(began, openActive(range, filter, heard), ...rest) : null,
  };
}

/** Where the part of a segment that has so many rows begins: two questions, each answers with `ms` or with nothing. */
export function cutSql(query: ExportQuery, segment: Segment, heard: Heard): Sql[] {
  const { ended, open } = conditions(query, segment, heard);
  const cut = (table: string, where: Sql | null): Sql[] =>
    where === null
      ? []
      : [
          {
            text: `SELECT toUnixTimestamp64Milli(start) AS ms FROM ${table} WHERE ${where.text} ORDER BY start DESC LIMIT 1 OFFSET {skip:UInt64}`,
            bindings: { ...where.bindings, skip: SPECS[query.format].partRows },
          },
        ];
  return [...cut(segment.table, ended), ...cut(`${FLOWS_OPEN.name} FINAL`, open)];
}

/** All rows of a segment, newest start first, each report once, in the format. */
export function partSql(query: ExportQuery, segment: Segment, heard: Heard): Sql {
  const { ended, open } = conditions(query, segment, heard);
  const columns = query.columns ?? SPECS[query.format].all;
  const sources: Sql[] = [];
  if (ended !== null) {
    // Which flows pass is asked of the columns of the filter alone; all columns are read of those only, in their newest revision.
    const passing = `(${KEY}) IN (SELECT ${KEY} FROM ${segment.table} WHERE ${ended.text})`;
    // A flow that was taken for lost and goes on.
    const revived = `state = 'lost' AND (${KEY}) IN (SELECT ${KEY} FROM ${FLOWS_OPEN.name} FINAL WHERE start >= ${moment("lo")} AND start < ${moment("hi")})`;
    sources.push({
      text: `SELECT ${raw(columns, null)}, 1 AS k_ended FROM ${segment.table} FINAL WHERE ${passing} AND ${ended.text} AND NOT (${revived})`,
      bindings: ended.bindings,
    });
  }
  if (open !== null)
    sources.push({
      text: `SELECT ${raw(columns, STATE_OF_OPEN)}, 0 AS k_ended FROM ${FLOWS_OPEN.name} FINAL WHERE ${open.text}`,
      bindings: { heard: heard.ids(), ...open.bindings },
    });
  const rows = sources.map(({ text }) => text).join(" UNION ALL ");
  const inOrder =
    `SELECT * FROM (${rows}) ORDER BY k_start DESC, k_id DESC, k_reporter DESC, k_version DESC, k_ended DESC ` +
    "LIMIT 1 BY k_start, k_id, k_reporter";
  return {
    text: `SELECT ${told(columns, query.format)} FROM (${inOrder}) FORMAT ${SPECS[query.format].clickhouse}`,
    bindings: {
      ...Object.assign({}, ...sources.map(({ bindings }) => bindings)),
      range_from: query.range.fromMs,
      range_to: query.range.toMs,
    },
  };
}

function raw(columns: readonly ExportColumn[], state: string | null): string {
  const stored = columns.filter((column) => column !== CURSOR && !ALWAYS_EMPTY.includes(column)).map(nameOf);
  const values = stored.map((name) => `${name === "state" && state !== null ? state : name} AS c_${name}`);
  return [...values, "start AS k_start", "flow_id AS k_id", "reporter_id AS k_reporter", "version AS k_version"].join(", ");
}

function told(columns: readonly ExportColumn[], format: Format): string {
  const value = (column: ExportColumn) => {
    if (column === CURSOR) return cursorSql;
    return ALWAYS_EMPTY.includes(column) ? "NULL" : SPECS[format].value(column, `c_${column.name}`);
  };
  return columns.map((column) => `${value(column)} AS ${nameOf(column)}`).join(", ");
}

/** As `writeCursor` writes it: newest first, onwards from this row. */
const cursorSql =
  "base64URLEncode(concat('[2,', toString({range_from:Int64}), ',', toString({range_to:Int64}), ',\"time\",\"desc\",\"next\",', " +
  "toString(toUnixTimestamp64Milli(k_start)), ',\"', toString(k_id), '\",', toJSONString(k_reporter), ',null,null]'))";
