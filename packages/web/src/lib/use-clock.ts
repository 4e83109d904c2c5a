/** Which zone the page's times are in: the viewer's own, or UTC. Remembered in this browser. */
import { useSyncExternalStore } from "react";
import { Clock } from "./clock.ts";

export const ZONES = ["local", "utc"] as const;
export type ZoneChoice = (typeof ZONES)[number];

const KEY = "flowtrail.zone";
const CLOCKS: Readonly<Record<ZoneChoice, Clock>> = { local: new Clock(), utc: new Clock("UTC") };
const watchers = new Set<() => void>();

function chosen(): ZoneChoice {
  return window.localStorage.getItem(KEY) === "utc" ? "utc" : "local";
}

/** Other tabs choose for this one, too. */
function subscribe(changed: () => void): () => void {
  watchers.add(changed);
  window.addEventListener("storage", changed);
  return () => {
    watchers.delete(changed);
    window.removeEventListener("storage", changed);
  };
}

export function useZone(): [ZoneChoice, (zone: ZoneChoice) => void] {
  const choose = (zone: ZoneChoice) => {
    window.localStorage.setItem(KEY, zone);
    for (const changed of watchers) changed();
  };
  return [useSyncExternalStore(subscribe, chosen), choose];
}

/** The clock of the chosen zone; renders again when another one is chosen. Every time on the page is written by it. */
export function useClock(): Clock {
  return CLOCKS[useSyncExternalStore(subscribe, chosen)];
}

/** The zone of this browser, whatever is chosen: `Europe/Berlin`. */
export const localZone = CLOCKS.local.zone;
