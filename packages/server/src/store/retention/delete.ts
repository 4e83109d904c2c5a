/** Deletes what was planned, on one node. */
import type { ClickHouse } from "../clickhouse.ts";
import type { Step } from "./plan.ts";

/** A day of a large network is larger than what ClickHouse takes for a mistake (50 GB). */
const DROP = { max_partition_size_to_drop: "0" } as const;

/**
 * Both ways may be done again.
 * @param table as the node calls it
 * @returns false: an earlier deletion of rows is under way, a second one would only queue up behind it
 * @throws StoreError
 */
export async function deleteStep(node: ClickHouse, table: string, { partition, where }: Step): Promise<boolean> {
  // Digits: it was read as a date (survey.ts).
  const id = `PARTITION ID '${partition.id}'`;
  if (where === null) {
    await node.command(`ALTER TABLE ${table} DROP ${id}`, {}, { settings: DROP });
    return true;
  }
  if (await isDeleting(node, table)) return false;
  const settings = { mutations_sync: "1" } as const;
  await node.command(`ALTER TABLE ${table} DELETE IN ${id} WHERE ${where.sql}`, where.bindings, { settings });
  return true;
}

/** True while an earlier deletion (of ours or of another server) is under way: a second one would only queue up behind it. @throws StoreError */
export async function isDeleting(node: ClickHouse, table: string): Promise<boolean> {
  const [row] = await node.rows<{ n: string }>(
    "SELECT count() AS n FROM system.mutations WHERE database = {database:String} AND table = {table:String} AND NOT is_done",
    { database: node.database, table },
  );
  return row !== undefined && row.n !== "0";
}
