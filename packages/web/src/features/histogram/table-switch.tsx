import { Button } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconTable } from "@tabler/icons-react";

/** Whether charts are shown in numbers, remembered for all of them. */
export function useAsTable() {
  return useLocalStorage({ key: "flowtrail.charts-as-tables", defaultValue: false, getInitialValueInEffect: false });
}

export function TableSwitch({ on, onChange }: { on: boolean; onChange(on: boolean): void }) {
  return (
    <Button
      size="compact-xs"
      variant={on ? "light" : "subtle"}
      color={on ? "blue" : "gray"}
      aria-pressed={on}
      title="Show the chart in numbers"
      leftSection={<IconTable size={14} aria-hidden />}
      onClick={() => onChange(!on)}
    >
      Table
    </Button>
  );
}
