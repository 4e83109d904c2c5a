/** Makes a table that an older program made into the one of this program. Every step may be done again, by several servers at once. */
import { setTimeout } from "node:timers/promises";
import { FlowtrailError } from "@flowtrail/model";
import type { ClickHouse } from "../clickhouse.ts";
import type { Logger } from "../logger.ts";
import { columnDefinition, createTable, type Table, type TableColumn } from "./table.ts";

export type SchemaErrorData =
  | { code: "SCHEMA_NEWER"; found: number; known: number }
  | { code: "SCHEMA_MISMATCH"; table: string; column: string; found: string; wanted: string }
  /** Tables of a single server where a cluster's should be, or the other way round. */
  | { code: "SCHEMA_LAYOUT"; table: string; engine: string }
  /** Nodes and cluster don't fit together. */
  | { code: "SCHEMA_CLUSTER"; cluster: string }
  /** ClickHouse can't fill a column in, and goes on trying. */
  | { code: "SCHEMA_STUCK"; table: string; column: string; reason: string };
export class SchemaError extends FlowtrailError<SchemaErrorData> {}

interface Deps {
  readonly logger: Logger;
}

const MUTATION_LOOK_MS = 250;
/** A part may fail once and be done the next time; what fails for half a minute needs somebody. */
const MUTATION_FAILURES = 120;

/**
 * Makes the table, or adds to it what it lacks: columns, words of an enum, defaults, codecs, skip indexes. Its key, its partitions
 * and its settings stay as they were made.
 * @throws SchemaError when a column is of another type that can't be changed in place, or can't be filled in; StoreError
 */
export async function alignTable(clickhouse: ClickHouse, table: Table, deps: Deps): Promise<void> {
  await clickhouse.command(createTable(table));
  const found = await columnsOf(clickhouse, table.name);
  for (const [place, column] of table.columns.entries()) {
    const previous = table.columns[place - 1]?.name;
    await alignColumn(clickhouse, table.name, column, found.get(column.name), previous, deps);
  }
  await alignIndexes(clickhouse, table, deps);
  if (table.ttl === undefined) await removeTtl(clickhouse, table, deps);
}

/** How long it is kept is a setting now: see store/retention. */
async function removeTtl(clickhouse: ClickHouse, { name }: Table, { logger }: Deps): Promise<void> {
  if (!(await hasTtl(clickhouse, name))) return;
  try {
    await clickhouse.command(`ALTER TABLE ${name} REMOVE TTL`);
  } catch (error) {
    // Another server was faster.
    if (await hasTtl(clickhouse, name)) throw error;
  }
  logger.info({ table: name }, "schema changed: its rows do not vanish by themselves any more");
}

async function hasTtl(clickhouse: ClickHouse, name: string): Promise<boolean> {
  const [row] = await clickhouse.rows<{ made: string }>(
    "SELECT engine_full AS made FROM system.tables WHERE database = {database:String} AND name = {name:String}",
    { database: clickhouse.database, name },
  );
  return / TTL /.test(row?.made ?? "");
}

interface FoundColumn {
  readonly name: string;
  readonly type: string;
  readonly value: string;
  readonly codec: string;
}

async function columnsOf(clickhouse: ClickHouse, table: string): Promise<Map<string, FoundColumn>> {
  const rows = await clickhouse.rows<FoundColumn>(
    `SELECT name, type, default_expression AS value, compression_codec AS codec FROM system.columns
     WHERE database = {database:String} AND table = {table:String} ORDER BY position`,
    { database: clickhouse.database, table },
  );
  return new Map(rows.map((row) => [row.name, row]));
}

async function alignColumn(
  clickhouse: ClickHouse,
  table: string,
  column: TableColumn,
  found: FoundColumn | undefined,
  previous: string | undefined,
  { logger }: Deps,
): Promise<void> {
  const alter = (what: string, settings = {}) => clickhouse.command(`ALTER TABLE ${table} ${what}`, {}, { settings });
  const { older } = column;
  if (found !== undefined && found.type !== column.type && !extendsEnum(found.type, column.type)) {
    throw new SchemaError(
      { code: "SCHEMA_MISMATCH", table, column: column.name, found: found.type, wanted: column.type },
      `${clickhouse.database}.${table}.${column.name} is ${found.type} but should be ${column.type}: this is not a database of ours.`,
    );
  }
  const isSame =
    found !== undefined &&
    found.type === column.type &&
    bare(found.value) === bare(column.default ?? "") &&
    bare(found.codec) === bare(column.codec === undefined ? "" : `CODEC(${column.codec})`);
  if (isSame) return;
  if (found === undefined) {
    const where = previous === undefined ? "FIRST" : `AFTER ${previous}`;
    const first = older === undefined ? column : { ...column, default: older };
    await alter(`ADD COLUMN IF NOT EXISTS ${columnDefinition(first)} ${where}`);
    if (column.filledLater) await alter(`MATERIALIZE COLUMN ${column.name}`, { mutations_sync: "0" });
  }
  // A default that differs from moment to moment would be made anew at each reading of a row that is older than the column.
  if (older !== undefined && (found === undefined || bare(found.value) === bare(older))) {
    await alter(`MATERIALIZE COLUMN ${column.name}`, { mutations_sync: "0" });
    await mutated(clickhouse, table, column.name, logger);
  }
  if (found !== undefined || older !== undefined) await alter(`MODIFY COLUMN ${columnDefinition(column)}`);
  logger.info({ table, column: column.name, found: found ?? null }, "schema changed");
}

