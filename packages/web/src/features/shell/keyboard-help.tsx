import { Modal } from "@mantine/core";
import { Fragment } from "react";
import { MOD_KEY } from "../../lib/hotkeys.ts";
import { useMe } from "../../lib/me.ts";
import { type Screen, screensFor } from "../../screens.ts";
import "./keyboard-help.css";

type Line = readonly [keys: readonly string[], meaning: string];

const everywhere = (screens: readonly Screen[]): readonly Line[] => [
  [[`${MOD_KEY} K`], "command palette"],
  ...screens.flatMap(({ title, nav }): Line[] => (nav?.key ? [[[`g ${nav.key}`], `go to ${title}`]] : [])),
  [["?"], "this help"],
];

const TRAFFIC: readonly Line[] = [
  [["/"], "write a query"],
  [["f", "x", "e"], "include, exclude the focused value, ask for it at either end"],
  [["s"], "swap source and destination in the query"],
  [["t"], "time range"],
  [["[", "]"], "earlier, later"],
  [["-"], "zoom out: twice the time"],
  [["r"], "ask again"],
];

const ROWS: readonly Line[] = [
  [["j", "k"], "next, previous row"],
  [["Enter"], "open the row"],
  [["Esc"], "close the row"],
  [["→", "←"], "show each report of the row, go through its values, and back"],
  [["l"], "pause or resume live rows"],
  [["b"], "connections or all reports"],
];

const MAP: readonly Line[] = [
  [["j", "k"], "next, previous node, the largest first"],
  [["Enter"], "menu of the node"],
  [["+", "−", "0"], "larger, smaller, all of it"],
  [["←", "↑", "→", "↓"], "move it"],
];

const ALERTS: readonly Line[] = [
  [["j", "k"], "next, previous alert"],
  [["a"], "acknowledge the alert that is open"],
  [["s"], "silence it"],
  [["Esc"], "close it"],
];

const SECTIONS = [
  ["Where traffic is shown", TRAFFIC],
  ["Traffic Logs", ROWS],
  ["Map", MAP],
  ["Alerts", ALERTS],
] as const;

export function KeyboardHelp({ opened, onClose }: { opened: boolean; onClose(): void }) {
  const sections = [["Everywhere", everywhere(screensFor(useMe()))] as const, ...SECTIONS];
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard" centered closeButtonProps={{ "aria-label": "Close" }}>
      {sections.map(([title, lines]) => (
        <section key={title} className="key-section">
          <h3>{title}</h3>
          <dl className="key-list">
            {lines.map(([keys, meaning]) => (
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
        </section>
      ))}
    </Modal>
  );
}
