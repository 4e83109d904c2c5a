/** A command to be run somewhere else, with a button that copies it. */
import { ActionIcon } from "@mantine/core";
import { IconCheck, IconCopy, IconLink } from "@tabler/icons-react";
import { useCopy } from "../lib/use-copy.ts";
import "./command.css";

export function Command({ text }: { text: string }) {
  return (
    <div className="command">
      <code>{text}</code>
      <CopyButton text={text} label="Copy command" />
    </div>
  );
}

/** Says for a moment that it was done. */
export function CopyButton({ text, label, icon = "copy" }: { text: string; label: string; icon?: "copy" | "link" }) {
  const Icon = icon === "link" ? IconLink : IconCopy;
  const clipboard = useCopy();
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={clipboard.copied ? "Copied" : label}
      title={clipboard.copied ? "Copied" : label}
      onClick={() => clipboard.copy(text)}
    >
      {clipboard.copied ? <IconCheck size={16} /> : <Icon size={16} />}
    </ActionIcon>
  );
}
