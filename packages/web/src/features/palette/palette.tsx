/** Everything in reach of one key: type what you want, choose, Enter. */
import { Modal } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { type KeyboardEvent, useLayoutEffect, useRef, useState } from "react";
import type { Command } from "./command.ts";
import { GROUPS } from "./command.ts";
import { optionId, PaletteList } from "./palette-list.tsx";
import { useCommands } from "./use-commands.ts";
import "./palette.css";

const LIST_ID = "palette-list";

export interface PaletteProps {
  readonly opened: boolean;
  onClose(): void;
  showHelp(): void;
}

export function Palette({ opened, onClose, showHelp }: PaletteProps) {
  return (
    <Modal.Root
      opened={opened}
      onClose={onClose}
      size={620}
      yOffset="12vh"
      lockScroll={false}
      // What is typed right after the key must already be in the field.
      transitionProps={{ duration: 0 }}
    >
      <Modal.Overlay />
      <Modal.Content aria-label="Command palette">
        <PaletteBody onClose={onClose} showHelp={showHelp} />
      </Modal.Content>
    </Modal.Root>
  );
}

/** Lives as long as the palette is open, so it begins empty. */
function PaletteBody({ onClose, showHelp }: Omit<PaletteProps, "opened">) {
  const [text, setText] = useState("");
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);
  const [chosenId, setChosenId] = useState<string | null>(null);
  const meant = useCommands(text, showHelp);
  const commands = text === "" ? inGroups(meant) : byFirst(meant);
  const at = Math.max(
    commands.findIndex(({ id }) => id === chosenId),
    0,
  );
  const active = commands[at];
  const run = (command: Command) => {
    onClose();
    command.run();
  };
  const step = (by: number) => setChosenId(commands[(at + by + commands.length) % commands.length]?.id ?? null);
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "ArrowDown") step(1);
    else if (event.key === "ArrowUp") step(-1);
    else if (event.key === "Enter" && active !== undefined) run(active);
    else return;
    event.preventDefault();
  };
  return (
    <div className="palette">
      <div className="palette-field">
        <IconSearch size={17} stroke={1.8} aria-hidden />
        <input
          type="text"
          role="combobox"
          aria-label="Go to, ask for or change anything"
          aria-expanded
          aria-controls={LIST_ID}
          aria-autocomplete="list"
          aria-activedescendant={active && optionId(active)}
          placeholder="A screen, a name, a time, a filter…"
          autoComplete="off"
          spellCheck={false}
          data-autofocus
          ref={field}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setChosenId(null);
          }}
          onKeyDown={press}
        />
        <kbd>Esc</kbd>
      </div>
      <PaletteList id={LIST_ID} commands={commands} active={active} onRun={run} onPoint={({ id }) => setChosenId(id)} />
    </div>
  );
}

function inGroups(commands: readonly Command[]): readonly Command[] {
  return GROUPS.flatMap((group) => commands.filter((command) => command.group === group));
}

/** The group of the likeliest command first. */
function byFirst(commands: readonly Command[]): readonly Command[] {
  const order = [...new Set(commands.map(({ group }) => group))];
  return order.flatMap((group) => commands.filter((command) => command.group === group));
}
