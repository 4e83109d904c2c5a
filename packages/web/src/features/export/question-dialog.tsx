import type { FilterError } from "@flowtrail/model";
import { Button, Modal } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { mistakeIn } from "../../lib/asked.ts";

export interface QuestionDialogProps {
  /** As the API takes it. */
  readonly asked: URLSearchParams;
  /** The button's; with `iconOnly` it is not seen. */
  readonly label: string;
  readonly title: string;
  readonly icon: ReactNode;
  readonly iconOnly?: boolean;
  /** Beside a heading instead of in the toolbar. */
  readonly small?: boolean;
  readonly sizePx: number;
  readonly children: ReactNode;
}

/** A button that opens what can be done with a question. One with a mistake is handed on to nobody. */
export function QuestionDialog({
  asked,
  label,
  title,
  icon,
  iconOnly = false,
  small = false,
  sizePx,
  children,
}: QuestionDialogProps) {
  const [opened, setOpened] = useState(false);
  const mistake = mistakeIn(asked.get("q") ?? "");
  return (
    <>
      <Button
        {...(small ? { variant: "subtle", color: "gray", size: "compact-xs" } : { variant: "default", size: "xs", h: 32 })}
        {...(iconOnly ? { px: 9, "aria-label": label, title: label } : { leftSection: icon })}
        onClick={() => setOpened(true)}
      >
        {iconOnly ? icon : label}
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title={title}
        size={sizePx}
        closeButtonProps={{ "aria-label": "Close" }}
      >
        {mistake === null ? children : <Refused mistake={mistake} />}
      </Modal>
    </>
  );
}

function Refused({ mistake }: { mistake: FilterError }) {
  return <p role="alert">The query has a mistake: {mistake.message}. Correct it in the query bar first.</p>;
}
