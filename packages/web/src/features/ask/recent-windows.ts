import { useLocalStorage } from "@mantine/hooks";
import { boundsOf, type TimeWindow } from "../../lib/time-window.ts";

const KEPT = 5;

/** Windows that were typed or filled in lately, newest first. Presets are not among them: they are at hand anyway. */
export function useRecentWindows(): [readonly TimeWindow[], (window: TimeWindow) => void] {
  const [stored, store] = useLocalStorage<readonly TimeWindow[]>({
    key: "flowtrail.windows",
    defaultValue: [],
    getInitialValueInEffect: false,
  });
  // Storage is not only ours to write.
  const known = Array.isArray(stored) ? stored.filter((window) => isWindow(window)) : [];
  const add = (window: TimeWindow) => {
    const others = known.filter(({ from, to }) => from !== window.from || to !== window.to);
    store([window, ...others].slice(0, KEPT));
  };
  return [known, add];
}

function isWindow(value: unknown): value is TimeWindow {
  const { from, to } = (value ?? {}) as Partial<TimeWindow>;
  return typeof from === "string" && typeof to === "string" && boundsOf({ from, to }, Date.now()) !== null;
}
