import { formatDuration } from "@flowtrail/model";
import { Button, Loader } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useRefresh } from "../../ask/refresh.ts";
import type { FeedState } from "../list/feed-state.ts";
import type { FlowFeed } from "../list/flow-feed.ts";

/** Answers that come at once are not worth a word. */
const SILENT_MS = 1000;
const TICK_MS = 500;

export interface RunningProps {
  readonly feed: Pick<FlowFeed, "cancel">;
  readonly state: FeedState;
}

/** Over the list while its question takes long: for how long already, and the way out. Leaving it leaves the chart's and the counts', too. */
export function Running({ feed, state: { phase, askedMs, entries } }: RunningProps) {
  const client = useQueryClient();
  const refresh = useRefresh();
  const isRunning = phase === "loading" || phase === "refreshing";
  const elapsedMs = useNow(isRunning, askedMs) - askedMs;
  if (phase === "cancelled") {
    return (
      <div className="running" role="status">
        <span>Cancelled{entries.length > 0 && ": these rows are of the question before"}</span>
        <Button size="compact-xs" variant="default" onClick={refresh}>
          Ask again
        </Button>
      </div>
    );
  }
  if (!isRunning || elapsedMs < SILENT_MS) return null;
  const cancel = () => {
    feed.cancel();
    void client.cancelQueries();
  };
  return (
    <div className="running" role="status">
      <Loader size={16} aria-hidden />
      {/* Not read out anew each second. */}
      <span>
        Asking … <span aria-hidden>{elapsedMs < 60_000 ? `${Math.floor(elapsedMs / 1000)} s` : formatDuration(elapsedMs)}</span>
      </span>
      <Button size="compact-xs" variant="default" onClick={cancel}>
        Cancel
      </Button>
    </div>
  );
}

function useNow(isRunning: boolean, otherwiseMs: number): number {
  const [nowMs, setNow] = useState(otherwiseMs);
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [isRunning]);
  return nowMs;
}
