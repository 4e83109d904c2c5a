/** Makes sample rows in a store, as many and as far back as one likes: for tries, demonstrations and measurements. */
import type { ClickHouseSettings } from "@clickhouse/client";
import type { ClickHouse } from "../store/clickhouse.ts";
import { FLOW_DELTAS, FLOWS, FLOWS_OPEN } from "../store/schema/flow-tables.ts";
import type { SeedQuestion } from "./connection.ts";
import { PRIMARIES } from "./kinds.ts";
import { LONGEST_LIFE_MS } from "./lives.ts";
import { GROUP_CONNECTIONS, GROUP_REPORTS, seedParts } from "./plan.ts";
import { insertDeltas, insertFlows } from "./sql.ts";

export interface SeedOptions {
  /** Reports, those that are still open at the end among them. */
  readonly rows: number;
  readonly days: number;
  /** The same number makes the same rows. */
  readonly seed: number;
  /** Nothing is later, ms since 1970. */
  readonly untilMs: number;
}

export interface SeedProgress {
  readonly done: number;
  readonly rows: number;
}

export interface SeedTools {
  readonly clickhouse: Pick<ClickHouse, "command">;
  /** Parts that were made before: an interrupted run goes on with the next one. */
  readonly from?: number;
  /** How many groups are made at once. The same for all runs of a seed. */
  readonly partGroups?: number;
  readonly onProgress?: (progress: SeedProgress & { readonly parts: number }) => Promise<void> | void;
  readonly signal?: AbortSignal;
}

const DAY_MS = 86_400_000;
const SETTINGS: ClickHouseSettings = {
  // All names are in the statements, and a part of a few rows may be spread over many days.
  max_query_size: "1000000",
  max_partitions_per_insert_block: "4000",
  // Of one use each: looking for better ones takes longer than making the rows of a small part.
  optimize_and_compare_chain: 0,
  compile_expressions: 0,
};

/** How many connections the reports belong to. */
export function seedConnections(rows: number): number {
  return Math.floor(rows / GROUP_REPORTS) * GROUP_CONNECTIONS + (PRIMARIES[rows % GROUP_REPORTS] ?? 0);
}

/**
 * Inserts part by part, oldest first. May be done again: the same rows replace themselves.
 * @throws StoreError; the signal's reason when it is aborted
 */
export async function seedRows(
  options: SeedOptions,
  { clickhouse, from = 0, partGroups, onProgress, signal }: SeedTools,
): Promise<void> {
  const { rows, days, seed, untilMs } = options;
  const parts = seedParts({ fromMs: untilMs - days * DAY_MS, toMs: untilMs, rows }, partGroups);
  for (const [index, part] of parts.entries()) {
    if (index < from) continue;
    signal?.throwIfAborted();
    const question: SeedQuestion = { seed, part, untilMs };
    for (const sql of statements(question)) await clickhouse.command(sql, {}, { settings: SETTINGS });
    await onProgress?.({ done: part.firstReport + part.reports, rows, parts: index + 1 });
  }
}

function statements(question: SeedQuestion): string[] {
  const { part, untilMs } = question;
  const mayBeOpen = (part.begun.at(-1) ?? 0) + LONGEST_LIFE_MS >= untilMs;
  return [
    insertFlows(FLOWS.name, "ended", question),
    ...(mayBeOpen ? [insertFlows(FLOWS_OPEN.name, "open", question)] : []),
    insertDeltas(FLOW_DELTAS.name, question),
  ];
}
