/** Hours of the day in which a recipient is told nothing. */
import type { Quiet } from "./recipient.ts";

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** When the quiet time ends that it is now; null: it is none. Around a change of the clocks it is looked at again then. */
export function quietUntil({ from, to, zone, days }: Quiet, nowMs: number): number | null {
  const { day, minute } = wallClock(nowMs, zone);
  const begins = minutesOf(from);
  const ends = minutesOf(to);
  const isOn = (weekday: number) => days.length === 0 || days.includes(weekday);
  const yesterday = (day + 6) % 7;
  const length = (ends - begins + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES;
  const sinceToday = minute - begins;
  const sinceYesterday = sinceToday + DAY_MINUTES;
  const left =
    sinceToday >= 0 && sinceToday < length && isOn(day)
      ? length - sinceToday
      : sinceYesterday < length && isOn(yesterday)
        ? length - sinceYesterday
        : null;
  return left === null ? null : Math.floor(nowMs / MINUTE_MS) * MINUTE_MS + left * MINUTE_MS;
}

function minutesOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  return hours * 60 + minutes;
}

function wallClock(ms: number, timeZone: string): { day: number; minute: number } {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  return { day: WEEKDAYS.indexOf(parts.weekday ?? ""), minute: Number(parts.hour) * 60 + Number(parts.minute) };
}
