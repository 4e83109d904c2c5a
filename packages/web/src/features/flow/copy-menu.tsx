import type { FlowJson } from "@flowtrail/model";
import { ActionIcon, Menu } from "@mantine/core";
import { IconBraces, IconCheck, IconCopy, IconMarkdown, IconTerminal, IconTerminal2, IconTextSize } from "@tabler/icons-react";
import { useClock } from "../../lib/use-clock.ts";
import { useCopy } from "../../lib/use-copy.ts";
import { COPY_FORMS } from "./copy-forms.ts";

const ICONS = { text: IconTextSize, json: IconBraces, markdown: IconMarkdown, curl: IconTerminal, cli: IconTerminal2 } as const;

/** The row in the form that one needs elsewhere. */
export function CopyMenu({ flow }: { flow: FlowJson }) {
  const clock = useClock();
  const clipboard = useCopy();
  const label = clipboard.copied ? "Copied" : "Copy as …";
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={label} title={label}>
          {clipboard.copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Copy this row as</Menu.Label>
        {COPY_FORMS.map(({ id, label: name, of }) => {
          const Icon = ICONS[id];
          return (
            <Menu.Item
              key={id}
              leftSection={<Icon size={15} stroke={1.7} aria-hidden />}
              onClick={() => clipboard.copy(of(flow, clock, window.location.origin))}
            >
              {name}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}
