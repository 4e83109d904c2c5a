/** What stands in the table line by line: flows, and under those that are expanded the reports of their connection. */
import type { FlowJson } from "@flowtrail/model";
import { flowKey } from "../../../lib/api.ts";
import type { FlowEntry } from "../list/flow-list.ts";
import { writeFlowKey } from "../query.ts";

/** Of an expanded flow: all reports of its connection, `null` while they are asked for, or what went wrong. */
export type Reports = readonly FlowJson[] | string | null;

export type TableItem =
  | { readonly kind: "flow"; readonly key: string; readonly entry: FlowEntry }
  | { readonly kind: "report"; readonly key: string; readonly of: FlowEntry; readonly flow: FlowJson }
  /** There are none to be shown (yet), and why. */
  | { readonly kind: "note"; readonly key: string; readonly of: FlowEntry; readonly text: string };

export function itemsOf(entries: readonly FlowEntry[], expanded: ReadonlyMap<string, Reports>): readonly TableItem[] {
  const items: TableItem[] = [];
  for (const entry of entries) {
    items.push({ kind: "flow", key: entry.key, entry });
    const reports = expanded.get(entry.key);
    if (reports === undefined) continue;
    if (reports === null || typeof reports === "string") {
      items.push({ kind: "note", key: `${entry.key}/note`, of: entry, text: reports ?? "Asking for the reports …" });
      continue;
    }
    for (const flow of reports)
      items.push({ kind: "report", key: `${entry.key}/of/${writeFlowKey(flowKey(flow))}`, of: entry, flow });
  }
  return items;
}
