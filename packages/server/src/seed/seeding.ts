/** One run of the seed generator on a store: goes on where an interrupted one stopped, makes nothing twice, tells what it made. */
import type { ClickHouse } from "../store/clickhouse.ts";
import { FLOWS, FLOWS_OPEN } from "../store/schema/flow-tables.ts";
import { type SeedProgress, seedConnections, seedRows } from "./seed.ts";
import type { SeedMarks } from "./seed-marks.ts";

export interface SeedRequest {
  readonly rows: number;
  readonly days: number;
  readonly seed: number;
  /** Null: where the same seed ended before, else now. */
  readonly untilMs: number | null;
}

export const MAX_SEED_ROWS = 200_000_000;
export const MAX_SEED_DAYS = 400;

export interface SeedDeps {
  readonly clickhouse: Pick<ClickHouse, "command" | "rows" | "database">;
  readonly marks: SeedMarks;
  readonly now: () => number;
  readonly partGroups?: number;
  /** Resolves when what is computed from rows knows those from `fromMs` on (ms since 1970). */
  readonly settle: (fromMs: number, signal: AbortSignal) => Promise<void>;
}

export interface SeedSummary {
  readonly rows: number;
  readonly connections: number;
  readonly days: number;
  readonly seed: number;
  /** Times of the rows, ms since 1970. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** It was all there before. */
  readonly already: boolean;
  readonly seconds: number;
  /** All that the store holds, what is not from this run included. */
  readonly tables: readonly SeededTable[];
}

export interface SeededTable {
  readonly table: string;
  readonly rows: number;
  /** On disk. */
  readonly bytes: number;
}

const DAY_MS = 86_400_000;

/** @throws StoreError; the signal's reason when it is aborted */
export async function runSeed(
  request: SeedRequest,
  { clickhouse, marks, now, partGroups, settle }: SeedDeps,
  { onProgress, signal }: { onProgress: (progress: SeedProgress) => void; signal: AbortSignal },
): Promise<SeedSummary> {
  const began = performance.now();
  const known = (await holdsSeeds(clickhouse)) ? await marks.find(request) : null;
  const options = { ...request, untilMs: known?.untilMs ?? request.untilMs ?? now() };
  const already = known?.isDone === true;
  if (!already) {
    let made = known?.parts ?? 0;
    await marks.save({ ...options, parts: made, isDone: false });
    await seedRows(options, {
      clickhouse,
      from: made,
      ...(partGroups === undefined ? {} : { partGroups }),
      signal,
      onProgress: async ({ parts, ...progress }) => {
        made = parts;
        await marks.save({ ...options, parts, isDone: false });
        onProgress(progress);
      },
    });
    await settle(options.untilMs - options.days * DAY_MS, signal);
    await marks.save({ ...options, parts: made, isDone: true });
  }
  return {
    rows: options.rows,
    connections: seedConnections(options.rows),
    days: options.days,
    seed: options.seed,
    fromMs: options.untilMs - options.days * DAY_MS,
    untilMs: options.untilMs,
    already,
    seconds: (performance.now() - began) / 1000,
    tables: await tablesOf(clickhouse),
  };
}

/** A store that was emptied or exchanged holds none, whatever was noted. */
async function holdsSeeds(clickhouse: SeedDeps["clickhouse"]): Promise<boolean> {
  const tables = [FLOWS.name, FLOWS_OPEN.name].map((table) => `(SELECT 1 FROM ${table} WHERE reporter_type = 'sample' LIMIT 1)`);
  return (await clickhouse.rows(tables.join(" UNION ALL "))).length > 0;
}

async function tablesOf(clickhouse: SeedDeps["clickhouse"]): Promise<SeededTable[]> {
  const rows = await clickhouse.rows<{ table: string; rows: string; bytes: string }>(
    `SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts
     WHERE active AND database = {database:String} AND (table LIKE 'flow%' OR table LIKE 'rollup%') GROUP BY table ORDER BY bytes DESC`,
    { database: clickhouse.database },
  );
  return rows.map(({ table, rows: count, bytes }) => ({ table, rows: Number(count), bytes: Number(bytes) }));
}
