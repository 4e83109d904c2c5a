import { type Filter, FilterError, negated, printFilter } from "@flowtrail/model";
import { Button, Popover } from "@mantine/core";
import { useState } from "react";
import { readFilter } from "../../lib/asked.ts";
import { replacePart } from "../../lib/filter-edit-parts.ts";
import { partLabel } from "../../lib/filter-text.ts";
import { QueryField } from "./query-field.tsx";

interface PillEditorProps {
  readonly q: string;
  readonly index: number;
  readonly part: Filter;
  onChange(q: string): void;
}

/** A part's words; a click shows it as it is written, to be changed or turned into its opposite. */
export function PillEditor({ q, index, part, onChange }: PillEditorProps) {
  const [opened, setOpened] = useState(false);
  const text = printFilter(part);
  const label = partLabel(part);
  const replace = (changed: string) => {
    setOpened(false);
    onChange(replacePart(q, index, changed));
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className="pill-text" title={`${text}\nClick to change it`} onClick={() => setOpened(!opened)}>
          {label}
        </button>
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label={`Change ${label}`}>
        <PillForm text={text} onReplace={replace} onNegate={() => replace(printFilter(negated(part)))} />
      </Popover.Dropdown>
    </Popover>
  );
}

interface PillFormProps {
  readonly text: string;
  onReplace(text: string): void;
  onNegate(): void;
}

function PillForm({ text, onReplace, onNegate }: PillFormProps) {
  const [draft, setDraft] = useState(text);
  const isWrong = readFilter(draft) instanceof FilterError;
  return (
    <form
      className="pill-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isWrong) onReplace(draft);
      }}
    >
      <QueryField label="Condition" text={draft} onText={setDraft} onSubmit={onReplace} autoFocus />
      <div className="pill-actions">
        <Button size="xs" variant="default" onClick={onNegate}>
          Turn into its opposite
        </Button>
        <Button size="xs" type="submit" disabled={isWrong}>
          Apply
        </Button>
      </div>
    </form>
  );
}
