/** `GET /api/overview`: what a network does, in one answer. Its parts are asked for at the same time. */
import { allFilters, type Filter, type TimeRange } from "@flowtrail/model";
import { columnIs } from "./filters.ts";
import type { Heard } from "./flow-set.ts";
import { type Histogram, histogram } from "./histogram.ts";
import type { Inquiry } from "./inquiry.ts";
import type { Narrowed } from "./narrowed.ts";
import { externalsOf, type NewExternals } from "./overview-externals.ts";
import { largest, type OverviewList } from "./overview-list.ts";
import { openNow, rangeBefore, type Tile, type Tiles, tilesOf } from "./overview-tiles.ts";
import { type GroupField, groupField } from "./traffic/fields.ts";
import type { Metric } from "./traffic/question.ts";
import { alignDown, alignUp } from "./traffic/steps.ts";
import type { Traffic } from "./traffic/traffic.ts";

export interface OverviewQuery {
  readonly range: TimeRange;
  readonly filter: Narrowed;
  /** What the chart is divided by; null: one series. */
  readonly group: GroupField | null;
  /** Of the chart and of what is the largest. */
  readonly metric: Metric;
  /** Most steps of the chart. */
  readonly buckets: number;
  /** Most rows of each list. */
  readonly limit: number;
  readonly nowMs: number;
}

export interface Overview {
  /** What was looked at. */
  readonly from: string;
  readonly to: string;
  readonly chart: Histogram;
  readonly tiles: Omit<Tiles, "estimated"> & { readonly externals: Tile; readonly open: number };
  readonly top: Readonly<Record<keyof typeof LISTS | "externals", OverviewList>>;
  readonly new_externals: NewExternals;
  readonly estimated: boolean;
}

export interface OverviewDeps {
  readonly traffic: Traffic;
  readonly heard: Heard;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const GROUPS = 8;

const ends = (type: string, filter: Filter) => allFilters([filter, columnIs("src_type", [type])]);
const LISTS = {
  nodes: { by: fields("reporter"), within: (filter: Filter) => filter },
  users: { by: fields("src.name"), within: (filter: Filter) => ends("user", filter) },
  services: { by: fields("dst.port", "protocol"), within: (filter: Filter) => filter },
} as const;

/** @throws StoreError, QuestionError */
export async function overview({ traffic, heard }: OverviewDeps, query: OverviewQuery, inquiry: Inquiry): Promise<Overview> {
  const { filter, group, metric, buckets, limit, nowMs } = query;
  const range = wholeHours(query.range, nowMs);
  const ranges = { range, before: rangeBefore(range, nowMs), nowMs };
  const charted = histogram(traffic, { range, filter, group, metric, buckets, limit: GROUPS, previous: true }, inquiry);
  const list = ({ by, within }: (typeof LISTS)[keyof typeof LISTS]) =>
    largest(traffic, { ...ranges, filter: within(filter), by, metric, limit }, inquiry);
  const [chart, { estimated, ...tiles }, externals, open, nodes, users, services] = await Promise.all([
    charted,
    tilesOf(traffic, filter, ranges, inquiry),
    externalsOf(traffic, { ...ranges, filter, metric, limit }, inquiry),
    openNow(filter, heard, nowMs, inquiry),
    list(LISTS.nodes),
    list(LISTS.users),
    list(LISTS.services),
  ]);
  return {
    from: new Date(range.fromMs).toISOString(),
    to: new Date(range.toMs).toISOString(),
    chart,
    tiles: { ...tiles, externals: externals.tile, open },
    top: { nodes, users, externals: externals.list, services },
    new_externals: externals.fresh,
    estimated: estimated || [chart, nodes, users, externals.list, services].some((one) => one.estimated),
  };
}

/** Of a day and more, whole hours: sums by the hour know all of it without a look at single flows. What is still to come has no traffic. */
export function wholeHours({ fromMs, toMs }: TimeRange, nowMs: number): TimeRange {
  if (toMs - fromMs < DAY_MS) return { fromMs, toMs };
  const endMs = alignUp(toMs, HOUR_MS);
  return { fromMs: alignDown(fromMs, HOUR_MS), toMs: endMs >= nowMs ? endMs : toMs };
}

function fields(...names: readonly string[]): GroupField[] {
  return names.map(groupField).filter((field): field is GroupField => typeof field !== "string");
}
