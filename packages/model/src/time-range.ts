/** Points in time as people and scripts write them: relative to now, RFC 3339, or milliseconds since 1970 (UTC). */

import { FlowtrailError } from "./errors.ts";
import { parseDuration } from "./units.ts";

const EXPECTED =
  "now, now-1h, -15m (units ms, s, m, h, d, w), an RFC 3339 time with zone (2026-11-22T09:51:00Z) or milliseconds since 1970";
/** The store's DateTime64 ends with the year 2299. */
const MAX_MS = Date.UTC(2300, 0, 1) - 1;

/** A text that is no time, or a range that ends before it begins. */
export class TimeError extends FlowtrailError<{ code: "BAD_TIME"; value: string; expected: string }> {
  constructor(value: string, expected: string) {
    super({ code: "BAD_TIME", value, expected }, `${JSON.stringify(value)} is not a time: expected ${expected}`);
  }
}

/** Milliseconds since 1970 (UTC); `fromMs` is in the range, `toMs` is not. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Reads one point in time. Throws TimeError. */
export function parseTime(text: string, nowMs: number): number {
  const ms = relative(text, nowMs) ?? epoch(text) ?? rfc3339Ms(text);
  if (ms === null) throw new TimeError(text, EXPECTED);
  if (ms < 0 || ms > MAX_MS) throw new TimeError(text, "a time from 1970 to 2299");
  return ms;
}

/** Reads a range. Throws TimeError, also when `from` is not before `to`. */
export function parseTimeRange(from: string, to: string, nowMs: number): TimeRange {
  const fromMs = parseTime(from, nowMs);
  const toMs = parseTime(to, nowMs);
  if (fromMs >= toMs) throw new TimeError(`${from} … ${to}`, "a range whose beginning is before its end");
  return { fromMs, toMs };
}

function relative(text: string, nowMs: number): number | null {
  if (text === "now") return nowMs;
  const match = /^(?:now)?([+-])(.+)$/.exec(text);
  const ms = parseDuration(match?.[2] ?? "");
  if (match === null || ms === null) return null;
  return match[1] === "-" ? nowMs - ms : nowMs + ms;
}

/** Fewer digits are not taken: seconds since 1970 (10) or a date (8) would silently mean January 1970. 0 is the beginning of all. */
function epoch(text: string): number | null {
  return /^(?:0|[1-9]\d{11,14})$/.test(text) ? Number(text) : null;
}

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d{1,9})?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** Reads an RFC 3339 time in milliseconds since 1970, or null. Date.parse would take 30 February and local time. */
export function rfc3339Ms(text: string): number | null {
  const match = RFC3339.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [zoneHour = 0, zoneMinute = 0] = match.slice(9, 11).map((part) => Number(part ?? 0));
  if (year < 1000 || month < 1 || month > 12 || day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return null;
  // Second 60 is a leap second (RFC 3339 §5.7): the next minute's first.
  if (hour > 23 || minute > 59 || second > 60 || zoneHour > 23 || zoneMinute > 59) return null;
  const fractionMs = Math.floor(Number(`0${match[7] ?? ""}`) * 1000 + 1e-6);
  const zoneMs = (zoneHour * 60 + zoneMinute) * 60_000 * (match[8] === "-" ? -1 : 1);
  return Date.UTC(year, month - 1, day, hour, minute, second) + fractionMs - zoneMs;
}
