/** The rule that anybody can write: a filter, a measure, a limit. */
import { type AlertMeasure, allFilters, type Filter, type Finding, type TimeRange } from "@flowtrail/model";
import { columnIs } from "../../query/filters.ts";
import type { TrafficMeasure } from "../../query/traffic/question.ts";
import { MOST_ALERTS } from "../lifecycle.ts";
import type { Group, GroupsQuestion, WatchedRule, Watcher, WatchTools } from "../watcher.ts";
import { baseline } from "./baseline.ts";
import { type MeasureSettings, measureSettings } from "./settings.ts";
import { amountText, evidence, NO_VALUE, sentence } from "./words.ts";

/** More groups than are told are asked for, so that the rest can be counted. */
const MOST_GROUPS = 20 * MOST_ALERTS;
/** Where little is an alarm, all of them have to be known: the smallest come last. */
const MOST_GROUPS_OF_LESS = 10 * MOST_GROUPS;
/** Who was there lately, and so is missed: in this time, or so many windows. */
const LATELY_MS = 86_400_000;
const LATELY_WINDOWS = 12;

export const measureWatcher: Watcher<MeasureSettings> = {
  kind: "measure",
  settings: measureSettings,
  notOnHistory: null,
  mayFind: async ({ rule, filter, settings: { measure, by, threshold } }, stretch, tools) => {
    // Less of something can't be told from what there is in a longer time.
    if (threshold.kind === "below" || measure.kind === "absence" || measure.kind === "share") return true;
    const sum = sumOf(measure);
    const least =
      (threshold.kind === "baseline" ? threshold.least : threshold.value) * (measure.kind === "rate" ? rule.window_s : 1);
    const found = await tools.groups({
      filter,
      by,
      window: stretch,
      measures: [sum === "distinct" ? "reports" : sum],
      ...(measure.kind === "distinct" ? { distinct: measure.of } : {}),
      least: { [sum]: least },
      limit: 1,
    });
    return found.length > 0;
  },
  look: (watched, window, tools) => {
    switch (watched.settings.measure.kind) {
      case "absence":
        return absent(watched, window, tools);
      case "share":
        return shares(watched, window, tools, watched.settings.measure);
      default:
        return measured(watched, window, tools);
    }
  },
};

async function measured(watched: WatchedRule<MeasureSettings>, window: TimeRange, tools: WatchTools): Promise<Finding[]> {
  const { measure, by, threshold } = watched.settings;
  const sum = sumOf(measure);
  const asked: GroupsQuestion = {
    filter: watched.filter,
    by,
    window,
    measures: [sum === "distinct" ? "reports" : sum],
    ...(measure.kind === "distinct" ? { distinct: measure.of } : {}),
    limit: MOST_GROUPS,
  };
  const per = (range: TimeRange) => (measure.kind === "rate" ? (range.toMs - range.fromMs) / 1000 : 1);
  const amountOf = (group: Group, range: TimeRange) => group.sums[sum] / per(range);
  if (threshold.kind === "below") {
    const groups = by.length === 0 ? await tools.groups(asked) : await withAbsent(asked, tools);
    return groups
      .filter((group) => amountOf(group, window) < threshold.value)
      .map((group) => finding(watched, window, group.values, { value: amountOf(group, window), limit: threshold.value }));
  }
  const least = threshold.kind === "baseline" ? threshold.least : threshold.value;
  // A window without anything has a group without anything where there are no groups.
  const groups = await tools.groups({ ...asked, least: { [sum]: least * per(window) } });
  const over = groups.filter((group) => amountOf(group, window) > least);
  if (threshold.kind !== "baseline" || over.length === 0)
    return over.map((group) => finding(watched, window, group.values, { value: amountOf(group, window), limit: least }));
  const { weeks, factor } = threshold;
  const before = await baseline(asked, weeks, amountOf, tools);
  if (before.weeks < Math.ceil(weeks / 2)) {
    tools.note(
      `quiet: there is traffic of ${before.weeks} of the last ${weeks} weeks, ${Math.ceil(weeks / 2)} are needed to know what is usual`,
    );
    return [];
  }
  return over.flatMap((group) => {
    const [value, usual] = [amountOf(group, window), before.usual(group.values)];
    const limit = Math.max(least, usual * factor);
    return value > limit ? [finding(watched, window, group.values, { value, limit, usual: amountText(measure, usual) })] : [];
  });
}

