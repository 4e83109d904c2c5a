/** What of the store is told: ended flows, those that ended and never got their last counters, and flows that were opened. */
import { allFilters, parseFilter } from "@flowtrail/model";
import { filterSql } from "../../query/filter-sql.ts";
import { columnIs } from "../../query/filters.ts";
import { SELECTED, type Sql } from "../../query/sql.ts";
import { FLOWS, FLOWS_OPEN } from "../../store/schema/flow-tables.ts";
import { FLOWS_OPENED } from "../../store/schema/sink-tables.ts";
import type { EventKind } from "../ports.ts";
import type { SinkConfig } from "../sink-config.ts";

export const SOURCE_NAMES = ["ended", "unfinished", "opened"] as const;
export type SourceName = (typeof SOURCE_NAMES)[number];

export interface Source {
  readonly name: SourceName;
  readonly kind: EventKind;
  /** Whose `stored` is the order. */
  readonly table: string;
  /** Tables whose inserts may still bring rows. */
  readonly writtenBy: readonly string[];
  /** So much later than the store took them. */
  readonly delayMs: number;
  /** Of the rows of `table`. */
  readonly where: Sql;
  /** Null: they are in `table`. Else they are looked up by key in these, in this order, and have to pass. */
  readonly rowsIn: { readonly tables: readonly string[]; readonly where: Sql } | null;
}

/** An agent tells the last counters of a closed flow within two minutes. */
const UNFINISHED_MS = 600_000;
export const SELECTED_STORED = `${SELECTED}, toUnixTimestamp64Milli(stored) AS stored_ms`;

/** Which flows a sink is told of. @throws FilterError */
export function wantedSql({ q, reports }: Pick<SinkConfig, "q" | "reports">): Sql {
  return filterSql(allFilters([parseFilter(q), ...(reports === "primary" ? [columnIs("primary", [true])] : [])]));
}

/** Its last counters are there, or will never be. */
export const IS_FINAL = "(counters_final OR state = 'lost')";

/** @throws FilterError */
export function sourcesOf(sink: Pick<SinkConfig, "q" | "reports" | "events">): Source[] {
  const wanted = wantedSql(sink);
  const both = (text: string): Sql => ({ text: `(${wanted.text}) AND ${text}`, bindings: wanted.bindings });
  const ended = { table: FLOWS.name, writtenBy: [FLOWS.name], rowsIn: null } as const;
  const sources: Source[] = [];
  if (sink.events.includes("opened")) {
    const opened = { table: FLOWS_OPENED.name, writtenBy: [FLOWS_OPEN.name, FLOWS_OPENED.name], delayMs: 0 };
    const rowsIn = { tables: [FLOWS_OPEN.name, FLOWS.name], where: wanted };
    sources.push({ name: "opened", kind: "opened", ...opened, where: { text: "true", bindings: {} }, rowsIn });
  }
  if (sink.events.includes("ended")) {
    sources.push({ name: "ended", kind: "ended", ...ended, delayMs: 0, where: both(IS_FINAL) });
    const late = { delayMs: UNFINISHED_MS, where: both(`NOT ${IS_FINAL}`) };
    sources.push({ name: "unfinished", kind: "ended", ...ended, ...late });
  }
  return sources;
}
