/** When the seeded connections begin. */

const HOUR_MS = 3_600_000;

/** Connections come in groups, each with some of every kind, so that any report's place is known from its number. See `KINDS`. */
export const GROUP_CONNECTIONS = 20;
export const GROUP_REPORTS = 30;

export interface SeedWindow {
  readonly fromMs: number;
  readonly toMs: number;
  /** Reports. */
  readonly rows: number;
}

/** What is made at once. Reports are numbered through, from the window's first. */
export interface SeedPart {
  readonly firstReport: number;
  readonly reports: number;
  /** When so many `KNOTS`-ths of its connections have begun, ms since 1970: rising, from its beginning to its end. */
  readonly begun: readonly number[];
}

export const KNOTS = 256;
/** So many that statements cost little, so few that one needs little memory. */
const PART_GROUPS = 4096;

/** Busy hours of an office, by the hour (UTC); nights are not empty: machines talk, too. */
const HOURS = [20, 16, 14, 13, 14, 20, 38, 62, 88, 100, 99, 92, 80, 90, 97, 94, 86, 72, 58, 48, 42, 36, 30, 25];
/** Sunday first. */
const WEEKDAYS = [0.32, 1, 1.04, 1.06, 1.02, 0.92, 0.4];

const rate = (ms: number) => (HOURS[new Date(ms).getUTCHours()] ?? 0) * (WEEKDAYS[new Date(ms).getUTCDay()] ?? 0);

/** Splits the window into parts in the order of time, by the rhythm of hours and weekdays. The sum of their reports is `rows`. */
export function seedParts(window: SeedWindow, partGroups = PART_GROUPS): SeedPart[] {
  const groups = Math.ceil(window.rows / GROUP_REPORTS);
  const moment = momentOf(window);
  return Array.from({ length: Math.ceil(groups / partGroups) }, (_, part) => {
    const first = part * partGroups;
    const count = Math.min(partGroups, groups - first);
    const firstReport = first * GROUP_REPORTS;
    return {
      firstReport,
      reports: Math.min((first + count) * GROUP_REPORTS, window.rows) - firstReport,
      begun: Array.from({ length: KNOTS + 1 }, (_knot, knot) => moment((first + (count * knot) / KNOTS) / groups)),
    };
  });
}

/** At which time (ms since 1970) which share, 0…1, of all connections has begun. */
function momentOf({ fromMs, toMs }: SeedWindow): (share: number) => number {
  const times = [fromMs];
  const sums = [0];
  for (let at = fromMs, sum = 0; at < toMs; ) {
    const next = Math.min(toMs, (Math.floor(at / HOUR_MS) + 1) * HOUR_MS);
    sum += (rate(at) * (next - at)) / HOUR_MS;
    times.push(next);
    sums.push(sum);
    at = next;
  }
  const total = sums.at(-1) ?? 0;
  return (share) => {
    const wanted = share * total;
    let [low, high] = [0, sums.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) <= wanted) low = middle;
      else high = middle;
    }
    const [from, to] = [times[low] ?? fromMs, times[high] ?? toMs];
    const [before, after] = [sums[low] ?? 0, sums[high] ?? 1];
    return Math.min(to, Math.floor(from + ((to - from) * (wanted - before)) / (after - before)));
  };
}
