/** How far a node's rollups are: kept beside them, so that a restart does not compute a month again. */
import type { ClickHouse } from "../clickhouse.ts";
import { insertObjects } from "../deliveries.ts";
import { ROLLUP_PROGRESS } from "../schema/rollup-tables.ts";
import type { Local } from "./statements.ts";

/** Of one rollup. */
export interface Extent {
  /** Buckets that begin before are computed, ms since 1970. */
  throughMs: number;
  /** But not those before this: their rows were deleted before. */
  sinceMs: number;
}

export interface Progress {
  readonly extents: Map<string, Extent>;
  /** Rows that were stored before are taken in, ms since 1970 by the node's clock; 0: none are. */
  checkedMs: number;
  /** Buckets that begin before are never computed: this node has not all rows of them, and another one has the bucket. */
  readonly neverMs: number;
  /** Who computes, and when it said so by the node's clock. */
  readonly server: string;
  readonly writtenMs: number;
}

interface Row {
  readonly rollup: string;
  readonly through: string;
  readonly since: string;
  readonly checked: string;
  readonly server: string;
  readonly written: string;
}

/** The row of the job as a whole. */
const JOB = "";

/** @throws StoreError */
export async function readProgress(node: ClickHouse, local: Local): Promise<Progress> {
  const ms = (name: string) => `toUnixTimestamp64Milli(${name})`;
  const rows = await node.rows<Row>(
    `SELECT rollup, ${ms("p.through")} AS through, ${ms("p.since")} AS since, ${ms("p.checked")} AS checked, server,
       ${ms("p.written")} AS written FROM ${local(ROLLUP_PROGRESS.name)} AS p FINAL`,
  );
  const job = rows.find(({ rollup }) => rollup === JOB);
  const extents = rows
    .filter(({ rollup }) => rollup !== JOB)
    .map((row) => [row.rollup, { throughMs: Number(row.through), sinceMs: Number(row.since) }] as const);
  return {
    extents: new Map(extents),
    checkedMs: Number(job?.checked ?? 0),
    neverMs: Number(job?.since ?? 0),
    server: job?.server ?? "",
    writtenMs: Number(job?.written ?? 0),
  };
}

/** @param names of the rollups whose extents have changed @throws StoreError */
export async function writeProgress(
  node: ClickHouse,
  local: Local,
  { extents, checkedMs, neverMs, server }: Omit<Progress, "writtenMs">,
  names: Iterable<string>,
): Promise<void> {
  const row = (rollup: string, { throughMs, sinceMs }: Extent) => ({
    rollup,
    through: new Date(throughMs).toISOString(),
    since: new Date(sinceMs).toISOString(),
    checked: new Date(checkedMs).toISOString(),
    server,
  });
  const changed = [...names].flatMap((name) => {
    const extent = extents.get(name);
    return extent === undefined ? [] : [row(name, extent)];
  });
  await insertObjects(node, local(ROLLUP_PROGRESS.name), [...changed, row(JOB, { throughMs: 0, sinceMs: neverMs })]);
}
