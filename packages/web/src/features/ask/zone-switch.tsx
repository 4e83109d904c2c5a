import { Button, Menu } from "@mantine/core";
import { IconWorldPin } from "@tabler/icons-react";
import { localZone, useClock, useZone, ZONES } from "../../lib/use-clock.ts";

const LABELS = { local: `Local time (${localZone})`, utc: "UTC" } as const;

/** Which zone all times are in: one's own, or the one that servers log in. */
export function ZoneSwitch() {
  const [zone, choose] = useZone();
  const clock = useClock();
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <Button
          variant="default"
          size="xs"
          h={32}
          px={9}
          aria-label={`Time zone: ${LABELS[zone]}`}
          title={`Times are in ${clock.zone}`}
          leftSection={<IconWorldPin size={15} stroke={1.8} aria-hidden />}
        >
          {zone === "utc" ? "UTC" : "Local"}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.RadioGroup value={zone} onChange={(value) => choose(value === "utc" ? "utc" : "local")}>
          {ZONES.map((one) => (
            <Menu.RadioItem key={one} value={one} closeMenuOnClick>
              {LABELS[one]}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}
