/** Rows of flows, ended and open, each flow once and as it was told last: what a sum over flows is made from. */
import type { ColumnName } from "@flowtrail/model";
import { FLOW_KEY, FLOWS, FLOWS_LONG, FLOWS_OPEN } from "../../store/schema/flow-tables.ts";
import { moment } from "../sql.ts";

/** Names of bound parameters: the stretch, in ms since 1970. `longMs`: `LONG_MS` before it. */
export interface Stretch {
  readonly fromMs: string;
  readonly toMs: string;
  readonly longMs: string;
}

const KEY = FLOW_KEY.join(", ");

/** Flows that began in any of the stretches. */
export function begunRows(columns: ReadonlySet<ColumnName>, stretches: readonly Stretch[]): string {
  const began = within("start", stretches);
  return newestRows(columns, [{ table: FLOWS.name, where: began }], began);
}

/** A moment, as a column has it, is in any of the stretches. */
export function within(column: string, stretches: readonly Stretch[]): string {
  const each = stretches.map(({ fromMs, toMs }) => `${column} >= ${moment(fromMs)} AND ${column} < ${moment(toMs)}`);
  return each.length === 1 ? (each[0] ?? "") : `(${each.map((one) => `(${one})`).join(" OR ")})`;
}

/** Flows that lived in the stretch. Those that began long before it are looked for among the long ones only. */
export function livedRows(columns: ReadonlySet<ColumnName>, { fromMs, toMs, longMs }: Stretch): string {
  const seen = `last_seen >= ${moment(fromMs)}`;
  const ended = [
    { table: FLOWS.name, where: `start >= ${moment(longMs)} AND start < ${moment(toMs)} AND ${seen}` },
    { table: FLOWS_LONG.name, where: `start < ${moment(longMs)} AND ${seen}` },
  ];
  return newestRows(columns, ended, `start < ${moment(toMs)} AND ${seen}`);
}

interface Part {
  readonly table: string;
  readonly where: string;
}

/**
 * An agent that was taken for lost and spoke again, or a flow that ends right now, is among the ended and the open ones. The open ones
 * are few: what is among both is found by them, and the rest is read in one pass.
 */
function newestRows(columns: ReadonlySet<ColumnName>, ended: readonly Part[], open: string): string {
  const isOpen = `(${KEY}) GLOBAL IN (SELECT ${KEY} FROM ${FLOWS_OPEN.name} FINAL WHERE ${open})`;
  const named = [...columns].join(", ");
  const all = [...new Set<string>([...FLOW_KEY, "version", ...columns])];
  const told = (state: string) => all.map((name) => (name === "state" ? state : name)).join(", ");
  const ofBoth = [
    ...ended.map(
      ({ table, where }) => `SELECT ${told(STORED_STATE)}, 1 AS over FROM ${table} FINAL WHERE ${where} AND ${isOpen}`,
    ),
    `SELECT ${told(READ_STATE)}, 0 AS over FROM ${FLOWS_OPEN.name} FINAL WHERE ${open}`,
  ];
  const alone = ended.map(({ table, where }) => {
    const selected = [...columns].map((name) => (name === "state" ? STORED_STATE : name)).join(", ");
    return `SELECT ${selected} FROM ${table} FINAL WHERE ${where} AND NOT (${isOpen})`;
  });
  const newest = `SELECT ${named} FROM (${ofBoth.join(" UNION ALL ")}) ORDER BY version DESC, over DESC LIMIT 1 BY ${KEY}`;
  return [...alone, `SELECT ${named} FROM (${newest})`].join(" UNION ALL ");
}

/** Of one type in all tables: what is open may read as lost, which is decided by who reports right now. */
const STORED_STATE = "toString(state) AS state";
const READ_STATE = "if(reporter_id IN {heard:Array(String)}, 'open', 'lost') AS state";
