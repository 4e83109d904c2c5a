import { useRef } from "react";
import { useHotkeys } from "../../lib/hotkeys.ts";

const FOLLOWS_WITHIN_MS = 1200;

/** `g` and then a letter goes somewhere. The letter keeps its own meaning when no `g` came before it. */
export function useGo(places: Readonly<Record<string, () => void>>): void {
  const pressedMs = useRef(Number.NEGATIVE_INFINITY);
  const go = (place: () => void) => () => {
    if (performance.now() - pressedMs.current > FOLLOWS_WITHIN_MS) return false;
    pressedMs.current = Number.NEGATIVE_INFINITY;
    place();
    return true;
  };
  useHotkeys({
    g: () => {
      pressedMs.current = performance.now();
    },
    ...Object.fromEntries(Object.entries(places).map(([key, place]) => [key, go(place)])),
  });
}
