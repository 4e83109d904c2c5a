import { useEffect, useState, useSyncExternalStore } from "react";
import { fetchFlows } from "../../../lib/api.ts";
import { followLive } from "../live/follow.ts";
import type { FeedState } from "./feed-state.ts";
import { FlowFeed } from "./flow-feed.ts";
import type { FlowQuestion } from "./question.ts";

/** The rows that are asked for, as they come, or none; `feed` is the same object all along. */
export function useFlowFeed(question: FlowQuestion | null): { feed: FlowFeed; state: FeedState } {
  const [feed] = useState(makeFeed);
  useEffect(() => (question === null ? feed.rest() : feed.ask(question)), [feed, question]);
  useEffect(() => () => feed.stop(), [feed]);
  useEffect(() => {
    const timer = setInterval(() => feed.dropGone(), DROP_MS);
    return () => clearInterval(timer);
  }, [feed]);
  return { feed, state: useSyncExternalStore(feed.subscribe, feed.state) };
}

/** So much longer than the window says a row may stay. */
const DROP_MS = 5000;
/** Nobody reads faster; a table that is redrawn in each of 60 frames a second leaves no time for anything else. */
const REDRAW_MS = 100;

/** The next frame, or the first one after the pause since the last redraw. */
function pacedFrames(): (work: () => void) => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (work) => {
    const draw = () => {
      requestAnimationFrame((frameMs) => {
        lastMs = frameMs;
        work();
      });
    };
    const waitMs = lastMs + REDRAW_MS - performance.now();
    if (waitMs > 0) setTimeout(draw, waitMs);
    else draw();
  };
}

function makeFeed(): FlowFeed {
  return new FlowFeed({
    fetchFlows,
    followLive,
    onFrame: pacedFrames(),
    later: (work, ms) => {
      const timer = setTimeout(work, ms);
      return () => clearTimeout(timer);
    },
    now: () => Date.now(),
  });
}
