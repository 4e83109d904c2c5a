import { useEffect, useState, useSyncExternalStore } from "react";
import { fetchFlows, LIVE_PATH } from "../../lib/api.ts";
import { followLive } from "../../lib/live.ts";
import { type FeedState, FlowFeed } from "./flow-feed.ts";
import type { TrafficQuery } from "./query.ts";

/** The rows that the query asks for, as they come; `feed` is the same object all along. */
export function useFlowFeed(query: TrafficQuery): { feed: FlowFeed; state: FeedState } {
  const [feed] = useState(makeFeed);
  useEffect(() => feed.ask(query), [feed, query]);
  useEffect(() => () => feed.stop(), [feed]);
  return { feed, state: useSyncExternalStore(feed.subscribe, feed.state) };
}

function makeFeed(): FlowFeed {
  return new FlowFeed({
    fetchFlows,
    followLive: (params, handlers) => followLive(`${LIVE_PATH}?${params}`, handlers),
    onFrame: (work) => void requestAnimationFrame(work),
    later: (work, ms) => {
      const timer = setTimeout(work, ms);
      return () => clearTimeout(timer);
    },
    now: () => Date.now(),
  });
}
