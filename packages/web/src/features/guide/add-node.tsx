import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMe } from "../../lib/me.ts";
import { openGuide } from "./guide-state.ts";

/** For those who may. */
export function AddNode({ prominent = false }: { prominent?: boolean }) {
  if (!useMe().maySet) return null;
  return (
    <Button
      size={prominent ? "sm" : "xs"}
      variant={prominent ? "filled" : "default"}
      leftSection={<IconPlus size={15} aria-hidden />}
      onClick={() => openGuide()}
    >
      Add a node
    </Button>
  );
}
