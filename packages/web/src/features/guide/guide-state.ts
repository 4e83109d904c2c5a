/** Is the guide open? It stays open from screen to screen: what it waits for changes what the screens show. */
import { useSyncExternalStore } from "react";

export type GuideState = "never" | "open" | "closed";

let state: GuideState = "never";
const watchers = new Set<() => void>();

function subscribe(changed: () => void): () => void {
  watchers.add(changed);
  return () => watchers.delete(changed);
}

export function showGuide(open: boolean): void {
  state = open ? "open" : "closed";
  for (const changed of watchers) changed();
}

export function useGuideState(): GuideState {
  return useSyncExternalStore(subscribe, () => state);
}
