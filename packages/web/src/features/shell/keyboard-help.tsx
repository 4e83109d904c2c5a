import { ActionIcon, Modal } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconKeyboard } from "@tabler/icons-react";
import { Fragment } from "react";
import { useHotkeys } from "../../lib/hotkeys.ts";
import { HEALTH_PATH, TRAFFIC_LOGS_PATH } from "../../lib/paths.ts";
import { navigate } from "../../lib/url.ts";
import { useGo } from "./use-go.ts";
import "./keyboard-help.css";

const KEYS: readonly (readonly [keys: readonly string[], meaning: string])[] = [
  [["j", "k"], "next, previous row"],
  [["Enter"], "open the row"],
  [["Esc"], "close the row"],
  [["/", "f"], "filter"],
  [["t"], "time range"],
  [["[", "]"], "earlier, later"],
  [["l"], "pause or resume live rows"],
  [["b"], "connections or all reports"],
  [["r"], "ask again"],
  [["g l"], "go to Traffic Logs"],
  [["g h"], "go to Health"],
  [["?"], "this help"],
];

export function KeyboardHelp() {
  const [opened, { open, close }] = useDisclosure(false);
  useHotkeys({ "?": open });
  useGo({
    l: () => navigate(TRAFFIC_LOGS_PATH, new URLSearchParams()),
    h: () => navigate(HEALTH_PATH, new URLSearchParams()),
  });
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
