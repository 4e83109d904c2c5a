/** When an alert was, and what became of it, in words. */
import type { Alert } from "@flowtrail/model";
import type { Clock } from "../../lib/clock.ts";
import type { TimeWindow } from "../../lib/time-window.ts";
import { whoText } from "../settings/audit-words.ts";
import { lastedText } from "./spans.ts";

/** `for 12 min`, `12 min, over`: how long it holds, or held. */
export function heldText({ since, ended }: Pick<Alert, "since" | "ended">, nowMs: number): string {
  const from = Date.parse(since);
  return ended === null ? `for ${lastedText(from, nowMs)}` : `lasted ${lastedText(from, Date.parse(ended))}`;
}

/** `acknowledged by ana: “it is the backup”`; null: nobody said anything of it. */
export function saidText(
  { state, by, note, until }: Pick<Alert, "state" | "by" | "note" | "until">,
  clock: Pick<Clock, "dayAndTime">,
): string | null {
  const ends = state === "silenced" && until !== null ? ` until ${clock.dayAndTime(Date.parse(until))}` : "";
  if (by === null && note === null && ends === "") return null;
  const what = state === "silenced" ? "Silenced" : state === "acknowledged" ? "Acknowledged" : "Noted";
  return `${what}${by === null ? "" : ` by ${nameText(by)}`}${ends}${note === null || note === "" ? "" : `: “${note}”`}`;
}

/** A person by name alone; a token is called what it is. */
export function nameText(by: string): string {
  return by.startsWith("session ") ? by.slice("session ".length) : whoText(by);
}

/** The time of the flows that it is made of. */
export function evidenceWindow({ from, to }: Pick<Alert, "from" | "to">): TimeWindow {
  return { from, to };
}

/** Address of a technique: sub-techniques have a page below that of theirs. */
export function mitreHref(technique: string): string {
  return `https://attack.mitre.org/techniques/${technique.replace(".", "/")}/`;
}

export interface PastLine {
  /** Null: it is not told when. */
  readonly time: string | null;
  readonly text: string;
}

/** What became of it, in order. */
export function pastOf(alert: Alert, clock: Clock): readonly PastLine[] {
  const said = saidText(alert, clock);
  const { value, limit } = alert;
  return [
    { time: alert.since, text: `Began: ${plain(value)} where the limit is ${plain(limit)}` },
    ...(said === null ? [] : [{ time: null, text: said }]),
    ...(alert.ended === null ? [{ time: alert.last, text: "Seen last" }] : [{ time: alert.ended, text: "Over" }]),
  ];
}

const number = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });
const plain = (value: number) => number.format(value);
