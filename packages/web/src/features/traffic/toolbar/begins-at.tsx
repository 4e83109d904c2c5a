import { Button } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useClock } from "../../../lib/use-clock.ts";

export interface BeginsAtProps {
  /** RFC 3339. */
  readonly at: string;
  readonly withDay: boolean;
  onRemove(): void;
}

/** The list begins at a time that was picked, not at its newest row: says so, and takes it back. */
export function BeginsAt({ at, withDay, onRemove }: BeginsAtProps) {
  const clock = useClock();
  const ms = Date.parse(at);
  return (
    <Button
      variant="light"
      size="compact-xs"
      title={`The list begins at ${clock.exact(ms)}: begin at its end again`}
      rightSection={<IconX size={12} aria-hidden />}
      onClick={onRemove}
    >
      from {withDay ? clock.dayAndTime(ms) : clock.time(ms)}
    </Button>
  );
}
