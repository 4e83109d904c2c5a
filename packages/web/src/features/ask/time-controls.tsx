import { ActionIcon } from "@mantine/core";
import { IconChevronLeft, IconChevronRight, IconZoomOut } from "@tabler/icons-react";
import { useState } from "react";
import { useHotkeys } from "../../lib/hotkeys.ts";
import { shiftWindow, type TimeWindow, zoomOut } from "../../lib/time-window.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { TimePicker } from "./time-picker.tsx";

/** The time range, and the ways to its neighbours. */
export function TimeControls() {
  const { asked, change } = useAsked();
  const [opened, setOpened] = useState(false);
  const { window } = asked;
  const go = (next: TimeWindow | null) => {
    if (next !== null) change({ window: next });
  };
  const earlier = () => go(shiftWindow(window, -1, Date.now()));
  const later = () => go(shiftWindow(window, 1, Date.now()));
  const wider = () => go(zoomOut(window, Date.now()));
  useHotkeys({ t: () => setOpened(true), "[": earlier, "]": later, "-": wider });
  return (
    <div className="time-controls">
      <ActionIcon variant="default" size={32} aria-label="Earlier" title="Earlier ([)" onClick={earlier}>
        <IconChevronLeft size={16} />
      </ActionIcon>
      <TimePicker window={window} opened={opened} onOpened={setOpened} onChange={go} />
      <ActionIcon
        variant="default"
        size={32}
        aria-label="Later"
        title="Later (])"
        disabled={shiftWindow(window, 1, Date.now()) === null}
        onClick={later}
      >
        <IconChevronRight size={16} />
      </ActionIcon>
      <ActionIcon variant="default" size={32} aria-label="Zoom out" title="Zoom out: twice the time (-)" onClick={wider}>
        <IconZoomOut size={16} stroke={1.8} />
      </ActionIcon>
    </div>
  );
}
