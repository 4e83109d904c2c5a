/** `GET /api/overview`: what a network does, in one answer. Its parts are asked for at the same time. */
import { allFilters, type Filter, type TimeRange } from "@flowtrail/model";
import { columnIs } from "./filters.ts";
import type { Heard } from "./flow-set.ts";
import { type Histogram, histogram } from "./histogram.ts";
import type { Inquiry } from "./inquiry.ts";
import { externalsTile, type NewExternals, newExternals, toExternals } from "./overview-externals.ts";
import { openNow, rangeBefore, rateTile, type Tile, verdictTile } from "./overview-tiles.ts";
import { type Top, top } from "./top.ts";
import { type GroupField, groupField } from "./traffic/fields.ts";
import type { Metric } from "./traffic/question.ts";
import type { Traffic } from "./traffic/traffic.ts";

export interface OverviewQuery {
  readonly range: TimeRange;
  readonly filter: Filter;
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
  readonly top: Readonly<Record<keyof typeof LISTS, Top>>;
  readonly new_externals: NewExternals;
  readonly estimated: boolean;
}

export interface OverviewDeps {
  readonly traffic: Traffic;
  readonly heard: Heard;
}

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
  const { range, filter, group, metric, buckets, limit, nowMs } = query;
  const chartQuery = { range, filter, group, metric, buckets, limit: GROUPS, previous: true };
  const spark = { range, filter, group: null, metric: "bytes", buckets: SPARK_STEPS, limit: GROUPS, previous: false } as const;
  const verdicts = { ...spark, group: VERDICT, metric: "connections" } as const;
  const earlier = rangeBefore(range);
  const list = ({ by, within }: (typeof LISTS)[keyof typeof LISTS]) =>
    top(traffic, { range, filter: within(filter), by, metric, limit, previous: true, nowMs }, inquiry);
  const [chart, bytes, bytesBefore, ended, endedBefore, externals, open, nodes, users, domains, services, fresh] =
    await Promise.all([
      histogram(traffic, chartQuery, inquiry),
      histogram(traffic, spark, inquiry),
      histogram(traffic, { ...spark, range: earlier, buckets: FEW }, inquiry),
      histogram(traffic, verdicts, inquiry),
      histogram(traffic, { ...verdicts, range: earlier, buckets: FEW }, inquiry),
      externalsTile(traffic, filter, range, inquiry),
      openNow(filter, heard, nowMs, inquiry),
      list(LISTS.nodes),
      list(LISTS.users),
      list(LISTS.externals),
      list(LISTS.services),
      newExternals(traffic, filter, range, inquiry),
    ]);
  return {
    chart,
    tiles: {
      throughput: rateTile(bytes, bytesBefore, range, nowMs),
      connections: rateTile(ended, endedBefore, range, nowMs),
      externals,
      denied: verdictTile(ended, endedBefore, "denied"),
      unanswered: verdictTile(ended, endedBefore, "unanswered"),
      open,
    },
    top: { nodes, users, externals: domains, services },
    new_externals: fresh,
    estimated: [chart, bytes, nodes, users, domains, services].some(({ estimated }) => estimated),
  };
}

const [VERDICT = null] = fields("verdict");

function fields(...names: readonly string[]): GroupField[] {
  return names.map(groupField).filter((field): field is GroupField => typeof field !== "string");
}
