/**
 * The schema on a cluster: each node has the tables as `<name>_local`, and `<name>` as a Distributed table over those of all shards.
 * See docs/decisions/0008-cluster.md.
 */
import { createHash } from "node:crypto";
import type { ClickHouse } from "../clickhouse.ts";
import type { Logger } from "../logger.ts";
import type { StoreNodes } from "../nodes.ts";
import { SchemaError } from "./align.ts";
import { FLOW_DELTAS, FLOWS, FLOWS_LONG, FLOWS_OPEN } from "./flow-tables.ts";
import { migrate, TABLES } from "./migrate.ts";
import { AGENT_BATCHES, FLOWS_REJECTED } from "./other-tables.ts";
import { ROLLUP_TABLES } from "./rollup-tables.ts";
import { FLOWS_OPENED } from "./sink-tables.ts";
import type { Table, TableColumn } from "./table.ts";

interface Deps {
  readonly logger: Logger;
}

/** All that is stored of a flow meets on one shard: there its revisions replace each other, and its deltas find their flow. */
const BY_FLOW = "cityHash64(flow_id)";
/** Whole on the first shard: FINAL and "the newest counts" are right whatever the key, and one clock says what came first. */
const ON_FIRST_SHARD = "0";
const SHARD_BY: Readonly<Record<string, string>> = {
  [FLOWS.name]: BY_FLOW,
  [FLOWS_LONG.name]: BY_FLOW,
  [FLOWS_OPEN.name]: BY_FLOW,
  [FLOWS_OPENED.name]: BY_FLOW,
  [FLOW_DELTAS.name]: BY_FLOW,
  [FLOWS_REJECTED.name]: "cityHash64(reporter_id, batch)",
  [AGENT_BATCHES.name]: "cityHash64(reporter_id)",
};
/** Computed by each node from its own rows. Without a key ClickHouse refuses to insert through the Distributed table. */
const PER_NODE = new Set(ROLLUP_TABLES.map(({ name }) => name));

/** The expression that says on which shard a row is. */
export function shardBy({ name }: Table): string {
  return SHARD_BY[name] ?? ON_FIRST_SHARD;
}

/** @throws SchemaError, StoreError */
export async function migrateNodes(nodes: StoreNodes, replicated: boolean, deps: Deps): Promise<void> {
  const { cluster, local } = nodes;
  for (const node of nodes.all) {
    await node.command(`CREATE DATABASE IF NOT EXISTS ${node.database} ENGINE = Atomic`, {}, { bare: true });
  }
  if (cluster === null) {
    for (const node of nodes.all) {
      await assertLayout(node, (engine) => engine !== "Distributed");
      await migrate(node, deps);
    }
    return;
  }
  await assertCluster(nodes.all, cluster);
  const onNode = (table: Table): Table => ({
    ...table,
    name: local(table.name),
    engine: replicated ? replicatedEngine(table.engine) : table.engine,
  });
  // The rows' own tables first, on every node: a node must not ask another one for a column that it does not have yet.
  for (const node of nodes.all) {
    await assertLayout(node, (engine) => engine === "Distributed");
    await migrate(node, deps, onNode);
  }
  for (const node of nodes.all) {
    for (const table of TABLES) await alignDistributed(node, table, { cluster, local: local(table.name) }, deps);
  }
}

/** NOT TESTED: the engine that comes out of npm can't replicate. */
function replicatedEngine(engine: string): string {
  const [, name = engine, values = ""] = /^(\w+)(?:\((.*)\))?$/.exec(engine) ?? [];
  const place = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'";
  return `Replicated${name}(${place}${values === "" ? "" : `, ${values}`})`;
}

/** Made anew when it is not what it should be: it holds nothing, and the change is atomic. */
async function alignDistributed(
  clickhouse: ClickHouse,
  table: Table,
  { cluster, local }: { readonly cluster: string; readonly local: string },
  { logger }: Deps,
): Promise<void> {
  const key = PER_NODE.has(table.name) ? "" : `, ${shardBy(table)}`;
  const made =
    `(${table.columns.map(definition).join(", ")}) ` +
    `ENGINE = Distributed('${cluster}', '${clickhouse.database}', '${local}'${key})`;
  const comment = `flowtrail ${createHash("sha256").update(made).digest("hex").slice(0, 16)}`;
  const [found] = await clickhouse.rows<{ comment: string }>(
    "SELECT comment FROM system.tables WHERE database = {database:String} AND name = {table:String}",
    { database: clickhouse.database, table: table.name },
  );
  if (found?.comment === comment) return;
  await clickhouse.command(`CREATE OR REPLACE TABLE ${table.name} ${made} COMMENT '${comment}'`);
  if (found !== undefined) logger.info({ table: table.name }, "schema changed");
}

/** What the clock says is said by the node that keeps the row: only then its own clock tells which rows are new. */
function definition({ name, type, default: value }: TableColumn): string {
  if (value === undefined) return `${name} ${type}`;
  return `${name} ${type} ${value.startsWith("now") ? "MATERIALIZED" : "DEFAULT"} ${value}`;
}

/** Never turns a table with rows into one without. */
async function assertLayout(clickhouse: ClickHouse, fits: (engine: string) => boolean): Promise<void> {
  const [found] = await clickhouse.rows<{ engine: string }>(
    "SELECT engine FROM system.tables WHERE database = {database:String} AND name = {table:String}",
    { database: clickhouse.database, table: FLOWS.name },
  );
  if (found === undefined || fits(found.engine)) return;
  const advice =
    found.engine === "Distributed"
      ? "it belongs to a cluster: name it with store.cluster, and all of its nodes with store.url"
      : "it belongs to a single server: leave store.cluster out, or take its rows to another database of the cluster with flowtrail store move";
  throw new SchemaError(
    { code: "SCHEMA_LAYOUT", table: FLOWS.name, engine: found.engine },
    `The database ${clickhouse.database} is there already, and ${advice}.`,
  );
}

interface ClusterRow {
  readonly cluster: string;
  readonly shard: number;
  readonly replica: number;
  readonly local: number;
}

/** A node that nobody named would have no tables, and inserts would fail later. */
async function assertCluster(nodes: readonly ClickHouse[], cluster: string): Promise<void> {
  const own = new Set<string>();
  let known = true;
  for (const node of nodes) {
    const rows = await node.rows<ClusterRow>(
      "SELECT cluster, shard_num AS shard, replica_num AS replica, is_local AS local FROM system.clusters",
    );
    const members = rows.filter((row) => row.cluster === cluster);
    if (members.length === 0) {
      const others = [...new Set(rows.map((row) => row.cluster))].join(", ");
      throw notCluster(cluster, `a node of store.url does not know it (it knows ${others === "" ? "none" : others})`);
    }
    if (members.length !== nodes.length) {
      throw notCluster(cluster, `it has ${members.length} nodes, but store.url names ${nodes.length}: name each of them once`);
    }
    const mine = members.filter((row) => row.local === 1);
    for (const { shard, replica } of mine) own.add(`${shard} ${replica}`);
    // Behind a translation of addresses a node does not know itself.
    if (mine.length !== 1) known = false;
  }
  if (known && own.size !== nodes.length) throw notCluster(cluster, "store.url names one of its nodes more than once");
}

function notCluster(cluster: string, why: string): SchemaError {
  return new SchemaError({ code: "SCHEMA_CLUSTER", cluster }, `The cluster ${cluster} (store.cluster) can't be used: ${why}.`);
}
