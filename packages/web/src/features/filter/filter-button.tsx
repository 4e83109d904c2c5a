/** The Filter button: the spec's criteria over the same query that the query bar shows. What is chosen is asked for when it is applied. */
import { Button, Popover } from "@mantine/core";
import { IconFilter } from "@tabler/icons-react";
import type { TimeWindow } from "../../lib/time-window.ts";
import { FilterForm } from "./filter-form.tsx";
import { CRITERIA, readForm } from "./form-model.ts";
import "./filter-form.css";

export interface FilterButtonProps {
  readonly window: TimeWindow;
  readonly q: string;
  /** Names that are offered for "Node"; others may be typed. */
  readonly nodes: readonly string[];
  readonly opened: boolean;
  onOpened(opened: boolean): void;
  onApply(asked: { readonly window: TimeWindow; readonly q: string }): void;
}

export function FilterButton(props: FilterButtonProps) {
  const { q, opened, onOpened } = props;
  const { choices, others } = readForm(q);
  const count = others + CRITERIA.filter((criterion) => choices[criterion].length > 0).length;
  return (
    <Popover opened={opened} onChange={onOpened} position="bottom-start" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant={count > 0 ? "light" : "default"}
          size="xs"
          h={32}
          leftSection={<IconFilter size={15} stroke={1.8} aria-hidden />}
          onClick={() => onOpened(!opened)}
        >
          Filter{count > 0 && ` (${count})`}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={0}>
        <FilterForm {...props} />
      </Popover.Dropdown>
    </Popover>
  );
}
