import { ActionIcon, Button, Popover, TextInput } from "@mantine/core";
import { IconChevronLeft, IconChevronRight, IconClock } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { absoluteWindow, boundsOf, isLive, PRESETS, shiftWindow, type TimeWindow, windowLabel } from "../../lib/time-window.ts";
import { useClock } from "../../lib/use-clock.ts";
import "./time-picker.css";

export interface TimePickerProps {
  readonly window: TimeWindow;
  readonly opened: boolean;
  onOpened(opened: boolean): void;
  onChange(window: TimeWindow): void;
}

export function TimePicker({ window, opened, onOpened, onChange }: TimePickerProps) {
  const nowMs = Date.now();
  const clock = useClock();
  const shift = (direction: -1 | 1) => {
    const shifted = shiftWindow(window, direction, nowMs);
    if (shifted !== null) onChange(shifted);
  };
  const choose = (chosen: TimeWindow) => {
    onChange(chosen);
    onOpened(false);
  };
  return (
    <div className="time-picker">
      <ActionIcon variant="default" size={32} aria-label="Earlier" title="Earlier ([)" onClick={() => shift(-1)}>
        <IconChevronLeft size={16} />
      </ActionIcon>
      <Popover opened={opened} onChange={onOpened} position="bottom-end" shadow="md" trapFocus returnFocus>
        <Popover.Target>
          <Button
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
            <div className="time-presets">
              {PRESETS.map(({ from, label }) => (
                <button
                  key={from}
                  type="button"
                  aria-pressed={isLive(window) && from === window.from}
                  onClick={() => choose({ from, to: "now" })}
                >
                  {label}
                </button>
              ))}
            </div>
            <AbsoluteForm window={window} onChoose={choose} />
          </div>
        </Popover.Dropdown>
      </Popover>
      <ActionIcon
        variant="default"
        size={32}
        aria-label="Later"
        title="Later (])"
        disabled={shiftWindow(window, 1, nowMs) === null}
        onClick={() => shift(1)}
      >
        <IconChevronRight size={16} />
      </ActionIcon>
    </div>
  );
}

function AbsoluteForm({ window, onChoose }: { window: TimeWindow; onChoose(window: TimeWindow): void }) {
  const clock = useClock();
  const bounds = boundsOf(window, Date.now());
  const [from, setFrom] = useState(() => clock.inputText(bounds?.fromMs ?? 0));
  const [to, setTo] = useState(() => clock.inputText(bounds?.toMs ?? 0));
  const [fromMs, toMs] = [clock.inputMs(from), clock.inputMs(to)];
  const problem = fromMs === null || toMs === null ? "Fill in both times" : fromMs >= toMs ? "Ends before it begins" : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (fromMs !== null && toMs !== null && problem === null) onChoose(absoluteWindow(fromMs, toMs));
  };
  return (
    <form className="time-absolute" onSubmit={submit}>
      <TextInput
        size="xs"
        type="datetime-local"
        step={1}
        label="From"
        value={from}
        onChange={(e) => setFrom(e.currentTarget.value)}
      />
      <TextInput
        size="xs"
        type="datetime-local"
        step={1}
        label="To"
        value={to}
        error={problem}
        onChange={(e) => setTo(e.currentTarget.value)}
      />
      <Button size="xs" type="submit" disabled={problem !== null}>
        Apply range
      </Button>
      <p>Times are in {clock.zone}</p>
    </form>
  );
}
