/**
 * Copies an embedded store into a ClickHouse or a cluster. There is no state beside the data: what is the same on both sides is left
 * alone, so a move that was interrupted goes on when it is asked for again, and a finished one is verified by the same comparison.
 */
import type { ClickHouse } from "../clickhouse.ts";
import type { StoreNodes } from "../nodes.ts";
import { shardBy } from "../schema/distributed.ts";
import { FLOWS_LONG } from "../schema/flow-tables.ts";
import { TABLES } from "../schema/migrate.ts";
import { ROLLUP_PROGRESS, ROLLUP_TABLES } from "../schema/rollup-tables.ts";
import type { Table } from "../schema/table.ts";
import { copyPiece, type Fingerprint, fingerprint, isSame, type Piece, piecesOf } from "./partitions.ts";
import { beginRollupsAt, computableFromMs } from "./rollups.ts";

export interface MoveDeps {
  /** Both have the schema of this program. Nobody writes to the source. */
  readonly source: ClickHouse;
  readonly target: { readonly clickhouse: ClickHouse; readonly nodes: StoreNodes };
  readonly now: () => number;
}

export interface MoveRun {
  /** Copies nothing. */
  readonly verifyOnly: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: MoveProgress) => void;
}

export interface MoveProgress {
  readonly table: string;
  readonly partition: string;
  /** Rows that were looked at so far, of all. */
  readonly done: number;
  readonly rows: number;
}

export interface MovedTable {
  readonly table: string;
  readonly partitions: number;
  /** That count: of those that replace each other, one. */
  readonly rows: string;
  /** Sum of the counters of bytes, where the table has some. */
  readonly bytes: string;
  /** That were there before. */
  readonly already: number;
}

export interface Mismatch {
  readonly table: string;
  readonly partition: string;
  readonly source: { readonly rows: string; readonly bytes: string };
  readonly target: { readonly rows: string; readonly bytes: string };
}

/** The target has more than the source, as it may: rows and bytes were compared, not the rows themselves. */
export interface Surplus {
  readonly table: string;
  readonly partition: string;
  /** How many rows more. */
  readonly rows: string;
}

export interface MoveSummary {
  readonly tables: readonly MovedTable[];
  readonly surplus: readonly Surplus[];
  readonly mismatches: readonly Mismatch[];
}

/** @throws StoreError, or the signal's reason */
export async function moveStore(deps: MoveDeps, run: MoveRun): Promise<MoveSummary> {
  const plan = await planOf(deps);
  const rows = plan.flatMap(({ pieces }) => pieces).reduce((sum, piece) => sum + piece.rows, 0);
  const tables: MovedTable[] = [];
  const mismatches: Mismatch[] = [];
  const surplus: Surplus[] = [];
  let done = 0;
  for (const { table, pieces, where } of plan) {
    const moved = { partitions: new Set<string>(), rows: 0n, bytes: 0n, already: 0 };
    await withDoor(deps.target, table, async (door) => {
      for (const piece of pieces) {
        run.signal.throwIfAborted();
        const { is, wanted, already } = await movePiece(deps, run, piece, { door, where });
        const at = { table: table.name, partition: piece.partition };
        if (hasMore(table, wanted, is)) surplus.push({ ...at, rows: String(is.rows - wanted.rows) });
        else if (!isSame(wanted, is)) mismatches.push({ ...at, source: told(wanted), target: told(is) });
        moved.partitions.add(piece.partition);
        moved.rows += wanted.rows;
        moved.bytes += wanted.bytes;
        moved.already += already ? 1 : 0;
        done += piece.rows;
        run.onProgress({ table: table.name, partition: piece.partition, done: Math.round(done), rows: Math.round(rows) });
      }
    });
    const { partitions, already } = moved;
    tables.push({ table: table.name, partitions: partitions.size, already, ...told(moved) });
  }
  if (!run.verifyOnly && deps.target.nodes.cluster !== null && mismatches.length === 0) {
    await beginRollupsAt(deps.target.nodes, await rollupsFrom(deps));
  }
  return { tables, surplus, mismatches };
}

interface PlannedTable {
  readonly table: Table;
  readonly pieces: readonly Piece[];
  /** Which of its rows, if not all. */
  readonly where: string;
}

async function planOf(deps: MoveDeps): Promise<PlannedTable[]> {
  const isCluster = deps.target.nodes.cluster !== null;
  const older = isCluster ? `bucket < toDateTime(${(await rollupsFrom(deps)) / 1000}, 'UTC')` : "";
  const rollups = new Set(ROLLUP_TABLES.map(({ name }) => name));
  const tables = isCluster ? TABLES.filter(({ name }) => name !== ROLLUP_PROGRESS.name) : TABLES;
  return Promise.all(
    tables.map(async (table) => ({
      table,
      pieces: await piecesOf(deps.source, table),
      where: rollups.has(table.name) ? older : "",
    })),
  );
}

/** Buckets from here on are computed in the cluster. */
async function rollupsFrom({ source, now }: MoveDeps): Promise<number> {
  const dayMs = 86_400_000;
  return (await computableFromMs(source)) ?? Math.floor(now() / dayMs) * dayMs;
}

async function movePiece(
  { source, target }: MoveDeps,
  { verifyOnly, signal }: MoveRun,
  piece: Piece,
  { door, where }: { readonly door: string; readonly where: string },
): Promise<{ wanted: Fingerprint; is: Fingerprint; already: boolean }> {
  const [wanted, before] = await Promise.all([fingerprint(source, piece, where), fingerprint(target.clickhouse, piece, where)]);
  if (verifyOnly || isSame(wanted, before)) return { wanted, is: before, already: isSame(wanted, before) };
  await copyPiece(source, target.clickhouse, piece, door, where, signal);
  return { wanted, is: await fingerprint(target.clickhouse, piece, where), already: false };
}

/** Into `flows_long` the target copies by itself what it gets into `flows`: there may be more than in the source. */
function hasMore(table: Table, wanted: Fingerprint, is: Fingerprint): boolean {
  return table.name === FLOWS_LONG.name && is.rows > wanted.rows && is.bytes >= wanted.bytes;
}

/**
 * The table to insert into. Into a cluster rows go as they are, with the time at which they were stored, which its own Distributed tables
 * let nobody say: through one that is there for this only.
 */
async function withDoor(
  { clickhouse, nodes }: MoveDeps["target"],
  table: Table,
  use: (name: string) => Promise<void>,
): Promise<void> {
  if (nodes.cluster === null) return use(table.name);
  const door = `${table.name}_move`;
  const columns = table.columns.map(({ name, type }) => `\`${name}\` ${type}`).join(", ");
  const engine = `Distributed('${nodes.cluster}', '${clickhouse.database}', '${nodes.local(table.name)}', ${shardBy(table)})`;
  // On all nodes: the one that is asked may be another one from one moment to the next.
  for (const node of nodes.all) await node.command(`CREATE OR REPLACE TABLE ${door} (${columns}) ENGINE = ${engine}`);
  try {
    await use(door);
  } finally {
    for (const node of nodes.all) await node.command(`DROP TABLE IF EXISTS ${door}`);
  }
}

function told({ rows, bytes }: Pick<Fingerprint, "rows" | "bytes">): { rows: string; bytes: string } {
  return { rows: String(rows), bytes: String(bytes) };
}
