/** Deletes what was planned, on one node. */
import { setTimeout } from "node:timers/promises";
import type { ClickHouse } from "../clickhouse.ts";
import { RetentionError } from "./errors.ts";
import type { Step } from "./plan.ts";

/** A day of a large network is larger than what ClickHouse takes for a mistake (50 GB). */
const DROP = { max_partition_size_to_drop: "0" } as const;
/** How long a deletion of rows is waited for: it goes on without us, too. */
const WAIT_MS = 20_000;
const LOOK_MS = 100;

/** `begun`: it goes on by itself. `busy`: an earlier deletion of rows is under way, a second one would only queue up behind it. */
export type Deleted = "done" | "begun" | "busy";

/**
 * Both ways may be done again.
 * @param table as the node calls it
 * @throws StoreError; RetentionError DELETE_FAILED
 */
export async function deleteStep(node: ClickHouse, table: string, { partition, where }: Step): Promise<Deleted> {
  // Digits: it was read as a date (survey.ts).
  const id = `PARTITION ID '${partition.id}'`;
  if (where === null) {
    await node.command(`ALTER TABLE ${table} DROP ${id}`, {}, { settings: DROP });
    return "done";
  }
  if (await isDeleting(node, table)) return "busy";
  const settings = { mutations_sync: "0" } as const;
  await node.command(`ALTER TABLE ${table} DELETE IN ${id} WHERE ${where.sql}`, where.bindings, { settings });
  for (let waitedMs = 0; waitedMs < WAIT_MS; waitedMs += LOOK_MS) {
    const { running, reason } = await mutations(node, table);
    if (!running) return "done";
    if (reason !== "") {
      throw new RetentionError(
        { code: "DELETE_FAILED", table, partition: partition.id, reason },
        `rows of ${table} ${partition.id} can't be deleted, ClickHouse goes on trying: ${reason}`,
      );
    }
    await setTimeout(LOOK_MS);
  }
  return "begun";
}

/** True while an earlier deletion (of ours or of another server) is under way: a second one would only queue up behind it. @throws StoreError */
export async function isDeleting(node: ClickHouse, table: string): Promise<boolean> {
  return (await mutations(node, table)).running;
}

async function mutations(node: ClickHouse, table: string): Promise<{ running: boolean; reason: string }> {
  const [row] = await node.rows<{ n: string; reason: string }>(
    `SELECT count() AS n, max(latest_fail_reason) AS reason FROM system.mutations
     WHERE database = {database:String} AND table = {table:String} AND NOT is_done`,
    { database: node.database, table },
  );
  return { running: row !== undefined && row.n !== "0", reason: row?.reason ?? "" };
}
