import { Button } from "@mantine/core";
import { Banner } from "../../ui/banner.tsx";

/** A part of the panel that could not be asked for. */
export function TryAgain({ error, onTry }: { error: Error; onTry(): void }) {
  return (
    <Banner
      kind="bad"
      action={
        <Button size="compact-sm" variant="default" onClick={onTry}>
          Try again
        </Button>
      }
    >
      {error.message}
    </Banner>
  );
}
