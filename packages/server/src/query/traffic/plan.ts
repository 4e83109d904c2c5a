/**
 * Where the answer to a question about traffic comes from, stretch by stretch: rollups as far as they have all fields and are computed,
 * the rows themselves for the newest minutes, for the edges, and for what no rollup knows.
 */
import { type ColumnName, conditionsOf, type Filter, knownField, operandColumns, type TimeRange } from "@flowtrail/model";
import { DELTA_DIMENSIONS } from "../../store/schema/flow-tables.ts";
import { HIGHEST_KEPT_PORT, ROLLUPS, type Rollup } from "../../store/schema/rollup-tables.ts";
import { filterColumns } from "./fields.ts";
import { isCount, type TrafficMeasure, type TrafficQuestion } from "./question.ts";
import { alignDown, alignUp } from "./steps.ts";

export type Segment =
  | { readonly kind: "rollup"; readonly range: TimeRange; readonly measures: readonly TrafficMeasure[]; readonly rollup: Rollup }
  /**
   * `deltas`: what was added, when it was. `begun`: flows, when they began. `spread`: the totals of flows, evenly over their lives,
   * where deltas are not kept any more or lack a field.
   */
  | {
      readonly kind: "deltas" | "begun" | "spread";
      readonly range: TimeRange;
      readonly measures: readonly TrafficMeasure[];
    };

export interface TrafficPlan {
  readonly question: TrafficQuestion;
  /** Disjoint for each measure; together all of the range. */
  readonly segments: readonly Segment[];
  /** Tables that are read, the one of the longest stretch first. */
  readonly tables: readonly string[];
  /** Some of it is spread and not measured. */
  readonly estimated: boolean;
  /** Some of it is older than the flows that are kept, and no rollup has it as it was asked for. */
  readonly partial: boolean;
  /** High ports of destinations are told as one, as rollups keep them. */
  readonly folded: boolean;
}

/** How far the store is with what it computes and keeps. */
export interface TrafficSources {
  /** Buckets of this rollup that begin before then are computed, ms since 1970; 0: none is. */
  throughMs(rollup: string): number;
  /** Buckets that begin before then may be gone, as may deltas and flows, ms since 1970. */
  rollupFromMs(rollup: string): number;
  deltasFromMs(): number;
  flowsFromMs(): number;
}

/** A range of as many days as flows are kept begins a moment before those that are. */
const SLACK_MS = 60_000;
const IN_DELTAS = new Set<ColumnName>([...DELTA_DIMENSIONS, "flow_id", "reporter_id"]);

export function planTraffic(question: TrafficQuestion, sources: TrafficSources): TrafficPlan {
  const { range, measures, groups } = question;
  const rollups = rollupsFor(question, question.stepMs);
  const { segments, rest } = cover(range, measures, rollups, sources);
  const moved = measures.filter((measure) => !isCount(measure));
  const counted = measures.filter(isCount);
  for (const stretch of rest) {
    if (moved.length > 0)
      segments.push(...ofRows(stretch, moved, deltasKnow(question) ? sources.deltasFromMs() : Number.POSITIVE_INFINITY));
    if (counted.length > 0) segments.push({ kind: "begun", range: stretch, measures: counted });
  }
  return {
    question,
    segments,
    tables: tablesOf(segments),
    estimated: segments.some(({ kind }) => kind === "spread"),
    partial: rest.some((stretch) => isGone(stretch, sources)),
    folded:
      (question.fold === true || segments.some(({ kind }) => kind === "rollup")) &&
      groups.some(({ needs }) => needs.includes("dst_port")),
  };
}

/**
 * Rollups that know all fields of a question, the preferred ones first.
 * @param stepMs steps that must be made of whole buckets; null: there are none
 */
export function rollupsFor({ filter, groups }: Pick<TrafficQuestion, "filter" | "groups">, stepMs: number | null): Rollup[] {
  const needed = neededColumns(filter, groups);
  return ROLLUPS.filter(
    (rollup) =>
      needed.every((name) => rollup.dimensions.includes(name)) &&
      (stepMs === null || stepMs % rollup.stepMs === 0) &&
      !cutsThroughFolded(filter),
  );
}

const HOUR_MS = 3_600_000;
/** So many are enough where finer ones could only be made from rows. */
const STEPS_INSTEAD_OF_ROWS = 12;

/**
 * How wide steps should be at least, so that a rollup of hours or days can answer where the range is so long that these are steps enough;
 * 0: no matter.
 * @param enough steps, where a rollup has finer ones
 */
