/** Times as people type them → what the API is asked for, and times of answers → what a terminal shows. */
import { parseDuration, parseTime, rfc3339Ms, TimeError } from "@flowtrail/model";
import { CliError } from "../errors.ts";

const EXPECTED = "1h, 7d, now, today, yesterday, 14:30, 2026-11-01, '2026-11-01 14:30' or 2026-11-01T14:30:00Z";

export interface Zone {
  readonly utc: boolean;
}

/**
 * As the API takes it. What is relative stays so: the server's clock counts.
 * @throws CliError USAGE
 */
export function momentFor(flag: string, text: string, zone: Zone, nowMs: number): string {
  const given = text.trim();
  if (parseDuration(given) !== null) return `-${given}`;
  if (given === "now" || /^(now)?[-+]/.test(given)) return checked(flag, given, nowMs);
  if (given === "today" || given === "yesterday") return iso(dayOf(nowMs, given === "today" ? 0 : -1, zone));
  const clock = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(given);
  const day = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?)?$/.exec(given);
  const ms = clock !== null ? clockOf(clock, zone, nowMs) : day !== null ? calendarOf(day, zone) : rfc3339Ms(given);
  if (ms !== null) return iso(ms);
  return checked(flag, given, nowMs);
}

/** Milliseconds since 1970 of what `momentFor` made. */
export const momentMs = (text: string, nowMs: number) => parseTime(text, nowMs);

function checked(flag: string, text: string, nowMs: number): string {
  try {
    const ms = parseTime(text, nowMs);
    return /^\d/.test(text) ? iso(ms) : text;
  } catch (cause) {
    if (!(cause instanceof TimeError)) throw cause;
    throw new CliError({ code: "USAGE" }, `${flag} ${JSON.stringify(text)} is not a time: expected ${EXPECTED}`, { cause });
  }
}

const iso = (ms: number) => new Date(ms).toISOString();

function dayOf(nowMs: number, days: number, { utc }: Zone): number {
  const now = new Date(nowMs);
  return utc
    ? Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + days)
    : new Date(now.getFullYear(), now.getMonth(), now.getDate() + days).getTime();
}

/** Of today; of yesterday if today's is still to come. */
function clockOf(match: RegExpExecArray, zone: Zone, nowMs: number): number | null {
  const [hour = 0, minute = 0, second = 0] = match.slice(1).map((part) => Number(part ?? 0));
  if (hour > 23 || minute > 59 || second > 59) return null;
  const at = (days: number) => dayOf(nowMs, days, zone) + ((hour * 60 + minute) * 60 + second) * 1000;
  return at(0) <= nowMs ? at(0) : at(-1);
}

function calendarOf(match: RegExpExecArray, { utc }: Zone): number | null {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map((part) => Number(part ?? 0));
  // Whether there is such a day and time at all, is the same in each zone.
  const inUtc = rfc3339Ms(`${match.slice(1, 4).join("-")}T${[hour, minute, second].map(two).join(":")}Z`);
  return inUtc === null || utc ? inUtc : new Date(year, month - 1, day, hour, minute, second).getTime();
}

const two = (n: number) => String(n).padStart(2, "0");

/** `2026-11-23 09:50:00.123`, in the zone of this machine or UTC. */
export function shownTime(ms: number, { utc }: Zone, { milliseconds = false, date = true } = {}): string {
  const t = new Date(ms);
  if (!Number.isFinite(t.getTime())) return "-";
  const [y, mo, d, h, mi, s] = utc
    ? [t.getUTCFullYear(), t.getUTCMonth(), t.getUTCDate(), t.getUTCHours(), t.getUTCMinutes(), t.getUTCSeconds()]
    : [t.getFullYear(), t.getMonth(), t.getDate(), t.getHours(), t.getMinutes(), t.getSeconds()];
  const clock = `${two(h)}:${two(mi)}:${two(s)}${milliseconds ? `.${String(t.getUTCMilliseconds()).padStart(3, "0")}` : ""}`;
  return date ? `${y}-${two(mo + 1)}-${two(d)} ${clock}` : clock;
}
