/** All columns of the flows that a list found by a few of them. */
import { FLOWS, FLOWS_OPEN } from "../store/schema/flow-tables.ts";
import { byKeys } from "./flow-list-keys.ts";
import { newestOfEach, withoutOpenAgain } from "./flow-list-newest.ts";
import type { Inquiry } from "./inquiry.ts";
import { type FlowRow, flowRow, type StoredRow } from "./rows.ts";
import { allOf, type FlowKey, SELECTED, type Sql } from "./sql.ts";

/**
 * Ended flows, each in its newest revision. Left out are those that do not pass as they are now.
 * @param passes a condition without parameters called key_from, key_to, starts, ids or reporters
 * @throws StoreError
 */
export async function endedByKeys(keys: readonly FlowKey[], passes: Sql, inquiry: Inquiry): Promise<FlowRow[]> {
  const rows = await byKeys(keys, async ({ text, bindings }) => {
    const stored = await inquiry.rows<StoredRow>({
      table: FLOWS.name,
      sql: `SELECT ${SELECTED}, if(${passes.text}, 1, 0) AS row_passes FROM ${FLOWS.name} WHERE ${text}`,
      bindings: { ...passes.bindings, ...bindings },
    });
    return newestOfEach(stored.map((row) => flowRow(row, true)));
  });
  const passing = rows.filter(({ stored }) => Number(stored.row_passes) === 1);
  return withoutOpenAgain(passing, inquiry);
}

/**
 * Open flows, those that pass as they are now.
 * @param passes see above
 * @throws StoreError
 */
export async function openByKeys(keys: readonly FlowKey[], passes: Sql, inquiry: Inquiry): Promise<FlowRow[]> {
  return byKeys(keys, async (keyed) => {
    const { text, bindings } = allOf(keyed, passes);
    const stored = await inquiry.rows<StoredRow>({
      table: FLOWS_OPEN.name,
      sql: `SELECT ${SELECTED} FROM ${FLOWS_OPEN.name} FINAL WHERE ${text}`,
      bindings,
    });
    return stored.map((row) => flowRow(row, false));
  });
}
