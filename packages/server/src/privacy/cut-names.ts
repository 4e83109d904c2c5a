/** Domain names as much as a network keeps of them: agents cut theirs themselves, other senders do not. */
import { type FlowBatch, secondLevel } from "@flowtrail/model";
import type { NameMode } from "../settings/capture-state.ts";

export function cutNames({ columns, length }: FlowBatch, modeOf: (network: string) => NameMode): void {
  const { network, domain, domain_source, app } = columns;
  for (let row = 0; row < length; row++) {
    const name = domain.get(row);
    // What a route of the inventory is for tells nothing of what anybody asked for.
    if (domain_source.get(row) === "inventory" || (name === null && !app.has(row))) continue;
    const mode = modeOf(network.get(row) ?? "");
    if (mode === "full") continue;
    if (mode === "off") for (const column of [domain, domain_source, app]) column.setNull(row);
    else if (name !== null) domain.set(row, secondLevel(name));
  }
}
