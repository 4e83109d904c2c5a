/** All SQL of the questions. Identifiers come from the column table, everything that a person said is a bound parameter. */

import type { Bindings } from "../store/clickhouse.ts";
import { moment } from "../store/delta-sql.ts";
import { FLOW_COLUMNS } from "../store/schema/flow-tables.ts";

/** A piece of SQL and what its parameters stand for. */
export interface Sql {
  readonly text: string;
  readonly bindings: Bindings;
}

/** The place of a row in the order of lists. */
export interface FlowKey {
  readonly startMs: number;
  readonly flowId: string;
  readonly reporterId: string;
}

export const SELECTED = [...FLOW_COLUMNS.map(({ name }) => name), "toString(version) AS row_version"].join(", ");

/** The columns of `FlowKey`. */
export const KEY = "start, flow_id, reporter_id";

/**
 * In the order of the key, the revisions of a flow beside each other. Not in their order: with a column that is not of the key,
 * ClickHouse would read all rows that pass, whatever the limit.
 */
export function inOrder(ascending: boolean): string {
  const direction = ascending ? "ASC" : "DESC";
  return `ORDER BY start ${direction}, flow_id ${direction}, reporter_id ${direction}`;
}

/** Joins conditions by AND and their bindings into one. The same name always means the same value. */
export function allOf(...parts: readonly Sql[]): Sql {
  return {
    text: parts.map(({ text }) => `(${text})`).join(" AND "),
    bindings: Object.assign({}, ...parts.map(({ bindings }) => bindings)) as Bindings,
  };
}

export { moment };

/**
 * Rows behind `key` in the order of lists: older ones, or newer ones where the order ascends. The first condition is implied by the
 * second: it is what the index can use.
 */
export function behind({ startMs, flowId, reporterId }: FlowKey, ascending: boolean): Sql {
  const is = ascending ? ">" : "<";
  return {
    text: `start ${is}= ${moment("k_start")} AND (start, flow_id, reporter_id) ${is} (${moment("k_start")}, {k_id:UInt64}, {k_reporter:String})`,
    bindings: { k_start: startMs, k_id: flowId, k_reporter: reporterId },
  };
}
