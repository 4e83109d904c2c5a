import type { KeyboardEvent, MouseEvent } from "react";
import type { FlowEntry } from "../list/flow-list.ts";
import { rowId } from "./row.tsx";
import type { TableProps } from "./table.tsx";

/** One pair of handlers for all rows: a click on a row and Enter open it. */
export function tableActions({ activeKey, onOpen }: Pick<TableProps, "activeKey" | "onOpen">, entries: readonly FlowEntry[]) {
  /** A report beneath a connection opens that one's panel, which has all reports. */
  const entryAt = (target: EventTarget) => {
    const id = target instanceof Element ? target.closest("tbody tr")?.id : undefined;
    return id === undefined ? undefined : entries.find(({ key }) => id === rowId(key) || id.startsWith(`${rowId(key)}/of/`));
  };
  return {
    onClick(event: MouseEvent) {
      if (event.target instanceof Element && event.target.closest("button, a") !== null) return;
      const entry = entryAt(event.target);
      if (entry !== undefined) onOpen(entry);
    },
    onKeyDown(event: KeyboardEvent) {
      if (event.target !== event.currentTarget || event.key !== "Enter") return;
      const entry = entries.find(({ key }) => key === activeKey);
      if (entry === undefined) return;
      event.preventDefault();
      onOpen(entry);
    },
  };
}
