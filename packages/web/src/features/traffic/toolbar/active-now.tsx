import { Button } from "@mantine/core";
import { chosenAs, only, withoutValue } from "../../../lib/filter-edit.ts";
import { partsOf } from "../../../lib/filter-edit-parts.ts";

export interface ActiveNowProps {
  readonly q: string;
  onChange(q: string): void;
}

/** Open flows alone; part of the query like anything else that is asked. */
export function ActiveNow({ q, onChange }: ActiveNowProps) {
  const isOn = chosenAs(partsOf(q), "state", "open") === "included";
  return (
    <Button
      variant={isOn ? "light" : "default"}
      size="xs"
      h={32}
      aria-pressed={isOn}
      title="Only flows that are open"
      leftSection={<span className={`active-dot${isOn ? " pulse" : ""}`} aria-hidden />}
      onClick={() => onChange(isOn ? withoutValue(q, "state", "open") : only(q, "state", "open"))}
    >
      Active now
    </Button>
  );
}
