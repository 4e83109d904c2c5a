import { Button } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import type { FeedState } from "./flow-feed.ts";

const WORDS = { connecting: "Connecting", on: "Live", broken: "Reconnecting", off: "" } as const;

/** Says whether rows come in by themselves, and stops and starts it. Nothing where the window ended in the past. */
export function LiveButton({ state, onToggle }: { state: FeedState; onToggle(): void }) {
  if (state.live === "off") return null;
  const { paused } = state;
  return (
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
      </span>
    </Button>
  );
}
