/** Is the guide open? It stays open from screen to screen: what it waits for changes what the screens show. */
import { useSyncExternalStore } from "react";

export interface GuideState {
  /** `never`: nobody has asked for it. */
  readonly shown: "never" | "open" | "closed";
  /** Whom it is to be added; empty: that is asked. */
  readonly node: string;
}

let state: GuideState = { shown: "never", node: "" };
const watchers = new Set<() => void>();

function subscribe(changed: () => void): () => void {
  watchers.add(changed);
  return () => watchers.delete(changed);
}

function set(next: GuideState): void {
  state = next;
  for (const changed of watchers) changed();
}

export function openGuide(node = ""): void {
  set({ shown: "open", node });
}

export function closeGuide(): void {
  set({ ...state, shown: "closed" });
}

export function useGuideState(): GuideState {
  return useSyncExternalStore(subscribe, () => state);
}
