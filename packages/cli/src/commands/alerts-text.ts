/** Alerts as a terminal shows them. */
import type { Alert, AlertSeverity } from "@flowtrail/model";
import { shownTime, type Zone } from "../ask/moments.ts";
import { clean } from "../terminal/clean.ts";
import type { Output } from "../terminal/output.ts";
import type { Colour, Style } from "../terminal/style.ts";
import { tableLines } from "../terminal/table.ts";

const COLOURS: Readonly<Record<AlertSeverity, Colour>> = {
  critical: "red",
  high: "red",
  medium: "yellow",
  low: "cyan",
  info: "dim",
};
const LEAST_ID = 8;

/** So much of each id as tells them apart. */
export function idLength(alerts: readonly Pick<Alert, "id">[]): number {
  const ids = [...new Set(alerts.map(({ id }) => id))].sort();
  let length = LEAST_ID;
  for (const [i, id] of ids.entries()) {
    const before = ids[i - 1] ?? "";
    while (length < id.length && id.slice(0, length) === before.slice(0, length)) length++;
  }
  return length;
}

export function alertTable(alerts: readonly Alert[], zone: Zone, { style, width }: Pick<Output, "style" | "width">): string[] {
  const length = idLength(alerts);
  return tableLines<Alert>(
    [
      { title: "ID", text: ({ id }) => id.slice(0, length) },
      { title: "SINCE", text: ({ since }) => shownTime(Date.parse(since), zone).slice(5, 16) },
      { title: "SEVERITY", text: ({ severity }) => severity, colour: ({ severity }) => COLOURS[severity] },
      { title: "STATE", text: ({ state }) => state, spare: 2 },
      { title: "RULE", text: ({ rule }) => rule, spare: 3, least: 10 },
      { title: "SUMMARY", text: ({ summary }) => summary, least: 50 },
      { title: "BY", text: ({ by }) => by ?? "", spare: 4, least: 6 },
    ],
    alerts,
    { width, style },
  );
}

/** When it changed last, what it is now, and what it says. */
export function alertLine({ since, last, ended, severity, state, summary, rule }: Alert, zone: Zone, style: Style): string {
  const time = state === "resolved" ? (ended ?? last) : since;
  const word = state === "open" ? style(severity, COLOURS[severity], "bold") : `${state} (${severity})`;
  return `${style(shownTime(Date.parse(time), zone), "dim")}  ${word}  ${clean(summary)}  ${style(clean(rule), "dim")}`;
}
