/** Chooses what the table shows: columns, their order, the height of rows. */
import { Button, Popover, SegmentedControl } from "@mantine/core";
import { IconColumns3 } from "@tabler/icons-react";
import { DEFAULT_LAYOUT, DENSITIES, type TableLayout, toggled } from "./layout.ts";
import { OrderedColumns } from "./ordered-columns.tsx";
import { ALL_COLUMNS } from "./registry.ts";
import "./picker.css";

const DENSITY_LABELS = { 48: "Two lines", 32: "One line", 28: "Dense" } as const;
const DENSITY_CHOICES = DENSITIES.map((density) => ({ value: String(density), label: DENSITY_LABELS[density] }));

export interface PickerProps {
  readonly layout: TableLayout;
  onChange(layout: TableLayout): void;
}

export function ColumnPicker({ layout, onChange }: PickerProps) {
  const shown = new Set(layout.columns.map(({ column }) => column));
  const setDensity = (text: string) => {
    const density = DENSITIES.find((one) => String(one) === text);
    if (density !== undefined) onChange({ ...layout, density });
  };
  return (
    <Popover position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" size="xs" h={32} leftSection={<IconColumns3 size={15} stroke={1.8} aria-hidden />}>
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label="Columns">
        <div className="picker">
          <div className="picker-lists">
            <section aria-labelledby="picker-shown">
              <h2 id="picker-shown">Shown, in this order</h2>
              <OrderedColumns layout={layout} onChange={onChange} />
            </section>
            <section aria-labelledby="picker-more">
              <h2 id="picker-more">More</h2>
              <ul className="picker-list">
                {ALL_COLUMNS.filter((column) => !shown.has(column)).map((column) => (
                  <li key={column.id}>
                    <label title={column.tooltip}>
                      <input type="checkbox" checked={false} onChange={() => onChange(toggled(layout, column))} />
                      {column.label}
                    </label>
                  </li>
                ))}
              </ul>
            </section>
          </div>
          <div className="picker-foot">
            <SegmentedControl
              size="xs"
              aria-label="Height of rows"
              data={DENSITY_CHOICES}
              value={String(layout.density)}
              onChange={setDensity}
            />
            <label className="picker-pin">
              <input
                type="checkbox"
                checked={layout.pinned}
                onChange={(event) => onChange({ ...layout, pinned: event.currentTarget.checked })}
              />
              Keep the first column in view
            </label>
            <Button size="xs" variant="subtle" onClick={() => onChange(DEFAULT_LAYOUT)}>
              Reset
            </Button>
          </div>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
