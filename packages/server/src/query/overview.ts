/** `GET /api/overview`: what a network does, in one answer. Its parts are asked for at the same time. */
import { allFilters, type Filter, type TimeRange } from "@flowtrail/model";
import { columnIs } from "./filters.ts";
import type { Heard } from "./flow-set.ts";
import { type Histogram, type HistogramQuery, histogram } from "./histogram.ts";
import type { Inquiry } from "./inquiry.ts";
import type { Narrowed } from "./narrowed.ts";
import { externalsOf, type NewExternals, toExternals } from "./overview-externals.ts";
import { largest, type OverviewList } from "./overview-list.ts";
import { openNow, rangeBefore, rateTile, type Tile, verdictTile } from "./overview-tiles.ts";
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
  readonly tiles: {
    /** Bytes per second; its series are bytes. */
    readonly throughput: Tile;
    /** That began, per second; its series are connections. */
    readonly connections: Tile;
    readonly externals: Tile;
    readonly denied: Tile;
    readonly unanswered: Tile;
    readonly open: number;
  };
  readonly top: Readonly<Record<keyof typeof LISTS, OverviewList>>;
  readonly new_externals: NewExternals;
  readonly estimated: boolean;
}

export interface OverviewDeps {
  readonly traffic: Traffic;
  readonly heard: Heard;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SPARK_STEPS = 40;
const GROUPS = 8;
/** Only their sum is told. */
const FEW = 4;

const ends = (type: string, filter: Filter) => allFilters([filter, columnIs("src_type", [type])]);
const LISTS = {
  nodes: { by: fields("reporter"), within: (filter: Filter) => filter },
  users: { by: fields("src.name"), within: (filter: Filter) => ends("user", filter) },
  externals: { by: fields("dst.domain"), within: toExternals },
  services: { by: fields("dst.port", "protocol"), within: (filter: Filter) => filter },
} as const;

/** @throws StoreError, QuestionError */
export async function overview({ traffic, heard }: OverviewDeps, query: OverviewQuery, inquiry: Inquiry): Promise<Overview> {
  const { filter, group, metric, buckets, limit, nowMs } = query;
  const range = wholeHours(query.range, nowMs);
  const ranges = { range, before: rangeBefore(range, nowMs), nowMs };
  const chartQuery = { range, filter, group, metric, buckets, limit: GROUPS, previous: true };
  const verdicts: HistogramQuery = {
    ...chartQuery,
    group: VERDICT,
    metric: "connections",
    buckets: SPARK_STEPS,
    previous: false,
  };
  const list = ({ by, within }: (typeof LISTS)[keyof typeof LISTS]) =>
    largest(traffic, { ...ranges, filter: within(filter), by, metric, limit }, inquiry);
  const charted = histogram(traffic, chartQuery, inquiry);
  const undivided = { ...chartQuery, group: null, metric: "bytes", buckets: SPARK_STEPS, previous: false } as const;
  const earlier = { range: ranges.before, buckets: FEW };
  const [chart, bytes, bytesBefore, ended, endedBefore, externals, open, nodes, users, domains, services] = await Promise.all([
    charted,
    metric === "bytes" ? charted : histogram(traffic, undivided, inquiry),
    histogram(traffic, { ...undivided, ...earlier }, inquiry),
    histogram(traffic, verdicts, inquiry),
    histogram(traffic, { ...verdicts, ...earlier }, inquiry),
    externalsOf(traffic, filter, ranges, inquiry),
    openNow(filter, heard, nowMs, inquiry),
    list(LISTS.nodes),
    list(LISTS.users),
    list(LISTS.externals),
    list(LISTS.services),
  ]);
  return {
    from: new Date(range.fromMs).toISOString(),
    to: new Date(range.toMs).toISOString(),
    chart,
    tiles: {
      throughput: rateTile(bytes, bytesBefore, ranges),
      connections: rateTile(ended, endedBefore, ranges),
      externals: externals.tile,
      denied: verdictTile(ended, endedBefore, "denied"),
      unanswered: verdictTile(ended, endedBefore, "unanswered"),
      open,
    },
    top: { nodes, users, externals: domains, services },
    new_externals: externals.fresh,
    estimated: [chart, bytes, nodes, users, domains, services].some(({ estimated }) => estimated),
  };
}

/** Of a day and more, whole hours: sums by the hour know all of it without a look at single flows. What is still to come has no traffic. */
export function wholeHours({ fromMs, toMs }: TimeRange, nowMs: number): TimeRange {
  if (toMs - fromMs < DAY_MS) return { fromMs, toMs };
  const endMs = alignUp(toMs, HOUR_MS);
  return { fromMs: alignDown(fromMs, HOUR_MS), toMs: endMs >= nowMs ? endMs : toMs };
}

const [VERDICT = null] = fields("verdict");

function fields(...names: readonly string[]): GroupField[] {
  return names.map(groupField).filter((field): field is GroupField => typeof field !== "string");
}
