import { Button } from "@mantine/core";

/** Stands where the rows will be after somebody cleared the table. */
export function Cleared({ onShowAll }: { onShowAll(): void }) {
  return (
    <div className="cleared" role="status">
      <p>Cleared. Rows appear here as they come in.</p>
      <Button variant="default" size="xs" onClick={onShowAll}>
        Show all again
      </Button>
    </div>
  );
}