export function leastStepMs(question: Pick<TrafficQuestion, "filter" | "groups">, range: TimeRange, enough: number): number {
  const widths = rollupsFor(question, null).map(({ stepMs }) => stepMs);
  const finest = Math.min(...widths);
  const isEnough = (stepMs: number) =>
    range.toMs - range.fromMs >= stepMs * (stepMs === finest ? Math.min(enough, STEPS_INSTEAD_OF_ROWS) : enough);
  return Math.max(0, ...widths.filter((stepMs) => stepMs >= HOUR_MS && isEnough(stepMs)));
}

function neededColumns(filter: Filter, groups: TrafficQuestion["groups"]): ColumnName[] {
  return [...filterColumns(filter), ...groups.flatMap(({ needs }) => needs)];
}

type Condition = Exclude<Filter, { kind: "all" | "and" | "or" | "not" }>;

/** Of a filter on ports that some of the ports pass which rollups fold to 0, and others don't. */
function cutsThroughFolded(filter: Filter): boolean {
  return [...conditionsOf(filter)].some((condition) => isOfDstPort(condition) && cuts(condition));
}

function isOfDstPort(condition: Condition): boolean {
  if (condition.kind === "text") return false;
  return knownField(condition.field).operands.flatMap(operandColumns).includes("dst_port");
}

const HIGHEST_PORT = 65_535;

function cuts(condition: Condition): boolean {
  switch (condition.kind) {
    case "is":
      return condition.values.some((value) => value !== null && (Number(value) === 0 || Number(value) > HIGHEST_KEPT_PORT));
    case "order": {
      const passes = (port: number) => {
        const { op, value } = condition;
        return op === "<" ? port < value : op === "<=" ? port <= value : op === ">" ? port > value : port >= value;
      };
      const [zero, lowest, highest] = [0, HIGHEST_KEPT_PORT + 1, HIGHEST_PORT].map(passes);
      return zero !== lowest || lowest !== highest;
    }
    default:
      return true;
  }
}

interface Covered {
  readonly segments: Segment[];
  readonly rest: readonly TimeRange[];
}

/** As much as possible by the first rollup, in whole buckets; edges by those with smaller buckets. */
function cover(
  range: TimeRange,
  measures: readonly TrafficMeasure[],
  [first, ...others]: readonly Rollup[],
  sources: TrafficSources,
): Covered {
  if (range.fromMs >= range.toMs) return { segments: [], rest: [] };
  if (first === undefined) return { segments: [], rest: [range] };
  const { stepMs } = first;
  const fromMs = alignUp(Math.max(range.fromMs, sources.rollupFromMs(first.table.name)), stepMs);
  const toMs = alignDown(Math.min(range.toMs, sources.throughMs(first.table.name)), stepMs);
  if (fromMs >= toMs) return cover(range, measures, others, sources);
  // Of the same width, too: one that is new is not computed of all that older ones are.
  const rest = others.filter((rollup) => rollup.stepMs <= stepMs);
  const before = cover({ fromMs: range.fromMs, toMs: fromMs }, measures, rest, sources);
  const after = cover({ fromMs: toMs, toMs: range.toMs }, measures, rest, sources);
  const segment: Segment = { kind: "rollup", range: { fromMs, toMs }, measures, rollup: first };
  return { segments: [...before.segments, segment, ...after.segments], rest: [...before.rest, ...after.rest] };
}

/** Was there anything then that is not kept any more, as far as rollups reach back? */
function isGone({ fromMs, toMs }: TimeRange, sources: TrafficSources): boolean {
  const oldestMs = Math.min(...ROLLUPS.map(({ table }) => sources.rollupFromMs(table.name)));
  return Math.max(fromMs, oldestMs) < Math.min(toMs, sources.flowsFromMs() - SLACK_MS);
}

function deltasKnow({ filter, groups }: TrafficQuestion): boolean {
  return neededColumns(filter, groups).every((name) => IN_DELTAS.has(name));
}

function ofRows({ fromMs, toMs }: TimeRange, measures: readonly TrafficMeasure[], deltasFromMs: number): Segment[] {
  const splitMs = Math.min(toMs, Math.max(fromMs, deltasFromMs));
  const parts: Segment[] = [
    { kind: "spread", range: { fromMs, toMs: splitMs }, measures },
    { kind: "deltas", range: { fromMs: splitMs, toMs }, measures },
  ];
  return parts.filter(({ range }) => range.fromMs < range.toMs);
}

export function tableOf(segment: Segment): string {
  if (segment.kind === "rollup") return segment.rollup.table.name;
  return segment.kind === "deltas" ? "flow_deltas" : "flows";
}

function tablesOf(segments: readonly Segment[]): string[] {
  const lengths = new Map<string, number>();
  for (const segment of segments) {
    const table = tableOf(segment);
    lengths.set(table, (lengths.get(table) ?? 0) + segment.range.toMs - segment.range.fromMs);
  }
  return [...lengths].sort(([, a], [, b]) => b - a).map(([table]) => table);
}
