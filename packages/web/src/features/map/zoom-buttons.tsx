import { ActionIcon } from "@mantine/core";
import { IconMaximize, IconMinus, IconPlus } from "@tabler/icons-react";

const STEP = 1.3;
const ICON = { size: 16, stroke: 1.8, "aria-hidden": true } as const;

export function ZoomButtons({ onZoom, onFit }: { onZoom(factor: number): void; onFit(): void }) {
  const look = { variant: "default", size: 30 } as const;
  return (
    <ActionIcon.Group className="map-zoom">
      <ActionIcon {...look} aria-label="Zoom in" title="Zoom in (+)" onClick={() => onZoom(STEP)}>
        <IconPlus {...ICON} />
      </ActionIcon>
      <ActionIcon {...look} aria-label="Zoom out" title="Zoom out (−)" onClick={() => onZoom(1 / STEP)}>
        <IconMinus {...ICON} />
      </ActionIcon>
      <ActionIcon {...look} aria-label="Show all" title="Show all of the map (0)" onClick={onFit}>
        <IconMaximize {...ICON} />
      </ActionIcon>
    </ActionIcon.Group>
  );
}
