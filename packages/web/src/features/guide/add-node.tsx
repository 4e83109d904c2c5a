import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { openGuide } from "./guide-state.ts";

export function AddNode({ prominent = false }: { prominent?: boolean }) {
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
