/** Which time is looked at: `-15m` … `now` stays relative in the address, whole instants are RFC 3339. */
import { formatDuration, parseDuration, parseTime, TimeError } from "@flowtrail/model";
import type { Clock } from "./clock.ts";

export interface TimeWindow {
  /** As in the address and in the API: `-15m`, `2026-11-22T09:00:00Z`. */
  readonly from: string;
  readonly to: string;
}

export const DEFAULT_WINDOW: TimeWindow = { from: "-15m", to: "now" };

export const PRESETS: readonly { readonly from: string; readonly label: string }[] = [
  { from: "-5m", label: "Last 5 minutes" },
  { from: "-15m", label: "Last 15 minutes" },
  { from: "-1h", label: "Last hour" },
  { from: "-6h", label: "Last 6 hours" },
  { from: "-24h", label: "Last 24 hours" },
  { from: "-7d", label: "Last 7 days" },
  { from: "-30d", label: "Last 30 days" },
];

const DAY_MS = 86_400_000;

/** The window that an address asks for; the default one if it names none, or one that cannot be. */
export function readWindow(from: string | null, to: string | null, nowMs: number): TimeWindow {
  const window = { from: from ?? DEFAULT_WINDOW.from, to: to ?? "now" };
  return boundsOf(window, nowMs) === null ? DEFAULT_WINDOW : window;
}

/** Milliseconds since 1970, or null if the window is none. */
export function boundsOf(window: TimeWindow, nowMs: number): { fromMs: number; toMs: number } | null {
  try {
    const bounds = { fromMs: parseTime(window.from, nowMs), toMs: parseTime(window.to, nowMs) };
    return bounds.fromMs < bounds.toMs ? bounds : null;
  } catch (error) {
    if (error instanceof TimeError) return null;
    throw error;
  }
}

/** Does it end now, so that new rows belong into it? */
export function isLive(window: TimeWindow): boolean {
  return window.to === "now";
}

/** Longer than a day: a clock time alone would not say which day. */
export function spansDays(window: TimeWindow, nowMs: number): boolean {
  const bounds = boundsOf(window, nowMs);
  return bounds !== null && bounds.toMs - bounds.fromMs > DAY_MS;
}

/** `Last 15 minutes`, `Nov 22, 9:00 AM – 10:00 AM`. */
export function windowLabel(window: TimeWindow, clock: Clock, nowMs: number): string {
  const preset = isLive(window) ? PRESETS.find(({ from }) => from === window.from) : undefined;
  if (preset) return preset.label;
  const span = isLive(window) && window.from.startsWith("-") ? parseDuration(window.from.slice(1)) : null;
  if (span !== null) return `Last ${formatDuration(span)}`;
  const bounds = boundsOf(window, nowMs);
  if (bounds === null) return "";
  const end = isLive(window)
    ? "now"
    : clock.sameDay(bounds.fromMs, bounds.toMs)
      ? clock.time(bounds.toMs)
      : clock.dayAndTime(bounds.toMs);
  return `${clock.dayAndTime(bounds.fromMs)} – ${end}`;
}

/** The window before (-1) or after (1) this one, of the same length; null if it would lie in the future. It is absolute. */
export function shiftWindow(window: TimeWindow, direction: -1 | 1, nowMs: number): TimeWindow | null {
  const bounds = boundsOf(window, nowMs);
  if (bounds === null) return null;
  const span = bounds.toMs - bounds.fromMs;
  const [fromMs, toMs] = [bounds.fromMs + direction * span, bounds.toMs + direction * span];
  return fromMs >= nowMs ? null : absoluteWindow(fromMs, toMs);
}

/** Twice as long: a window that ends now begins earlier, any other one grows at both ends, but not into the future. */
export function zoomOut(window: TimeWindow, nowMs: number): TimeWindow | null {
  const bounds = boundsOf(window, nowMs);
  if (bounds === null) return null;
  const spanMs = bounds.toMs - bounds.fromMs;
  if (isLive(window) && window.from.startsWith("-")) return relativeWindow(2 * spanMs);
  const toMs = Math.max(bounds.toMs, Math.min(bounds.toMs + spanMs / 2, nowMs));
  return absoluteWindow(Math.max(toMs - 2 * spanMs, 0), toMs);
}

/** The last so many milliseconds, in the largest unit that is exact: `-2h` rather than `-120m`. */
function relativeWindow(spanMs: number): TimeWindow | null {
  if (spanMs > MAX_SPAN_MS) return null;
  const [unit, size] = UNITS.find(([, size]) => spanMs % size === 0) ?? ["ms", 1];
  return { from: `-${spanMs / size}${unit}`, to: "now" };
}
const UNITS: readonly (readonly [string, number])[] = [
  ["d", DAY_MS],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
];
const MAX_SPAN_MS = 3650 * DAY_MS;

/** The same rows whenever it is opened: for links that are sent to others. */
export function exactWindow(window: TimeWindow, nowMs: number): TimeWindow {
  const bounds = boundsOf(window, nowMs);
  return bounds === null ? window : absoluteWindow(bounds.fromMs, bounds.toMs);
}

/** Seconds are enough for people's windows: the beginning is rounded down, the end up. */
export function absoluteWindow(fromMs: number, toMs: number): TimeWindow {
  return { from: toSecond(Math.floor(fromMs / 1000)), to: toSecond(Math.ceil(toMs / 1000)) };
}

function toSecond(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
