/** Spans of time as rules have them: seconds in the API, `1h30m` where they are written, `1 h 30 min` where they are read. */
import { formatDuration, parseDuration } from "@flowtrail/model";

const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
] as const;

/** `5400` → `1h30m`; none at all is `0s`. */
export function writeSpan(seconds: number): string {
  let rest = Math.max(0, Math.round(seconds));
  const parts = UNITS.flatMap(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? [] : [`${count}${unit}`];
  });
  return parts.join("") || "0s";
}

/** `5m`, `1 h 30 min`, `90` (seconds) → seconds; null: it is none. */
export function readSpan(text: string): number | null {
  const plain = text.trim().toLowerCase().replaceAll(" ", "").replaceAll("min", "m");
  if (/^\d{1,9}$/.test(plain)) return Number(plain);
  const ms = parseDuration(plain);
  return ms === null || ms % 1000 !== 0 ? null : ms / 1000;
}

/** `5 min` */
export function spanText(seconds: number): string {
  return seconds < 10 ? `${seconds} s` : formatDuration(seconds * 1000);
}

/** How long something lasted, or lasts: `12 min`, `less than a minute`. */
export function lastedText(sinceMs: number, untilMs: number): string {
  const seconds = Math.max(0, Math.round((untilMs - sinceMs) / 1000));
  return seconds < 60 ? "less than a minute" : formatDuration(Math.floor(seconds / 60) * 60_000);
}
