/** What becomes of findings: when an alert begins and when it is over. Pure: the engine and a test on history do the same. */
import type { AlertRule, Finding } from "@flowtrail/model";

/** Of one rule and one group. */
export interface Tracked {
  readonly key: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly sinceMs: number;
  /** Null: it did not hold for long enough yet. */
  readonly openedMs: number | null;
  readonly lastMs: number;
  readonly endedMs: number | null;
  /** The worst one so far: what the alert tells. */
  readonly finding: Finding;
}

export interface Step {
  /** Those that go on, pending ones among them. */
  readonly tracked: ReadonlyMap<string, Tracked>;
  readonly opened: readonly Tracked[];
  readonly resolved: readonly Tracked[];
}

export type Times = Pick<AlertRule, "for_s" | "clear_s">;

/** Most alerts of one rule at once; what is beyond is one more, which counts the rest. */
export const MOST_ALERTS = 100;
const REST = "groups beyond the limit";

/** The same for the same labels, in any order. */
export function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/**
 * One look.
 * @param atMs end of the window that was looked at: later than that of the look before
 */
export function step(before: ReadonlyMap<string, Tracked>, findings: readonly Finding[], atMs: number, times: Times): Step {
  const found = new Map(bounded(before, findings).map((finding) => [keyOf(finding.labels), finding]));
  const tracked = new Map<string, Tracked>();
  const opened: Tracked[] = [];
  const resolved: Tracked[] = [];
  for (const [key, finding] of found) {
    const known = before.get(key);
    const sinceMs = known?.sinceMs ?? atMs;
    const isOpen = known?.openedMs != null;
    const next: Tracked = {
      key,
      labels: finding.labels,
      sinceMs,
      openedMs: isOpen ? known.openedMs : atMs - sinceMs >= times.for_s * 1000 ? atMs : null,
      lastMs: atMs,
      endedMs: null,
      finding: known === undefined || excess(finding) >= excess(known.finding) ? finding : known.finding,
    };
    tracked.set(key, next);
    if (!isOpen && next.openedMs !== null) opened.push(next);
  }
  for (const [key, known] of before) {
    // One that was not open yet has to hold all the time.
    if (found.has(key) || known.openedMs === null) continue;
    if (atMs - known.lastMs < times.clear_s * 1000) tracked.set(key, known);
    else resolved.push({ ...known, endedMs: atMs });
  }
  return { tracked, opened, resolved };
}

/** How far beyond the limit, on whichever side of it. */
const excess = ({ value, limit }: Finding) => Math.abs(value - limit);

function bounded(before: ReadonlyMap<string, Tracked>, findings: readonly Finding[]): readonly Finding[] {
  if (findings.length <= MOST_ALERTS) return findings;
  // Those that there are go on: else two that take turns would be told again and again.
  const isKnown = (finding: Finding) => before.has(keyOf(finding.labels));
  const order = [...findings.filter(isKnown), ...findings.filter((finding) => !isKnown(finding))];
  const rest = order.slice(MOST_ALERTS);
  const [first] = rest;
  if (first === undefined) return order;
  const { fromMs, toMs, limit } = first;
  return [
    ...order.slice(0, MOST_ALERTS),
    {
      labels: { rest: REST },
      value: rest.length,
      limit,
      summary: `${rest.length} more groups than the ${MOST_ALERTS} that are told one by one; the first of them: ${first.summary}`,
      q: first.q,
      fromMs,
      toMs,
    },
  ];
}