/** It rewrites a column of all that is stored: that may take longer than any answer may. */
async function mutated(clickhouse: ClickHouse, table: string, column: string, logger: Logger): Promise<void> {
  let stuck = 0;
  let left = "";
  for (let looks = 0; ; looks++) {
    const [row] = await clickhouse.rows<{ running: string; parts: string; reason: string }>(
      `SELECT count() AS running, sum(parts_to_do) AS parts, max(latest_fail_reason) AS reason FROM system.mutations
       WHERE database = {database:String} AND table = {table:String} AND NOT is_done AND position(command, 'MATERIALIZE COLUMN') > 0`,
      { database: clickhouse.database, table },
    );
    if (row === undefined || row.running === "0") return;
    stuck = row.reason !== "" && row.parts === left ? stuck + 1 : 0;
    left = row.parts;
    if (stuck >= MUTATION_FAILURES) {
      throw new SchemaError(
        { code: "SCHEMA_STUCK", table, column, reason: row.reason },
        `${clickhouse.database}.${table}.${column} can't be filled in: ${row.reason}`,
      );
    }
    if (looks % 40 === 39) logger.info({ table, column, ...row }, "a column is filled in");
    await setTimeout(MUTATION_LOOK_MS);
  }
}

async function alignIndexes(clickhouse: ClickHouse, table: Table, { logger }: Deps): Promise<void> {
  const rows = await clickhouse.rows<{ name: string; made: string }>(
    `SELECT name, concat(name, ' ', expr, ' TYPE ', type_full, ' GRANULARITY ', toString(granularity)) AS made
     FROM system.data_skipping_indices WHERE database = {database:String} AND table = {table:String}`,
    { database: clickhouse.database, table: table.name },
  );
  const found = new Map(rows.map(({ name, made }) => [name, made]));
  for (const index of table.indexes ?? []) {
    const [name = ""] = index.split(" ", 1);
    const made = found.get(name);
    if (made !== undefined && bare(made) === bare(index)) continue;
    if (made !== undefined) await clickhouse.command(`ALTER TABLE ${table.name} DROP INDEX IF EXISTS ${name}`);
    await clickhouse.command(`ALTER TABLE ${table.name} ADD INDEX IF NOT EXISTS ${index}`);
    // In the background: without it rows are found as well, only later.
    await clickhouse.command(
      `ALTER TABLE ${table.name} MATERIALIZE INDEX IF EXISTS ${name}`,
      {},
      { settings: { mutations_sync: "0" } },
    );
    logger.info({ table: table.name, index, found: made ?? null }, "schema changed");
  }
}

/** A materialized view that copies rows of one table into another as they are written. */
export interface CopyingView {
  readonly name: string;
  readonly from: Table;
  readonly to: Table;
  readonly where: string;
}

/**
 * Makes the view, or lets it copy the columns that both tables have now. It is never away: no row is written without it.
 * @throws StoreError
 */
export async function alignView(clickhouse: ClickHouse, { name, from, to, where }: CopyingView, deps: Deps): Promise<void> {
  const columns = from.columns.map((column) => column.name);
  const select = `SELECT ${columns.join(", ")} FROM ${from.name} WHERE ${where}`;
  await clickhouse.command(`CREATE MATERIALIZED VIEW IF NOT EXISTS ${name} TO ${to.name} AS ${select}`);
  const found = await columnsOf(clickhouse, name);
  if (from.columns.every((column) => found.get(column.name)?.type === column.type) && found.size === columns.length) return;
  await clickhouse.command(`ALTER TABLE ${name} MODIFY QUERY ${select}`);
  deps.logger.info({ view: name }, "schema changed");
}

/** An expression without what ClickHouse writes in its own way. */
const bare = (expression: string) => expression.replace(/[\s()]/g, "");

const ENUM = /^(Nullable\()?Enum8\((.*?)\)+$/;

/** True when `wanted` has all words of `found` with the same numbers, and perhaps more. */
function extendsEnum(found: string, wanted: string): boolean {
  const [, foundNull, foundWords] = ENUM.exec(found) ?? [];
  const [, wantedNull, wantedWords] = ENUM.exec(wanted) ?? [];
  if (foundWords === undefined || wantedWords === undefined || foundNull !== wantedNull) return false;
  const words = new Set(wantedWords.split(", "));
  return foundWords.split(", ").every((word) => words.has(word));
}
