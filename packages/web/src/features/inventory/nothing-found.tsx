import { Button } from "@mantine/core";
import { IconFilterOff } from "@tabler/icons-react";
import type { InventoryKind } from "../../lib/types-inventory.ts";
import { Empty } from "../../ui/empty.tsx";
import { nounOf } from "./kinds.ts";

/** The search hides all of them. */
export function NothingFound({ kind, find, onAll }: { kind: InventoryKind; find: string; onAll(): void }) {
  const what = nounOf(kind);
  return (
    <Empty
      icon={<IconFilterOff size={26} stroke={1.6} />}
      title={`None of the ${what} is found by “${find}”`}
      actions={<Button onClick={onAll}>Show all {what}</Button>}
    >
      <p>Each word is looked for in names, addresses, networks, devices, groups and tags.</p>
    </Empty>
  );
}