/** The groups of a window, and those of lately that are not in it. */
async function withAbsent(asked: GroupsQuestion, tools: WatchTools): Promise<readonly Group[]> {
  const now = await tools.groups({ ...asked, limit: MOST_GROUPS_OF_LESS });
  if (now.length >= MOST_GROUPS_OF_LESS) {
    tools.note(`quiet: there are more than ${MOST_GROUPS_OF_LESS} groups. A filter, or a field with fewer values, is needed`);
    return [];
  }
  const keys = new Set(now.map(({ values }) => JSON.stringify(values)));
  const lately = await tools.groups({ ...asked, window: latelyOf(asked.window), limit: MOST_GROUPS_OF_LESS });
  return [
    ...now,
    ...lately
      .filter(({ values }) => !keys.has(JSON.stringify(values)))
      .map(({ values }) => ({ values, sums: { reports: 0, connections: 0, bytes: 0, packets: 0, distinct: 0 } })),
  ];
}

function latelyOf({ fromMs, toMs }: TimeRange): TimeRange {
  return { fromMs: fromMs - Math.max(LATELY_MS, LATELY_WINDOWS * (toMs - fromMs)), toMs: fromMs };
}

async function absent(watched: WatchedRule<MeasureSettings>, window: TimeRange, tools: WatchTools): Promise<Finding[]> {
  const { by } = watched.settings;
  // A flow that goes on begins nothing, but sends.
  const asked: GroupsQuestion = { filter: watched.filter, by, window, measures: ["reports", "packets"], limit: MOST_GROUPS };
  const groups = by.length === 0 ? await tools.groups(asked) : await withAbsent(asked, tools);
  return groups
    .filter(({ sums }) => sums.reports === 0 && sums.packets === 0)
    .map(({ values }) => finding(watched, window, values, { value: 1, limit: 0 }));
}

async function shares(
  watched: WatchedRule<MeasureSettings>,
  window: TimeRange,
  tools: WatchTools,
  measure: Extract<AlertMeasure, { kind: "share" }>,
): Promise<Finding[]> {
  const { by, threshold } = watched.settings;
  const { verdicts, least_connections } = measure;
  const such = columnIs("verdict", verdicts);
  const asked: GroupsQuestion = {
    filter: watched.filter,
    by,
    window,
    measures: ["connections"],
    least: { connections: least_connections },
    limit: MOST_GROUPS,
  };
  const all = await tools.groups(asked);
  if (all.length === 0) return [];
  const of = new Map<string, number>();
  for (const { values, sums } of await tools.groups({ ...asked, filter: allFilters([watched.filter, such]), least: {} }))
    of.set(JSON.stringify(values), sums.connections);
  const shareOf = ({ values, sums }: Group) => (of.get(JSON.stringify(values)) ?? 0) / Math.max(1, sums.connections);
  const told = (group: Group, limit: number) =>
    finding(watched, window, group.values, { value: shareOf(group), limit, more: [such] });
  const enough = all.filter(({ sums }) => sums.connections >= least_connections);
  if (threshold.kind !== "baseline") {
    const { kind, value } = threshold;
    return enough
      .filter((group) => (kind === "above" ? shareOf(group) > value : shareOf(group) < value))
      .map((group) => told(group, value));
  }
  const over = enough.filter((group) => shareOf(group) > threshold.least);
  if (over.length === 0) return [];
  const [before, beforeSuch] = [
    await baseline({ ...asked, least: {} }, threshold.weeks, ({ sums }) => sums.connections, tools),
    await baseline(
      { ...asked, least: {}, filter: allFilters([watched.filter, such]) },
      threshold.weeks,
      ({ sums }) => sums.connections,
      tools,
    ),
  ];
  if (before.weeks < Math.ceil(threshold.weeks / 2)) {
    tools.note(`quiet: there is traffic of ${before.weeks} of the last ${threshold.weeks} weeks only`);
    return [];
  }
  return over.flatMap((group) => {
    const usual = beforeSuch.usual(group.values) / Math.max(1, before.usual(group.values));
    const limit = Math.max(threshold.least, usual * threshold.factor);
    return shareOf(group) > limit ? [told(group, limit)] : [];
  });
}

interface Found {
  readonly value: number;
  readonly limit: number;
  readonly usual?: string;
  readonly more?: readonly Filter[];
}

function finding(
  { rule, filter, settings: { measure, by } }: WatchedRule<MeasureSettings>,
  { fromMs, toMs }: TimeRange,
  values: Group["values"],
  { value, limit, usual, more = [] }: Found,
): Finding {
  const group = by.map((field, i) => [field, values[i] ?? null] as const);
  const labels = Object.fromEntries(group.map(([field, text]) => [field, text ?? NO_VALUE]));
  const summary = sentence({ name: rule.name, measure, labels, value, limit, windowMs: toMs - fromMs, usual: usual ?? null });
  return { labels, value, limit, summary, q: evidence(rule.q, filter, group, more), fromMs, toMs };
}

function sumOf(measure: AlertMeasure): TrafficMeasure | "distinct" {
  if (measure.kind === "distinct") return "distinct";
  return measure.kind === "rate" ? "bytes" : (measure.kind as TrafficMeasure);
}
