import { type PointerEvent, useEffect, useMemo } from "react";
import type { FlowFeed } from "../list/flow-feed.ts";

/** A pointer that was left lying on the table points at nothing any more. */
const LEFT_LYING_MS = 20_000;

export interface Reading {
  /** To be called when somebody has scrolled; `isAway`: from the top. */
  scrolled(isAway: boolean): void;
  readonly pointer: {
    readonly onPointerMove: (event: PointerEvent) => void;
    readonly onPointerLeave: () => void;
  };
}

/** New rows wait while somebody reads further down, or points at a row: what one is about to click stays where it is. */
export function useReading(feed: FlowFeed): Reading {
  const reading = useMemo(() => {
    let [isAway, isPointing, timer] = [false, false, 0];
    const tell = () => feed.setReading(isAway || isPointing);
    const point = (is: boolean) => {
      window.clearTimeout(timer);
      if (is) timer = window.setTimeout(() => point(false), LEFT_LYING_MS);
      if (is === isPointing) return;
      isPointing = is;
      tell();
    };
    return {
      stop: () => {
        window.clearTimeout(timer);
        feed.setReading(false);
      },
      scrolled(away: boolean) {
        if (away === isAway) return;
        isAway = away;
        tell();
      },
      pointer: {
        onPointerMove(event: PointerEvent) {
          // Browsers tell of a move, too, when the page moves under a pointer that rests.
          if (event.movementX === 0 && event.movementY === 0) return;
          point(event.target instanceof Element && event.target.closest("tbody") !== null);
        },
        onPointerLeave: () => point(false),
      },
    };
  }, [feed]);
  useEffect(() => reading.stop, [reading]);
  return reading;
}
