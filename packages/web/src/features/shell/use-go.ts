import { useRef } from "react";
import { carriedParams } from "../../lib/asked.ts";
import { useHotkeys } from "../../lib/hotkeys.ts";
import { useMe } from "../../lib/me.ts";
import { navigate, useUrl } from "../../lib/url.ts";
import { screensFor } from "../../screens.ts";

const FOLLOWS_WITHIN_MS = 1200;

/** `g` and a screen's letter go there, with what is asked. */
export function useGoKeys(): void {
  const { params } = useUrl();
  const screens = screensFor(useMe());
  useGo(
    Object.fromEntries(
      screens.flatMap(({ path, nav }) => (nav?.key ? [[nav.key, () => navigate(path, carriedParams(params))]] : [])),
    ),
  );
}

/** `g` and then a letter goes somewhere. The letter keeps its own meaning when no `g` came before it. */
function useGo(places: Readonly<Record<string, () => void>>): void {
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
  });
  // Before the screen's own keys: of two that listen side by side the inner one would be asked first.
  useHotkeys(Object.fromEntries(Object.entries(places).map(([key, place]) => [key, go(place)])), true);
}
