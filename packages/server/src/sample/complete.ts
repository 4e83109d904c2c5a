/** What the server would add to the sample's rows if agents sent them. */
import type { FlowBatch } from "@flowtrail/model";
import type { Heard } from "../health/roster.ts";
import { FixedInventory } from "../identify/attribution/fixed-inventory.ts";
import { Identify } from "../identify/identify.ts";
import { SAMPLE_INVENTORY } from "./inventory.ts";

/** Changes the rows. @returns who is heard of by them */
export function completeSample(rows: FlowBatch, nowMs: number): Heard[] {
  const identify = new Identify({ inventory: new FixedInventory(SAMPLE_INVENTORY), expected: () => true });
  const { columns } = rows;
  const heard = Array.from({ length: rows.length }, (_, row) => {
    const reporter = columns.reporter.get(row) ?? "";
    columns.reporter_id.set(row, reporter);
    columns.reporter_type.set(row, "sample");
    columns.received.set(row, nowMs);
    return { reporterId: reporter, reporter, lastMs: nowMs, addresses: {} };
  });
  identify.fill(rows);
  return heard;
}
