import { useHotkeys } from "../../lib/hotkeys.ts";
import type { TrafficQuery } from "./query.ts";

export interface LogActions {
  step(by: 1 | -1): void;
  openActive(): void;
  closePanel(): void;
  /** Into the active row: its reports, its values; and back. */
  walk(by: 1 | -1): void;
  readonly isOpen: boolean;
  toggleLive(): void;
  readonly query: TrafficQuery;
  change(change: Partial<TrafficQuery>): void;
}

/** The keys of the traffic log; `?` shows them. */
export function useLogKeys(actions: LogActions): void {
  const { step, query, change } = actions;
  const onButton = () => document.activeElement?.matches("button, a, [role=tab]") ?? false;
  useHotkeys({
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: () => (inPanel() ? false : step(1)),
    ArrowUp: () => (inPanel() ? false : step(-1)),
    ArrowRight: () => (usesArrows() ? false : actions.walk(1)),
    ArrowLeft: () => (usesArrows() ? false : actions.walk(-1)),
    Enter: () => (onButton() ? false : actions.openActive()),
    Escape: () => (actions.isOpen ? actions.closePanel() : false),
    l: () => actions.toggleLive(),
    b: () => change({ reports: query.reports === "all" ? "merged" : "all" }),
  });
}

/** Tabs and charts have an own use for them. */
function usesArrows(): boolean {
  return inPanel() || (document.activeElement?.matches("[role=tab], .histogram *, .facets *") ?? false);
}

/** There the arrows scroll. */
function inPanel(): boolean {
  return document.activeElement?.closest(".panel") != null;
}
