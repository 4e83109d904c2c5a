import { ActionIcon, Modal } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconKeyboard } from "@tabler/icons-react";
import { Fragment } from "react";
import { carriedParams } from "../../lib/asked.ts";
import { useHotkeys } from "../../lib/hotkeys.ts";
import { navigate, useUrl } from "../../lib/url.ts";
import { SCREENS } from "../../screens.ts";
import { useGo } from "./use-go.ts";
import "./keyboard-help.css";

const KEYS: readonly (readonly [keys: readonly string[], meaning: string])[] = [
  [["j", "k"], "next, previous row"],
  [["Enter"], "open the row"],
  [["Esc"], "close the row"],
  [["/"], "write a query"],
  [["f", "x", "e"], "include, exclude the focused value, ask for it at either end"],
  [["t"], "time range"],
  [["[", "]"], "earlier, later"],
  [["l"], "pause or resume live rows"],
  [["b"], "connections or all reports"],
  [["r"], "ask again"],
  ...SCREENS.flatMap(({ title, nav }) => (nav?.key ? [[[`g ${nav.key}`], `go to ${title}`] as const] : [])),
  [["?"], "this help"],
];

export function KeyboardHelp() {
  const [opened, { open, close }] = useDisclosure(false);
  useHotkeys({ "?": open });
  const { params } = useUrl();
  useGo(
    Object.fromEntries(
      SCREENS.flatMap(({ path, nav }) => (nav?.key ? [[nav.key, () => navigate(path, carriedParams(params))]] : [])),
    ),
  );
  return (
    <>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label="Keyboard shortcuts"
        title="Keyboard shortcuts (?)"
        onClick={open}
      >
        <IconKeyboard size={18} stroke={1.7} />
      </ActionIcon>
      <Modal opened={opened} onClose={close} title="Keyboard" centered closeButtonProps={{ "aria-label": "Close" }}>
        <dl className="key-list">
          {KEYS.map(([keys, meaning]) => (
            <Fragment key={meaning}>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{meaning}</dd>
            </Fragment>
          ))}
        </dl>
      </Modal>
    </>
  );
}
