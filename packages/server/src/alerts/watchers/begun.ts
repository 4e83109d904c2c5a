/** Rows of connections that began in a window, each once: what watchers count. And how those are named whose they are. */
import {
  allFilters,
  type ColumnName,
  type Filter,
  formatAddress,
  formatCount,
  parseAddress,
  printFilter,
  type TimeRange,
} from "@flowtrail/model";
import { filterSql } from "../../query/filter-sql.ts";
import { columnIs } from "../../query/filters.ts";
import { filterColumns } from "../../query/traffic/fields.ts";
import { begunRows } from "../../query/traffic/flow-rows.ts";
import { TRAFFIC_SETTINGS } from "../../query/traffic/traffic-sql.ts";
import { FLOWS, FLOWS_OPEN } from "../../store/schema/flow-tables.ts";
import { withoutSample } from "../groups.ts";
import type { WatchTools } from "../watcher.ts";

export interface Asked {
  /** What the rule looks at. */
  readonly filter: Filter;
  readonly window: TimeRange;
  readonly tools: Pick<WatchTools, "ask" | "agents">;
}

/** More groups than these no alert needs. */
export const MOST_GROUPS = 200;

/**
 * Rows of a statement over connections that began in the window.
 * @param columns those that the statement needs
 * @param sql made from the subquery
 * @throws StoreError, QuestionError
 */
export function ofBegun<T>(
  { filter, window, tools }: Asked,
  columns: readonly ColumnName[],
  sql: (subquery: string) => string,
  bindings: Readonly<Record<string, unknown>> = {},
): Promise<T[]> {
  const all = new Set<ColumnName>([...columns, "primary", "start", "network", ...filterColumns(filter)]);
  const passes = filterSql(withoutSample(filter));
  const rows = begunRows(all, [{ fromMs: "from_ms", toMs: "to_ms", longMs: "from_ms" }]);
  // Only what asks for the state of a flow needs to know who reports right now.
  const heard = all.has("state") ? tools.agents().flatMap((agent) => (agent.silent ? [] : [agent.reporter_id])) : [];
  return tools.ask<T>({
    table: `${FLOWS.name}, ${FLOWS_OPEN.name}`,
    sql: sql(`SELECT * FROM (${rows}) WHERE primary AND (${passes.text})`),
    bindings: { ...passes.bindings, ...bindings, from_ms: window.fromMs, to_ms: window.toMs, heard },
    options: { settings: TRAFFIC_SETTINGS },
  });
}

/** One end of connections, as a statement that groups by `whoSql` tells it. */
export interface Who {
  readonly type: string;
  /** Null: it has none, and is known by its address. */
  readonly name: string | null;
  readonly ip: string;
}

/** `<end>_type`, `<end>_name`, and `<end>_at`: the address of what has no name. */
export function whoSql(end: "src" | "dst"): readonly string[] {
  return [`toString(${end}_type) AS ${end}_kind`, `${end}_name`, `if(isNull(${end}_name), toString(${end}_ip), '') AS ${end}_at`];
}

export const whoKeys = (end: "src" | "dst") => `${end}_kind, ${end}_name, ${end}_at`;
export const whoColumns = (end: "src" | "dst"): readonly ColumnName[] => [`${end}_type`, `${end}_name`, `${end}_ip`];

export interface SrcRow {
  readonly network: string;
  readonly src_kind: string;
  readonly src_name: string | null;
  readonly src_at: string;
}

export interface DstRow {
  readonly dst_kind: string;
  readonly dst_name: string | null;
  readonly dst_at: string;
}

export const srcOf = ({ src_kind, src_name, src_at }: SrcRow): Who => ({
  type: src_kind,
  name: src_name,
  ip: addressText(src_at),
});

/** As people write it: ClickHouse tells 10.0.0.1 as ::ffff:10.0.0.1. */
export function addressText(text: string): string {
  const bytes = parseAddress(text);
  return bytes === null ? text : formatAddress(bytes);
}

export const nameOf = ({ name, ip }: Who) => name ?? ip;

export function isWho(end: "src" | "dst", { name, ip }: Who): Filter {
  return name === null ? columnIs(`${end}_ip`, [ip]) : columnIs(`${end}_name`, [name]);
}

/** `{"src.name": "officegw"}` */
export function whoLabel(end: "src" | "dst", { name, ip }: Who): Readonly<Record<string, string>> {
  return name === null ? { [`${end}.ip`]: ip } : { [`${end}.name`]: name };
}

/** The evidence: what the rule looks at, and these flows of it, in the filter language. */
export function evidence(rule: Filter, network: string | null, conditions: readonly Filter[]): string {
  const inNetwork = network === null ? [] : [columnIs("network", [network])];
  return printFilter(allFilters([rule, ...inNetwork, ...conditions]));
}

/** "3 connections, 2 answered" */
export function answeredText(connections: number, answered: number): string {
  return `${formatCount(connections)} connection${connections === 1 ? "" : "s"}, ${formatCount(answered)} answered`;
}
