/** Times below a chart, in the zone of the clock. */
import { scaleTime, scaleUtc } from "d3-scale";
import type { Clock } from "../../lib/clock.ts";

export interface TimeTick {
  readonly ms: number;
  /** `9:45 AM`, at midnight the day. */
  readonly label: string;
}

/** A label needs so much room. */
const TICK_PX = 92;
const MINUTE_MS = 60_000;

export function timeTicks(fromMs: number, toMs: number, widthPx: number, clock: Pick<Clock, "zone">): TimeTick[] {
  // A time without steps has no places.
  if (toMs <= fromMs) return [];
  const scale = (clock.zone === "UTC" ? scaleUtc() : scaleTime()).domain([fromMs, toMs]);
  const times = scale.ticks(Math.max(2, Math.floor(widthPx / TICK_PX))).map(Number);
  const fine = times.some((ms) => ms % MINUTE_MS !== 0);
  const { day, time, seconds, isMidnight } = formats(clock.zone);
  return times.map((ms) => ({ ms, label: isMidnight(ms) ? day(ms) : fine ? seconds(ms) : time(ms) }));
}

export interface PlacedTick extends TimeTick {
  readonly x: number;
  readonly anchor: "start" | "middle" | "end";
}

/** So wide is a letter at most, in pixels. */
const LETTER_PX = 6.4;
const GAP_PX = 10;

/** Labels that have room, from the left; at the edges they stay within the drawing. */
export function placeTicks(ticks: readonly TimeTick[], xOf: (ms: number) => number, left: number, right: number): PlacedTick[] {
  const placed: PlacedTick[] = [];
  let freeFrom = Number.NEGATIVE_INFINITY;
  for (const tick of ticks) {
    const [x, width] = [xOf(tick.ms), tick.label.length * LETTER_PX];
    const anchor = x - width / 2 < left ? "start" : x + width / 2 > right ? "end" : "middle";
    const begin = anchor === "start" ? x : anchor === "end" ? x - width : x - width / 2;
    if (begin < freeFrom) continue;
    freeFrom = begin + width + GAP_PX;
    placed.push({ ...tick, x, anchor });
  }
  return placed;
}

interface Formats {
  day(ms: number): string;
  time(ms: number): string;
  seconds(ms: number): string;
  isMidnight(ms: number): boolean;
}

const made = new Map<string, Formats>();

function formats(zone: string): Formats {
  const known = made.get(zone);
  if (known !== undefined) return known;
  const format = (options: Intl.DateTimeFormatOptions) => {
    const formatter = new Intl.DateTimeFormat("en-US", { timeZone: zone, ...options });
    // Newer ICU data puts a narrow no-break space before AM and PM.
    return (ms: number) => formatter.format(ms).replaceAll(/[\u202f\u00a0]/g, " ");
  };
  const clockTime = format({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const fresh: Formats = {
    day: format({ month: "short", day: "numeric" }),
    time: format({ hour: "numeric", minute: "2-digit" }),
    seconds: format({ hour: "numeric", minute: "2-digit", second: "2-digit" }),
    isMidnight: (ms) => clockTime(ms) === "00:00:00",
  };
  made.set(zone, fresh);
  return fresh;
}
