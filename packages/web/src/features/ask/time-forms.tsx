/** Two ways to say a window exactly. */
import { Button, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { absoluteWindow, boundsOf, type TimeWindow } from "../../lib/time-window.ts";
import { useClock } from "../../lib/use-clock.ts";
import { readTimeText } from "./time-text.ts";

const EXAMPLES = "-36h · yesterday · 2026-11-20 08:00 to 09:30";

export function TextForm({ onChoose }: { onChoose(window: TimeWindow): void }) {
  const clock = useClock();
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const window = readTimeText(text, clock, Date.now());
    if (window === null) setWrong(true);
    else onChoose(window);
  };
  return (
    <form className="time-form" onSubmit={submit}>
      <TextInput
        size="xs"
        label="Type a time range"
        description={EXAMPLES}
        inputWrapperOrder={["label", "input", "description", "error"]}
        placeholder="-36h"
        data-autofocus
        value={text}
        error={wrong && "Not a time range"}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setWrong(false);
        }}
      />
    </form>
  );
}

export function AbsoluteForm({ window, onChoose }: { window: TimeWindow; onChoose(window: TimeWindow): void }) {
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
    <form className="time-form" onSubmit={submit}>
      <TextInput
        size="xs"
        type="datetime-local"
        step={1}
        label="From"
        value={from}
        onChange={(event) => setFrom(event.currentTarget.value)}
      />
      <TextInput
        size="xs"
        type="datetime-local"
        step={1}
        label="To"
        value={to}
        error={problem}
        onChange={(event) => setTo(event.currentTarget.value)}
      />
      <Button size="xs" type="submit" disabled={problem !== null}>
        Apply range
      </Button>
      <p>Times are in {clock.zone}</p>
    </form>
  );
}
