import { useRef } from "react";
import type { TimeWindow } from "../../lib/time-window.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { panned, zoomedTo } from "./zoom.ts";

/** Brush, pan and their undoing on the screen's window. Each is a step of the address: the back button undoes it, too. */
export function useZoom() {
  const { asked, change } = useAsked();
  const steps = useRef<{ readonly before: TimeWindow; readonly after: TimeWindow }[]>([]);
  const isShown = ({ from, to }: TimeWindow) => from === asked.window.from && to === asked.window.to;
  const go = (after: TimeWindow) => {
    if (isShown(after)) return;
    steps.current.push({ before: asked.window, after });
    change({ window: after });
  };
  return {
    onBrush: (fromMs: number, toMs: number) => go(zoomedTo(fromMs, toMs, Date.now())),
    onPan: (byMs: number) => {
      const window = panned(asked.window, byMs, Date.now());
      if (window !== null) go(window);
    },
    /** To the window before the last brush or pan, unless another one was chosen since. */
    onUndo: () => {
      const last = steps.current.pop();
      if (last === undefined) return;
      if (isShown(last.after)) change({ window: last.before });
      else steps.current = [];
    },
  };
}
