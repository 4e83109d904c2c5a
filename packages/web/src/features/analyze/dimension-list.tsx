import { ActionIcon, NativeSelect } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconGripVertical, IconX } from "@tabler/icons-react";
import { type KeyboardEvent, useLayoutEffect, useRef, useState } from "react";
import { fieldLabel } from "../../lib/filter-text.ts";
import { DIMENSIONS } from "./fields.ts";
import { MOST_DIMENSIONS, moved } from "./question.ts";

export interface DimensionListProps {
  readonly by: readonly string[];
  onChange(by: readonly string[]): void;
}

const ICON = { size: 14, "aria-hidden": true } as const;

/** What traffic is divided by, in this order: by drag, by the buttons, or by Alt with the arrow keys. */
export function DimensionList({ by, onChange }: DimensionListProps) {
  /** While a line is dragged: which one, and the order that it would make where it is let go. */
  const [drag, setDrag] = useState<{ readonly field: string; readonly by: readonly string[] } | null>(null);
  const list = useRef<HTMLUListElement>(null);
  /** Moves with its line: elements that are moved in the page lose the focus. */
  const focused = useRef<{ readonly field: string; readonly name: string } | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: when the order has changed
  useLayoutEffect(() => {
    const wanted = focused.current;
    focused.current = null;
    if (wanted === null) return;
    const buttons = [...(list.current?.querySelectorAll<HTMLButtonElement>("button:not(:disabled)") ?? [])];
    const own = buttons.filter(({ dataset }) => dataset.field === wanted.field);
    (own.find(({ dataset }) => dataset.name === wanted.name) ?? own[0])?.focus();
  }, [by]);
  const move = (from: number, to: number, name: string) => {
    if (to < 0 || to >= by.length) return;
    focused.current = { field: by[from] ?? "", name };
    onChange(moved(by, from, to));
  };
  const onKeyDown = (from: number) => (event: KeyboardEvent<HTMLLIElement>) => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    const { name = "" } = (event.target as HTMLElement).dataset;
    move(from, event.key === "ArrowUp" ? from - 1 : from + 1, name);
  };
  const button = (field: string, name: string) => ({
    size: 22,
    variant: "subtle",
    color: "gray",
    "data-field": field,
    "data-name": name,
    "aria-label": `${name} ${fieldLabel(field)}`,
    title: name,
  });
  const more = DIMENSIONS.filter(({ field }) => !by.includes(field));
  return (
    <div className="dimensions">
      <ul
        ref={list}
        aria-label="Divided by, in this order"
        onDragOver={(event) => drag !== null && event.preventDefault()}
        onDrop={(event) => {
          if (drag === null) return;
          event.preventDefault();
          if (drag.by.join() !== by.join()) onChange(drag.by);
        }}
      >
        {(drag?.by ?? by).map((field, i) => (
          <li
            key={field}
            className={drag?.field === field ? "dimension-dragged" : undefined}
            draggable
            onKeyDown={onKeyDown(i)}
            onDragStart={(event) => {
              event.dataTransfer.effectAllowed = "move";
              setDrag({ field, by });
            }}
            onDragEnter={() => {
              if (drag !== null && drag.field !== field) setDrag({ ...drag, by: moved(drag.by, drag.by.indexOf(drag.field), i) });
            }}
            onDragEnd={() => setDrag(null)}
          >
            <IconGripVertical className="dimension-grip" {...ICON} />
            <span className="dimension-name cut" title={fieldLabel(field)}>
              {fieldLabel(field)}
            </span>
            <ActionIcon {...button(field, "Move up")} disabled={i === 0} onClick={() => move(i, i - 1, "Move up")}>
              <IconArrowUp {...ICON} />
            </ActionIcon>
            <ActionIcon
              {...button(field, "Move down")}
              disabled={i === by.length - 1}
              onClick={() => move(i, i + 1, "Move down")}
            >
              <IconArrowDown {...ICON} />
            </ActionIcon>
            <ActionIcon
              {...button(field, "Remove")}
              disabled={by.length === 1}
              onClick={() => onChange(by.filter((other) => other !== field))}
            >
              <IconX {...ICON} />
            </ActionIcon>
          </li>
        ))}
      </ul>
      {by.length < MOST_DIMENSIONS && (
        <NativeSelect
          size="xs"
          aria-label="Add a dimension"
          value=""
          data={[{ value: "", label: "Add a dimension …" }, ...more.map(({ field, label }) => ({ value: field, label }))]}
          onChange={(event) => {
            if (event.currentTarget.value !== "") onChange([...by, event.currentTarget.value]);
          }}
        />
      )}
    </div>
  );
}
