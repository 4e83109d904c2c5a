/** How it goes with a recipient, in words. */
import { formatCount } from "@flowtrail/model";
import type { Clock } from "../../lib/clock.ts";
import type { Recipient } from "../../lib/types-recipients.ts";

export interface StateLine {
  readonly text: string;
  readonly isBad: boolean;
}

/** What was told last, what went wrong since, what waits. */
export function recipientState(
  { enabled, status }: Pick<Recipient, "enabled" | "status">,
  clock: Pick<Clock, "dayAndTime">,
): readonly StateLine[] {
  const { last_sent, last_error, waiting, parked } = status;
  const failed = last_error !== null && (last_sent === null || Date.parse(last_error.time) > Date.parse(last_sent));
  const good = (text: string): StateLine => ({ text, isBad: false });
  const bad = (text: string): StateLine => ({ text, isBad: true });
  return [
    ...(enabled ? [] : [good("Off: it is told nothing.")]),
    good(last_sent === null ? "Nothing was told yet." : `Told last ${clock.dayAndTime(Date.parse(last_sent))}.`),
    ...(failed ? [bad(`Failed ${clock.dayAndTime(Date.parse(last_error.time))}: ${last_error.message}`)] : []),
    ...(waiting > 0 ? [good(`${formatCount(waiting)} ${waiting === 1 ? "waits" : "wait"} to be told.`)] : []),
    ...(parked > 0
      ? [bad(`${formatCount(parked)} could not be told and ${parked === 1 ? "is" : "are"} given up: try again or drop.`)]
      : []),
  ];
}
