/** The fields of the Filter dialog: a label and what can be chosen. */
import { Chip, NativeSelect, TagsInput } from "@mantine/core";
import { useId, useState } from "react";
import { valueLabel } from "../../lib/filter-text.ts";
import { isLive, PRESETS, type TimeWindow, windowLabel } from "../../lib/time-window.ts";
import { useClock } from "../../lib/use-clock.ts";
import type { Criterion } from "./form-model.ts";

interface FieldProps {
  readonly criterion: Criterion;
  readonly label: string;
  readonly chosen: readonly string[];
  onChange(values: readonly string[]): void;
}

export function ChipField({ criterion, label, chosen, onChange, offered }: FieldProps & { readonly offered: readonly string[] }) {
  const id = useId();
  // A query may hold what is not offered, such as protocol 47.
  const values = [...offered, ...chosen.filter((value) => !offered.includes(value))];
  return (
    <>
      <span className="filter-label" id={id}>
        {label}
      </span>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset can't be a cell of this grid in every browser */}
      <div role="group" aria-labelledby={id} className="filter-chips">
        <Chip.Group multiple value={[...chosen]} onChange={(next: string[]) => onChange(next)}>
          {values.map((value) => (
            <Chip key={value} value={value} size="xs" radius="sm">
              {chipLabel(criterion, value)}
            </Chip>
          ))}
        </Chip.Group>
      </div>
    </>
  );
}

const ONE_ICMP: Readonly<Record<string, string>> = { "1": "ICMP of IPv4", "58": "ICMP of IPv6" };

function chipLabel(criterion: Criterion, value: string): string {
  if (criterion !== "protocol") return valueLabel(criterion, value);
  return ONE_ICMP[value] ?? (/^\d+$/.test(value) ? valueLabel(criterion, Number(value)) : value.toUpperCase());
}

interface ValuesFieldProps extends FieldProps {
  readonly placeholder: string;
  /** What is offered. */
  readonly values?: readonly string[];
  onSearch?(text: string): void;
  /** Can this be a value? */
  accepts?(text: string): boolean;
}

export function ValuesField({ label, chosen, onChange, placeholder, values = [], onSearch, accepts }: ValuesFieldProps) {
  const id = useId();
  const [refused, setRefused] = useState<string | null>(null);
  return (
    <>
      <label className="filter-label" htmlFor={id}>
        {label}
      </label>
      <TagsInput
        id={id}
        size="xs"
        placeholder={chosen.length === 0 ? placeholder : ""}
        data={[...values]}
        value={[...chosen]}
        // What was typed is meant, whether or not Enter was pressed.
        acceptValueOnBlur
        error={refused !== null && `${refused} is no ${label.toLowerCase()}`}
        onChange={(next) => {
          const wrong = next.find((text) => accepts?.(text) === false);
          setRefused(wrong ?? null);
          onChange(next.filter((text) => text !== wrong));
        }}
        onSearchChange={(text) => {
          if (text !== "") setRefused(null);
          onSearch?.(text);
        }}
        comboboxProps={{ withinPortal: false }}
        maxDropdownHeight={180}
      />
    </>
  );
}

export function WindowField({ window, onChange }: { readonly window: TimeWindow; onChange(window: TimeWindow): void }) {
  const id = useId();
  const clock = useClock();
  const isPreset = isLive(window) && PRESETS.some(({ from }) => from === window.from);
  return (
    <>
      <label className="filter-label" htmlFor={id}>
        Time range
      </label>
      <NativeSelect
        id={id}
        size="xs"
        value={isPreset ? window.from : "as-it-is"}
        onChange={(event) => {
          const { value } = event.currentTarget;
          if (value !== "as-it-is") onChange({ from: value, to: "now" });
        }}
      >
        {!isPreset && <option value="as-it-is">{windowLabel(window, clock, Date.now())}</option>}
        {PRESETS.map(({ from, label }) => (
          <option key={from} value={from}>
            {label}
          </option>
        ))}
      </NativeSelect>
    </>
  );
}
