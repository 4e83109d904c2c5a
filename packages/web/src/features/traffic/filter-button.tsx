/** The Filter button: what is chosen is asked for when it is applied. */

import { PARTICIPANT_TYPES, STATES, VERDICTS } from "@flowtrail/model";
import { Button, Chip, Group, NativeSelect, Popover, TagsInput } from "@mantine/core";
import { IconFilter } from "@tabler/icons-react";
import { useState } from "react";
import { DEFAULT_WINDOW, isLive, PRESETS, type TimeWindow, windowLabel } from "../../lib/time-window.ts";
import { useClock } from "../../lib/use-clock.ts";
import { COMMON_PROTOCOLS, FILTER_LABELS, filterValueLabel } from "./filter-labels.ts";
import { countFilters, type FilterColumn, type Filters, NO_FILTERS } from "./query.ts";
import "./filter-button.css";

interface FilterChoice {
  readonly window: TimeWindow;
  readonly filters: Filters;
}

export interface FilterButtonProps extends FilterChoice {
  /** Names that are offered for "Node"; others may be typed. */
  readonly nodes: readonly string[];
  readonly opened: boolean;
  onOpened(opened: boolean): void;
  onApply(choice: FilterChoice): void;
}

const CHIPS: readonly (readonly [FilterColumn, readonly string[]])[] = [
  ["protocol", COMMON_PROTOCOLS],
  ["direction", ["ingress", "egress"]],
  ["src_type", PARTICIPANT_TYPES],
  ["dst_type", PARTICIPANT_TYPES],
  ["verdict", VERDICTS],
  ["state", STATES],
];

export function FilterButton(props: FilterButtonProps) {
  const { filters, opened, onOpened } = props;
  const count = countFilters(filters);
  return (
    <Popover opened={opened} onChange={onOpened} position="bottom-start" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant={count > 0 ? "light" : "default"}
          size="xs"
          h={32}
          leftSection={<IconFilter size={15} stroke={1.8} aria-hidden />}
          onClick={() => onOpened(!opened)}
          title="Filter (/)"
        >
          Filter{count > 0 && ` (${count})`}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label="Filter">
        <FilterForm {...props} />
      </Popover.Dropdown>
    </Popover>
  );
}

/** Lives as long as the popover is open: it begins with what is asked for now. */
function FilterForm({ window, filters, nodes, onOpened, onApply }: FilterButtonProps) {
  const [draft, setDraft] = useState<FilterChoice>({ window, filters });
  const set = (column: FilterColumn, values: readonly string[]) =>
    setDraft((before) => ({ ...before, filters: { ...before.filters, [column]: values } }));
  const finish = (choice: FilterChoice) => {
    onApply(choice);
    onOpened(false);
  };
  return (
    <form
      className="filter-form"
      onSubmit={(event) => {
        event.preventDefault();
        finish(draft);
      }}
    >
      <div className="filter-fields">
        <label className="filter-label" htmlFor="filter-window">
          Time range
        </label>
        <WindowSelect window={draft.window} onChange={(chosen) => setDraft((before) => ({ ...before, window: chosen }))} />
        {CHIPS.map(([column, values]) => (
          <ChipRow key={column} column={column} offered={values} chosen={draft.filters[column]} onChange={set} />
        ))}
        <label className="filter-label" htmlFor="filter-node">
          {FILTER_LABELS.reporter}
        </label>
        <TagsInput
          id="filter-node"
          size="xs"
          placeholder={draft.filters.reporter.length === 0 ? "Any node" : ""}
          data={[...nodes]}
          value={[...draft.filters.reporter]}
          onChange={(values) => set("reporter", values)}
          // Upwards: the buttons below stay free.
          comboboxProps={{ withinPortal: false, position: "top" }}
        />
      </div>
      <Group className="filter-actions" justify="space-between">
        <Button variant="subtle" size="xs" px={8} ml={-8} onClick={() => finish({ window: DEFAULT_WINDOW, filters: NO_FILTERS })}>
          Reset to defaults
        </Button>
        <Button size="xs" type="submit">
          Apply
        </Button>
      </Group>
    </form>
  );
}

interface ChipRowProps {
  readonly column: FilterColumn;
  readonly offered: readonly string[];
  readonly chosen: readonly string[];
  onChange(column: FilterColumn, values: readonly string[]): void;
}

function ChipRow({ column, offered, chosen, onChange }: ChipRowProps) {
  // A link may have chosen what is not offered, such as protocol 47.
  const values = [...offered, ...chosen.filter((value) => !offered.includes(value))];
  return (
    <>
      <span className="filter-label" id={`filter-${column}`}>
        {FILTER_LABELS[column]}
        {(column === "src_type" || column === "dst_type") && " type"}
      </span>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset can't be a cell of this grid in every browser */}
      <div role="group" aria-labelledby={`filter-${column}`} className="filter-chips">
        <Chip.Group multiple value={[...chosen]} onChange={(next: string[]) => onChange(column, next)}>
          {values.map((value) => (
            <Chip key={value} value={value} size="xs" radius="sm">
              {filterValueLabel(column, value)}
            </Chip>
          ))}
        </Chip.Group>
      </div>
    </>
  );
}

function WindowSelect({ window, onChange }: { window: TimeWindow; onChange(window: TimeWindow): void }) {
  const isPreset = isLive(window) && PRESETS.some(({ from }) => from === window.from);
  const now = Date.now();
  const clock = useClock();
  return (
    <NativeSelect
      id="filter-window"
      size="xs"
      value={isPreset ? window.from : "as-it-is"}
      onChange={(event) => {
        const { value } = event.currentTarget;
        if (value !== "as-it-is") onChange({ from: value, to: "now" });
      }}
    >
      {!isPreset && <option value="as-it-is">{windowLabel(window, clock, now)}</option>}
      {PRESETS.map(({ from, label }) => (
        <option key={from} value={from}>
          {label}
        </option>
      ))}
    </NativeSelect>
  );
}
