/** A window of time as people type it: `-36h`, `yesterday`, `2026-11-20 08:00 to 09:30`. */
import { parseDuration, parseTime, TimeError } from "@flowtrail/model";
import type { Clock } from "../../lib/clock.ts";
import { absoluteWindow, boundsOf, type TimeWindow } from "../../lib/time-window.ts";

/** One side of it. */
interface Moment {
  /** Stays relative in the address; null: it is absolute. */
  readonly relative: string | null;
  readonly beginMs: number;
  /** Later than `beginMs` if it is a whole day. */
  readonly endMs: number;
}

const DAY = /^\d{4}-\d\d-\d\d$/;
const DAY_AND_TIME = /^(\d{4}-\d\d-\d\d)[ t](\d{1,2}:\d\d(?::\d\d)?)$/;
const TIME = /^\d{1,2}:\d\d(?::\d\d)?$/;

/** Null: it is none. Days and times without a zone are the clock's. */
export function readTimeText(text: string, clock: Clock, nowMs: number): TimeWindow | null {
  const sides = text
    .trim()
    .toLowerCase()
    .split(/\s+to\s+|\s*(?:\.\.|…|–)\s*|\s+-\s+/);
  const today = clock.inputText(nowMs).slice(0, 10);
  const from = moment(sides[0] ?? "", today, clock, nowMs);
  if (from === null || sides.length > 2) return null;
  if (sides[1] === undefined) return checked(alone(from, nowMs), nowMs);
  const to = moment(sides[1], clock.inputText(from.beginMs).slice(0, 10), clock, nowMs);
  if (to === null) return null;
  const absolute = absoluteWindow(from.beginMs, to.endMs);
  return checked({ from: from.relative ?? absolute.from, to: to.relative ?? absolute.to }, nowMs);
}

/** A day is that day; any other moment is the beginning of what lasts until now. */
function alone(from: Moment, nowMs: number): TimeWindow {
  if (from.relative !== null) return { from: from.relative, to: "now" };
  const absolute = absoluteWindow(from.beginMs, from.endMs);
  return from.endMs > from.beginMs && from.endMs <= nowMs ? absolute : { from: absolute.from, to: "now" };
}

function checked(window: TimeWindow, nowMs: number): TimeWindow | null {
  return boundsOf(window, nowMs) === null ? null : window;
}

/** `day`: of a time that stands alone. */
function moment(text: string, day: string, clock: Clock, nowMs: number): Moment | null {
  if (text === "now") return { relative: "now", beginMs: nowMs, endMs: nowMs };
  const span = text
    .replace(/^(?:the )?last /, "")
    .replace(/^-/, "")
    .replace(/ ago$/, "")
    .replaceAll(" ", "");
  const spanMs = parseDuration(span);
  if (spanMs !== null) return { relative: `-${span}`, beginMs: nowMs - spanMs, endMs: nowMs - spanMs };
  if (text === "today") return wholeDay(clock.inputText(nowMs).slice(0, 10), clock);
  if (text === "yesterday") return wholeDay(dayBefore(clock.inputText(nowMs).slice(0, 10)), clock);
  if (DAY.test(text)) return wholeDay(text, clock);
  const [, ownDay = day, time = text] = DAY_AND_TIME.exec(text) ?? [];
  const twoDigits = time.indexOf(":") === 1 ? `0${time}` : time;
  const ms = TIME.test(time) ? clock.inputMs(`${ownDay}T${twoDigits}`) : instant(text, nowMs);
  return ms === null ? null : { relative: null, beginMs: ms, endMs: ms };
}

function wholeDay(day: string, clock: Clock): Moment | null {
  const beginMs = clock.inputMs(`${day}T00:00:00`);
  if (beginMs === null) return null;
  // Days are 23 to 25 hours long.
  return { relative: null, beginMs, endMs: clock.inputMs(`${dayAfter(day)}T00:00:00`) ?? beginMs };
}

function dayBefore(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}

/** With a zone, or in milliseconds. */
function instant(text: string, nowMs: number): number | null {
  try {
    return parseTime(text.toUpperCase(), nowMs);
  } catch (error) {
    if (error instanceof TimeError) return null;
    throw error;
  }
}
