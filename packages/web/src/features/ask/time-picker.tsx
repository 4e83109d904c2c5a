/** Which time is looked at: presets, what one types, from and to, and what one chose before. */
import { Button, Popover } from "@mantine/core";
import { IconClock } from "@tabler/icons-react";
import { isLive, PRESETS, type TimeWindow, windowLabel } from "../../lib/time-window.ts";
import { useClock } from "../../lib/use-clock.ts";
import { useRecentWindows } from "./recent-windows.ts";
import { AbsoluteForm, TextForm } from "./time-forms.tsx";
import "./time-picker.css";

export interface TimePickerProps {
  readonly window: TimeWindow;
  readonly opened: boolean;
  onOpened(opened: boolean): void;
  onChange(window: TimeWindow): void;
}

export function TimePicker({ window, opened, onOpened, onChange }: TimePickerProps) {
  const clock = useClock();
  const [recent, remember] = useRecentWindows();
  const nowMs = Date.now();
  const choose = (chosen: TimeWindow) => {
    onChange(chosen);
    onOpened(false);
  };
  const chooseNew = (chosen: TimeWindow) => {
    if (!isPreset(chosen)) remember(chosen);
    choose(chosen);
  };
  const choice = (one: TimeWindow) => (
    <button
      key={`${one.from} ${one.to}`}
      type="button"
      aria-pressed={one.from === window.from && one.to === window.to}
      onClick={() => choose(one)}
    >
      {windowLabel(one, clock, nowMs)}
    </button>
  );
  return (
    <Popover opened={opened} onChange={onOpened} position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button
          className="time-button"
          variant="default"
          size="xs"
          h={32}
          leftSection={<IconClock size={15} stroke={1.8} aria-hidden />}
          onClick={() => onOpened(!opened)}
          title="Time range (t)"
        >
          {windowLabel(window, clock, nowMs)}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label="Time range">
        <div className="time-choices">
          <div className="time-presets">{PRESETS.map(({ from }) => choice({ from, to: "now" }))}</div>
          <div className="time-own">
            <TextForm onChoose={chooseNew} />
            <AbsoluteForm window={window} onChoose={chooseNew} />
            {recent.length > 0 && (
              <section className="time-presets time-recent" aria-label="Recent time ranges">
                <h3>Recent</h3>
                {recent.map(choice)}
              </section>
            )}
          </div>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function isPreset(window: TimeWindow): boolean {
  return isLive(window) && PRESETS.some(({ from }) => from === window.from);
}
