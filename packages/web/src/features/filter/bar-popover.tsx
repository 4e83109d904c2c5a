import { Popover } from "@mantine/core";
import { type ReactNode, useState } from "react";

export interface BarPopoverProps {
  readonly label: string;
  readonly icon: ReactNode;
  readonly children: (close: () => void) => ReactNode;
}

/** A button in the query bar, and what it opens. */
export function BarPopover({ label, icon, children }: BarPopoverProps) {
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className="query-bar-button" aria-label={label} title={label} onClick={() => setOpened(!opened)}>
          {icon}
        </button>
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label={label}>
        {children(() => setOpened(false))}
      </Popover.Dropdown>
    </Popover>
  );
}
