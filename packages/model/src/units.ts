/** How quantities are written for people, and read from them. Units are those of the design page "flow record". */

const grouped = new Intl.NumberFormat("en-US");
const BINARY_UNITS = ["KiB", "MiB", "GiB", "TiB"] as const;

/** Bytes in steps of 1,024 up to TiB: whole below 1 KiB (`60 B`), two decimals from there (`2.36 KiB`). */
export function formatBytes(bytes: number | bigint): string {
  let value = Number(bytes);
  if (value < 1024) return `${value} B`;
  let unit = -1;
  // 1023.995 and more would be rounded to 1024.00, which is 1.00 of the next unit.
  while (value >= 1023.995 && unit < BINARY_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(2)} ${BINARY_UNITS[unit]}`;
}

/** Every byte, with thousands separated: `2,417 bytes`. */
export function formatExactBytes(bytes: number | bigint): string {
  return `${grouped.format(bytes)} ${Number(bytes) === 1 ? "byte" : "bytes"}`;
}

/** A number of things, with thousands separated: `1,204`. */
export function formatCount(count: number | bigint): string {
  return grouped.format(count);
}

/** A span of milliseconds in its two largest units: `450 ms`, `1.2 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  const tenths = Math.round(ms / 100);
  if (tenths < 100) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return twoUnits(seconds, 60, "min", "s");
  const minutes = Math.round(ms / 60_000);
  if (minutes < 24 * 60) return twoUnits(minutes, 60, "h", "min");
  return twoUnits(Math.round(ms / 3_600_000), 24, "d", "h");
}

function twoUnits(count: number, size: number, large: string, small: string): string {
  const rest = count % size;
  return `${Math.floor(count / size)} ${large}${rest === 0 ? "" : ` ${rest} ${small}`}`;
}

const SIZES: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
};

/** Reads a size in bytes: `1500`, `1MiB`, `1.5 KiB`, `10k` (binary), `10kB` (decimal). Null when it is none. */
export function parseSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text.trim());
  const unit = SIZES[match?.[2]?.toLowerCase() ?? "?"];
  if (match === null || unit === undefined) return null;
  const bytes = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

const DURATIONS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Reads a span of time in milliseconds: `500ms`, `30s`, `15m`, `1h30m`, `7d`, `2w`. Null when it is none. */
export function parseDuration(text: string): number | null {
  if (!/^(?:\d{1,12}(?:ms|[smhdw]))+$/.test(text)) return null;
  let ms = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhdw])/g)) ms += Number(count) * (DURATIONS[unit ?? ""] ?? 0);
  return Number.isSafeInteger(ms) ? ms : null;
}
