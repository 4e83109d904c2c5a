import { ActionIcon, Menu } from "@mantine/core";
import { IconCheck, IconClockPin, IconLink } from "@tabler/icons-react";
import { useUrl } from "../../lib/url.ts";
import { useCopy } from "../../lib/use-copy.ts";
import { exactLinkTo, linkTo } from "./links.ts";

/** What one sees, to be sent to others: as it is asked, or as it is now. */
export function CopyLink() {
  const url = useUrl();
  const clipboard = useCopy();
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <ActionIcon variant="default" size={32} aria-label={clipboard.copied ? "Link copied" : "Copy link"} title="Copy link">
          {clipboard.copied ? <IconCheck size={16} /> : <IconLink size={16} stroke={1.8} />}
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconLink size={16} stroke={1.7} aria-hidden />} onClick={() => clipboard.copy(linkTo(url))}>
          Copy this link
        </Menu.Item>
        <Menu.Item
          leftSection={<IconClockPin size={16} stroke={1.7} aria-hidden />}
          onClick={() => clipboard.copy(exactLinkTo(url))}
        >
          Copy link to this exact window
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
