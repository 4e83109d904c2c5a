import { Button } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import type { FeedState } from "../list/feed-state.ts";
import { sampledText } from "./live-words.ts";

const WORDS = { connecting: "Connecting", on: "Live", broken: "Reconnecting", off: "" } as const;

export interface LiveButtonProps {
  readonly state: FeedState;
  onToggle(): void;
  onClear(): void;
  onStop(): void;
}

/** Says whether rows come in by themselves, stops and starts it. Nothing where no new row has a place in the list. */
export function LiveButton({ state, onToggle, onClear, onStop }: LiveButtonProps) {
  if (state.live === "off" || !state.takesNew) return null;
  const { paused, sampled } = state;
  return (
    <Button.Group>
      <Button
        variant="default"
        size="xs"
        h={32}
        aria-pressed={!paused}
        title={paused ? "Resume live rows (l)" : "Pause live rows (l)"}
        leftSection={
          paused ? <IconPlayerPlay size={15} stroke={1.8} aria-hidden /> : <IconPlayerPause size={15} stroke={1.8} aria-hidden />
        }
        onClick={onToggle}
      >
        {paused ? "Resume" : "Pause"}
        <span className={`live-state live-${paused ? "paused" : state.live}`}>
          <span className="live-dot" aria-hidden />
          {paused ? "Paused" : WORDS[state.live]}
          {sampled > 1 && !paused && <span className="live-sampled">{sampledText(sampled)}</span>}
        </span>
      </Button>
      <Button
        variant="default"
        size="xs"
        h={32}
        px={10}
        title="Empty the table: only what comes in from now on is shown"
        onClick={onClear}
      >
        Clear
      </Button>
      <Button
        variant="default"
        size="xs"
        h={32}
        px={10}
        title="Keep this time range as it is now: nothing more comes in (back takes it back)"
        onClick={onStop}
      >
        Stop
      </Button>
    </Button.Group>
  );
}
