import { type RefObject, useState } from "react";
import { type FlowKey, flowKey } from "../../lib/api.ts";
import type { FlowEntry } from "./list/flow-list.ts";
import { writeFlowKey } from "./query.ts";
import { isOnValue } from "./table/row-values.ts";
import type { TableHandle } from "./table/table.tsx";

export interface ActiveRow {
  /** Walked to with the keyboard. */
  readonly activeKey: string | null;
  /** Its panel is open. */
  readonly openKey: string | null;
  openEntry(entry: FlowEntry): void;
  openActive(): void;
  closePanel(): void;
  step(by: 1 | -1): void;
  /** Into the active row: its reports, its values; and back. */
  walk(by: 1 | -1): void;
}

/** The row that the keyboard is at, and the one whose panel is open. */
export function useActiveRow(
  entries: readonly FlowEntry[],
  openFlow: FlowKey | null,
  open: (key: FlowKey | null) => void,
  table: RefObject<TableHandle | null>,
): ActiveRow {
  const [activeKey, setActiveKey] = useState<string | null>(null);
  const openKey = openFlow === null ? null : writeFlowKey(openFlow);
  const openEntry = (entry: FlowEntry) => {
    setActiveKey(entry.key);
    open(flowKey(entry.flow));
  };
  return {
    activeKey,
    openKey,
    openEntry,
    openActive() {
      const entry = entries.find(({ key }) => key === activeKey);
      if (entry) openEntry(entry);
    },
    closePanel() {
      open(null);
      table.current?.focus();
    },
    step(by) {
      const at = entries.findIndex((entry) => entry.key === (activeKey ?? openKey));
      const next = entries[at < 0 ? 0 : Math.min(Math.max(at + by, 0), entries.length - 1)];
      if (next === undefined) return;
      setActiveKey(next.key);
      if (isOnValue()) table.current?.focus();
      table.current?.scrollToKey(next.key);
      if (openFlow !== null) open(flowKey(next.flow));
    },
    walk(by) {
      if (activeKey !== null) table.current?.walk(activeKey, by);
    },
  };
}
