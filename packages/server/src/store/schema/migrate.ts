/**
 * Brings a database to the schema of this program: looks at what is there, adds what is missing. Every step is idempotent, so several
 * servers may do this at the same time, and one that died half-way is no harm.
 */
import type { ClickHouse } from "../clickhouse.ts";
import type { Logger } from "../logger.ts";
import { ACCOUNTS } from "./account-table.ts";
import { ALERT_LOOKS, ALERT_NOTES, ALERTS } from "./alert-tables.ts";
import { alignTable, alignView, SchemaError } from "./align.ts";
import { AUDIT } from "./audit-table.ts";
import { COVERAGE, REATTRIBUTIONS } from "./coverage-tables.ts";
import { ENROLMENTS, TOKEN_USES } from "./enrolment-tables.ts";
import { ERASURES } from "./erasure-table.ts";
import { FLOW_DELTAS, FLOWS, FLOWS_LONG, FLOWS_LONG_VIEW, FLOWS_OPEN } from "./flow-tables.ts";
import { INVENTORY, INVENTORY_CORRECTIONS } from "./inventory-tables.ts";
import { LEASES } from "./lease-table.ts";
import { MANIFESTS } from "./manifest-table.ts";
import { NOTICES } from "./notice-table.ts";
import { AGENT_BATCHES, FLOWS_REJECTED, SCHEMA_VERSIONS, TOKENS } from "./other-tables.ts";
import { ROLLUP_TABLES } from "./rollup-tables.ts";
import { RETENTION_DROPS, SETTINGS } from "./settings-table.ts";
import { FLOWS_OPENED, SINK_PARKED, SINK_PLACES } from "./sink-tables.ts";
import { createTable, type Table } from "./table.ts";
import { toVersion2 } from "./version-2.ts";

/** Counts changes of the schema that an older program could not work with. 3: roles, which an older one would not see on a token. */
export const SCHEMA_VERSION = 3;

export const TABLES: readonly Table[] = [
  FLOWS,
  FLOWS_LONG,
  FLOWS_OPEN,
  FLOW_DELTAS,
  ...ROLLUP_TABLES,
  FLOWS_REJECTED,
  AGENT_BATCHES,
  TOKENS,
  ENROLMENTS,
  TOKEN_USES,
  ACCOUNTS,
  AUDIT,
  ERASURES,
  SETTINGS,
  RETENTION_DROPS,
  NOTICES,
  INVENTORY,
  INVENTORY_CORRECTIONS,
  COVERAGE,
  REATTRIBUTIONS,
  LEASES,
  ALERTS,
  ALERT_NOTES,
  ALERT_LOOKS,
  SINK_PLACES,
  SINK_PARKED,
  FLOWS_OPENED,
  MANIFESTS,
];

/**
 * Of one node.
 * @param onNode the table as this node has it
 * @throws SchemaError when the database is a newer program's, or has a column of another type that can't be changed in place
 * @throws StoreError
 */
export async function migrate(
  clickhouse: ClickHouse,
  deps: { logger: Logger },
  onNode: (table: Table) => Table = (table) => table,
): Promise<void> {
  const { database } = clickhouse;
  await clickhouse.command(createTable(SCHEMA_VERSIONS));
  const [row] = await clickhouse.rows<{ found: number }>("SELECT max(version) AS found FROM schema_versions");
  const found = row?.found ?? 0;
  if (found > SCHEMA_VERSION) {
    throw new SchemaError(
      { code: "SCHEMA_NEWER", found, known: SCHEMA_VERSION },
      `The database ${database} was made by a newer Flowtrail (schema ${found}, this one knows ${SCHEMA_VERSION}): update this server.`,
    );
  }
  for (const table of TABLES) await alignTable(clickhouse, onNode(table), deps);
  await alignView(clickhouse, { ...FLOWS_LONG_VIEW, from: onNode(FLOWS), to: onNode(FLOWS_LONG) }, deps);
  if (found === 1) await toVersion2(clickhouse, onNode, deps);
  if (found < SCHEMA_VERSION) {
    await clickhouse.command("INSERT INTO schema_versions (version) VALUES ({version:UInt32})", { version: SCHEMA_VERSION });
  }
}
