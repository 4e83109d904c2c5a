import { ActionIcon } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconGripVertical } from "@tabler/icons-react";
import { useState } from "react";
import { moved, toggled } from "./layout.ts";
import type { PickerProps } from "./picker.tsx";

/** The columns of the table, to be put into another order by drag or by their buttons, or taken out. */
export function OrderedColumns({ layout, onChange }: PickerProps) {
  const [dragged, setDragged] = useState<number | null>(null);
  const { columns } = layout;
  const dragOver = (to: number) => {
    if (dragged === null || dragged === to) return;
    onChange(moved(layout, dragged, to));
    setDragged(to);
  };
  return (
    <ul className="picker-list">
      {columns.map(({ column }, i) => (
        <li
          key={column.id}
          className={dragged === i ? "picker-dragged" : undefined}
          draggable
          onDragStart={(event) => {
            event.dataTransfer.effectAllowed = "move";
            setDragged(i);
          }}
          onDragEnter={() => dragOver(i)}
          onDragOver={(event) => event.preventDefault()}
          onDragEnd={() => setDragged(null)}
        >
          <IconGripVertical className="picker-grip" size={14} stroke={1.8} aria-hidden />
          <label title={column.tooltip}>
            <input type="checkbox" checked disabled={columns.length === 1} onChange={() => onChange(toggled(layout, column))} />
            {column.label}
          </label>
          <ActionIcon
            size={22}
            variant="subtle"
            color="gray"
            aria-label={`Move ${column.label} up`}
            disabled={i === 0}
            onClick={() => onChange(moved(layout, i, i - 1))}
          >
            <IconArrowUp size={14} />
          </ActionIcon>
          <ActionIcon
            size={22}
            variant="subtle"
            color="gray"
            aria-label={`Move ${column.label} down`}
            disabled={i === columns.length - 1}
            onClick={() => onChange(moved(layout, i, i + 1))}
          >
            <IconArrowDown size={14} />
          </ActionIcon>
        </li>
      ))}
    </ul>
  );
}
