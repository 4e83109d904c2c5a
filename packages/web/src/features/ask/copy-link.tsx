import { ActionIcon, Menu } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconClockPin, IconLink } from "@tabler/icons-react";
import { readAsked, writeAsked } from "../../lib/asked.ts";
import { exactWindow } from "../../lib/time-window.ts";
import { hrefOf, useUrl } from "../../lib/url.ts";

/** What one sees, to be sent to others: as it is asked, or as it is now. */
export function CopyLink() {
  const { path, params } = useUrl();
  const clipboard = useClipboard({ timeout: 1500 });
  const copyExact = () => {
    const nowMs = Date.now();
    const asked = readAsked(params, nowMs);
    const exact = writeAsked({ ...asked, window: exactWindow(asked.window, nowMs) }, params);
    clipboard.copy(window.location.origin + hrefOf(path, exact));
  };
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <ActionIcon variant="default" size={32} aria-label={clipboard.copied ? "Link copied" : "Copy link"} title="Copy link">
          {clipboard.copied ? <IconCheck size={16} /> : <IconLink size={16} stroke={1.8} />}
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconLink size={16} stroke={1.7} aria-hidden />}
          onClick={() => clipboard.copy(window.location.origin + hrefOf(path, params))}
        >
          Copy this link
        </Menu.Item>
        <Menu.Item leftSection={<IconClockPin size={16} stroke={1.7} aria-hidden />} onClick={copyExact}>
          Copy link to this exact window
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
