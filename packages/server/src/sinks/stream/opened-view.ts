/** Notes which flows are opened, from when a sink wants to be told: costs nothing where none ever did. */
import type { StoreNodes } from "../../store/nodes.ts";
import { FLOWS_OPEN } from "../../store/schema/flow-tables.ts";
import { FLOWS_OPENED } from "../../store/schema/sink-tables.ts";

const VIEW = "flows_opened_view";

/** On every node. Doing it again changes nothing. @throws StoreError */
export async function ensureOpenedView({ all, local }: StoreNodes): Promise<void> {
  const columns = FLOWS_OPENED.columns.map(({ name }) => name).join(", ");
  for (const node of all)
    await node.command(
      `CREATE MATERIALIZED VIEW IF NOT EXISTS ${VIEW} TO ${local(FLOWS_OPENED.name)} AS
       SELECT ${columns} FROM ${local(FLOWS_OPEN.name)} WHERE revision = 0 AND state = 'open'`,
    );
}
