/**
 * Brings a database to the schema of this program: looks at what is there, adds what is missing. Every step is idempotent, so several
 * servers may do this at the same time, and one that died half-way is no harm.
 */
import { FlowtrailError } from "@flowtrail/model";
import type { ClickHouse } from "../clickhouse.ts";
import type { Logger } from "../logger.ts";
import { COVERAGE, REATTRIBUTIONS } from "./coverage-tables.ts";
import { createLongView, FLOW_DELTAS, FLOWS, FLOWS_LONG, FLOWS_OPEN } from "./flow-tables.ts";
import { INVENTORY, INVENTORY_CORRECTIONS } from "./inventory-tables.ts";
import { AGENT_BATCHES, FLOWS_REJECTED, SCHEMA_VERSIONS, TOKENS } from "./other-tables.ts";
import { ROLLUP_VALUES, ROLLUPS } from "./rollup-tables.ts";
import { columnDefinition, createTable, type Table } from "./table.ts";

/** Counts changes of the schema that an older program could not work with. */
export const SCHEMA_VERSION = 1;

export const TABLES: readonly Table[] = [
  FLOWS,
  FLOWS_LONG,
  FLOWS_OPEN,
  FLOW_DELTAS,
  ...ROLLUPS.map(({ table }) => table),
  ROLLUP_VALUES,
  FLOWS_REJECTED,
  AGENT_BATCHES,
  TOKENS,
  INVENTORY,
  INVENTORY_CORRECTIONS,
  COVERAGE,
  REATTRIBUTIONS,
];

export type SchemaErrorData =
  | { code: "SCHEMA_NEWER"; found: number; known: number }
  | { code: "SCHEMA_MISMATCH"; table: string; column: string; found: string; wanted: string };
export class SchemaError extends FlowtrailError<SchemaErrorData> {}

/**
 * @throws SchemaError when the database is a newer program's, or has a column of another type that can't be changed in place
 * @throws StoreError
 */
export async function migrate(clickhouse: ClickHouse, deps: { logger: Logger }): Promise<void> {
  const { database } = clickhouse;
  await clickhouse.command(`CREATE DATABASE IF NOT EXISTS ${database} ENGINE = Atomic`, {}, { bare: true });
  await clickhouse.command(createTable(SCHEMA_VERSIONS));
  const [row] = await clickhouse.rows<{ found: number }>("SELECT max(version) AS found FROM schema_versions");
  const found = row?.found ?? 0;
  if (found > SCHEMA_VERSION) {
    throw new SchemaError(
      { code: "SCHEMA_NEWER", found, known: SCHEMA_VERSION },
      `The database ${database} was made by a newer Flowtrail (schema ${found}, this one knows ${SCHEMA_VERSION}): update this server.`,
    );
  }
  for (const table of TABLES) {
    await clickhouse.command(createTable(table));
    await alignColumns(clickhouse, table, deps.logger);
  }
  await clickhouse.command(createLongView());
  if (found < SCHEMA_VERSION) {
    await clickhouse.command("INSERT INTO schema_versions (version) VALUES ({version:UInt32})", { version: SCHEMA_VERSION });
  }
}

async function alignColumns(clickhouse: ClickHouse, table: Table, logger: Logger): Promise<void> {
  const rows = await clickhouse.rows<{ name: string; type: string; value: string }>(
    "SELECT name, type, default_expression AS value FROM system.columns WHERE database = {database:String} AND table = {table:String}",
    { database: clickhouse.database, table: table.name },
  );
  const types = new Map(rows.map(({ name, type }) => [name, type]));
  const defaults = new Map(rows.map(({ name, value }) => [name, bare(value)]));
  for (const [place, column] of table.columns.entries()) {
    const found = types.get(column.name);
    if (found === column.type) {
      if (defaults.get(column.name) === bare(column.default ?? "")) continue;
      await clickhouse.command(`ALTER TABLE ${table.name} MODIFY COLUMN ${columnDefinition(column)}`);
      logger.info({ table: table.name, column: column.name, default: column.default }, "schema changed");
      continue;
    }
    const previous = table.columns[place - 1]?.name;
    if (found === undefined) {
      const where = previous === undefined ? "FIRST" : `AFTER ${previous}`;
      await clickhouse.command(`ALTER TABLE ${table.name} ADD COLUMN IF NOT EXISTS ${columnDefinition(column)} ${where}`);
    } else if (extendsEnum(found, column.type)) {
      await clickhouse.command(`ALTER TABLE ${table.name} MODIFY COLUMN ${columnDefinition(column)}`);
    } else {
      throw new SchemaError(
        { code: "SCHEMA_MISMATCH", table: table.name, column: column.name, found, wanted: column.type },
        `${clickhouse.database}.${table.name}.${column.name} is ${found} but should be ${column.type}: this is not a database of ours.`,
      );
    }
    logger.info({ table: table.name, column: column.name, found: found ?? null }, "schema changed");
  }
}

/** An expression without what ClickHouse writes in its own way. */
const bare = (expression: string) => expression.replace(/[\s()]/g, "");

const ENUM = /^(Nullable\()?Enum8\((.*?)\)+$/;

/** True when `wanted` has all words of `found` with the same numbers, and more. */
function extendsEnum(found: string, wanted: string): boolean {
  const [, foundNull, foundWords] = ENUM.exec(found) ?? [];
  const [, wantedNull, wantedWords] = ENUM.exec(wanted) ?? [];
  if (foundWords === undefined || wantedWords === undefined || foundNull !== wantedNull) return false;
  const words = new Set(wantedWords.split(", "));
  return foundWords.split(", ").every((word) => words.has(word));
}
