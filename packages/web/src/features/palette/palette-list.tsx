import { useEffect, useRef } from "react";
import type { Command } from "./command.ts";

export interface PaletteListProps {
  readonly id: string;
  /** Those of a group stand together. */
  readonly commands: readonly Command[];
  readonly active: Command | undefined;
  onRun(command: Command): void;
  onPoint(command: Command): void;
}

export function optionId({ id }: Command): string {
  return `palette-${id.replaceAll(/[^\w-]/g, (letter) => `.${letter.codePointAt(0)}`)}`;
}

export function PaletteList({ id, commands, active, onRun, onPoint }: PaletteListProps) {
  const list = useRef<HTMLDivElement>(null);
  const activeId = active && optionId(active);
  useEffect(() => {
    if (activeId !== undefined) document.getElementById(activeId)?.scrollIntoView({ block: "nearest" });
  }, [activeId]);
  const groups = [...new Set(commands.map(({ group }) => group))];
  return (
    <div id={id} className="palette-list" role="listbox" aria-label="Commands" tabIndex={-1} ref={list}>
      {commands.length === 0 && <p className="palette-none">Nothing of that name</p>}
      {groups.map((group) => (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset is no group of options
        <div key={group} role="group" aria-label={group}>
          <div className="palette-group" aria-hidden>
            {group}
          </div>
          {commands
            .filter((command) => command.group === group)
            .map((command) => (
              // The field keeps the focus and its keys: it says which option is active.
              // biome-ignore lint/a11y/useKeyWithClickEvents: Enter in the field runs it
              // biome-ignore lint/a11y/useFocusableInteractive: as above
              <div
                key={command.id}
                id={optionId(command)}
                role="option"
                aria-selected={command === active}
                className="palette-option"
                onPointerMove={() => command !== active && onPoint(command)}
                onClick={() => onRun(command)}
              >
                <command.Icon size={16} stroke={1.7} aria-hidden />
                <span className="palette-label">{command.label}</span>
                {command.hint !== undefined && <span className="palette-hint">{command.hint}</span>}
              </div>
            ))}
        </div>
      ))}
    </div>
  );
}
