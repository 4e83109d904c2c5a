/** A plan → one subquery with a row for each step and group: `step`, what stands for the group (see `By`), and what is measured. */
import type { ColumnName } from "@flowtrail/model";
import { FLOW_DELTAS, LONG_MS } from "../../store/schema/flow-tables.ts";
import { endKeySql, HIGHEST_KEPT_PORT, KEY_FACTOR, type RollupKey } from "../../store/schema/rollup-tables.ts";
import { filterSql } from "../filter-sql.ts";
import type { Sql } from "../sql.ts";
import { filterColumns, type GroupField } from "./fields.ts";
import { begunRows, livedRows, type Stretch, within } from "./flow-rows.ts";
import type { Segment, TrafficPlan } from "./plan.ts";
import type { TrafficMeasure } from "./question.ts";
import { eachStepSql, flowedSql, stepAtSql, stepEdgeSql } from "./spread-sql.ts";
import { alignDown } from "./steps.ts";

/** Columns of the subquery. */
export const groupName = (i: number): string => `g${i}`;
/** Odd, so that nothing is lost by multiplying, and another one than that of the whole key. */
const SECOND_FACTOR = "14029467366897019727";

/** Keys of groups: to be grouped by instead of the values. */
export const KEYS = ["k0", "k1"] as const;
/** Both as one number. */
export const wholeKey = (first: string, second: string): string => `${first} + ${second} * toUInt64(${KEY_FACTOR})`;
/** Place of a group among those that were chosen, from 1; 0: it is none of them. */
export const PLACE = "place";

/** Two numbers made of the values of a group. `known`: columns that have numbers already. */
export type KeysOf = (values: readonly string[], known: readonly RollupKey[]) => readonly [string, string];

/**
 * What stands for a group. `values`: `g0`, `g1`, …. `keys`: `k0` and `k1`, numbers made of the values, where there are too many groups to
 * carry these along. `place`: of chosen groups (by `wholeKey`), with the values if `isNamed`; all others have place 0. `among`: values of chosen groups
 * only. `rows`: `k0` and `k1` of each row as it is stored, nothing added up: where there are nearly as many groups as rows.
 */
export type By =
  | { readonly kind: "values" }
  | { readonly kind: "keys"; readonly of?: KeysOf }
  | { readonly kind: "rows" }
  | { readonly kind: "place"; readonly chosen: readonly bigint[]; readonly isNamed: boolean }
  | { readonly kind: "among"; readonly chosen: readonly bigint[]; readonly of: KeysOf };

export const measureName = (measure: TrafficMeasure): string => `m_${measure}`;

/** Settings without which FINAL would merge what can't hold the same key. */
export const TRAFFIC_SETTINGS = { do_not_merge_across_partitions_select_final: 1 } as const;

/** One stretch of several that are asked for in one statement. All are of one question, but for its range and its steps. */
export interface Beside {
  /** Without steps. */
  readonly plan: TrafficPlan;
  /** What stands for them: below 0. */
  readonly step: number;
}

/**
 * @param heard reporters that something was heard of lately: an open flow of any other one reads as lost
 * @param beside other stretches, of the same question
 */
export function trafficSql(
  plan: TrafficPlan,
  heard: () => readonly string[],
  by: By = { kind: "values" },
  beside: readonly Beside[] = [],
): Sql {
  const { filter, range, stepMs } = plan.question;
  const needed = filterColumns(filter);
  for (const { needs } of plan.question.groups) for (const name of needs) needed.add(name);
  const bindings: Record<string, unknown> = {
    ...filterSql(filter).bindings,
    ...(stepMs === null ? {} : { origin: alignDown(range.fromMs, stepMs), step: stepMs }),
    ...(needed.has("state") ? { heard: heard() } : {}),
    ...(by.kind === "place" ? { chosen: by.chosen, places: by.chosen.map((_, i) => i + 1) } : {}),
    ...(by.kind === "among" ? { chosen: by.chosen } : {}),
  };
  const all = [{ plan, step: 0 }, ...beside].flatMap((one) =>
    together(one.plan.segments).map((segments) => ({ ...one, segments })),
  );
  let named = 0;
  const parts = all.map(({ segments, step, plan: own }) => {
    const [first, ...more] = segments.map((segment): Stretch => {
      const { fromMs, toMs } = segment.range;
      const names = { fromMs: `a${named}`, toMs: `b${named}`, longMs: `l${named}` };
      named++;
      Object.assign(bindings, { [names.fromMs]: fromMs, [names.toMs]: toMs });
      if (segment.kind === "spread") bindings[names.longMs] = Math.max(0, fromMs - LONG_MS);
      return names;
    });
    return new SegmentSql({ ...own, folded: plan.folded }, needed, by, step).of(segments[0], [first as Stretch, ...more]);
  });
  return { text: parts.map((part) => `(${part})`).join(" UNION ALL "), bindings };
}

/** Segments that one part of a statement asks for: what comes from the same rows is read once, at both ends of a range. */
function together(segments: readonly Segment[]): (readonly [Segment, ...Segment[]])[] {
  const kindOf = ({ kind, measures }: Segment) => `${kind} ${measures.join(" ")}`;
  const parts: [Segment, ...Segment[]][] = [];
  for (const segment of segments) {
    const same = parts.find(([first]) => kindOf(first) === kindOf(segment));
    if (same === undefined || segment.kind === "rollup" || segment.kind === "spread") parts.push([segment]);
    else same.push(segment);
  }
  return parts;
}

interface Pieces {
  /** A moment of the row in ms since 1970, or (`step`) the step itself. */
  readonly at?: string;
  readonly sums: Readonly<Partial<Record<TrafficMeasure, string>>>;
  readonly from: string;
  readonly where: readonly string[];
}

class SegmentSql {
  readonly #plan: TrafficPlan;
  readonly #needed: ReadonlySet<ColumnName>;

  readonly #by: By;
  /** Where there are no steps. */
  readonly #step: number;

  constructor(plan: TrafficPlan, needed: ReadonlySet<ColumnName>, by: By, step: number) {
    this.#plan = plan;
    this.#needed = needed;
    this.#by = by;
    this.#step = step;
  }

  /** @param stretches names of the times of all segments, of which this is one */
  of(segment: Segment, stretches: readonly [Stretch, ...Stretch[]]): string {
    const [names] = stretches;
    switch (segment.kind) {
      case "rollup":
        return this.#select(segment, {
          at: "toInt64(toUnixTimestamp(bucket)) * 1000",
          sums: {
            bytes: "src_bytes + dst_bytes",
            packets: "src_packets + dst_packets",
            connections: "connections",
            reports: "reports",
          },
          from: `${segment.rollup.table.name} FINAL`,
          where: [`bucket >= ${second(names.fromMs)}`, `bucket < ${second(names.toMs)}`],
        });
      case "deltas":
        return this.#select(segment, {
          at: "toUnixTimestamp64Milli(last_seen)",
          sums: { bytes: "src_bytes_delta + dst_bytes_delta", packets: "src_packets_delta + dst_packets_delta" },
          from: `${FLOW_DELTAS.name} FINAL`,
          where: [within("last_seen", stretches), "primary"],
        });
      case "begun":
        return this.#select(segment, {
          at: "toUnixTimestamp64Milli(start)",
          sums: { connections: "toUInt64(primary)", reports: "toUInt64(1)" },
          from: `(${begunRows(this.#columns("start", "primary"), stretches)})`,
          where: segment.measures.includes("reports") ? [] : ["primary"],
        });
      case "spread":
        return this.#spread(segment, names);
    }
  }

  #spread(segment: Segment, names: Stretch): string {
    const [a, b] = [`{${names.fromMs}:Int64}`, `{${names.toMs}:Int64}`];
    const stepped = this.#plan.question.stepMs !== null;
    const totals = { bytes: ["src_bytes", "dst_bytes"], packets: ["src_packets", "dst_packets"] } as const;
    const counters = segment.measures.flatMap((measure) => (measure === "packets" || measure === "bytes" ? totals[measure] : []));
    const rows = livedRows(this.#columns("start", "end", "last_seen", "primary", ...counters), names);
    const life = { fromMs: "start_ms", lengthMs: "life_ms" };
    const step = stepped ? eachStepSql(`greatest(start_ms, ${a})`, `least(start_ms + life_ms, ${b}) - 1`) : this.#noStep();
    const [lo, hi] = stepped ? [`greatest(${a}, ${stepEdgeSql(0)})`, `least(${b}, ${stepEdgeSql(1)})`] : [a, b];
    const lives =
      "SELECT *, toUnixTimestamp64Milli(start) AS start_ms, " +
      `greatest(toUnixTimestamp64Milli(coalesce(end, last_seen)) - start_ms, 0) + 1 AS life_ms, ${step} AS step ` +
      `FROM (${rows}) WHERE primary AND ${this.#filter()}`;
    const sum = ([source, destination]: readonly [string, string]) =>
      flowedSql(`(ifNull(${source}, 0) + ifNull(${destination}, 0))`, life, lo, hi);
    return this.#select(segment, {
      sums: { bytes: sum(totals.bytes), packets: sum(totals.packets) },
      from: `(${lives})`,
      where: [],
    });
  }

  #select(segment: Segment, { at, sums, from, where }: Pieces): string {
    const { groups, measures, stepMs } = this.#plan.question;
    const steps = at === undefined ? "step" : stepMs === null ? `${this.#noStep()} AS step` : `${stepAtSql(at)} AS step`;
    const fold = this.#plan.folded && segment.kind !== "rollup";
    const values = groups.map(({ sql, column }) =>
      fold && column.name === "dst_port" ? `if(dst_port > ${HIGHEST_KEPT_PORT}, 0, dst_port)` : sql,
    );
    const known = segment.kind === "rollup" ? segment.rollup.keys : [];
    const { selected, groupedBy } = this.#group(values, known);
    const isAdded = this.#by.kind !== "rows";
    const sum = (measure: TrafficMeasure) => {
      const value = segment.measures.includes(measure) ? sums[measure] : undefined;
      if (value === undefined) return "toUInt64(0)";
      return isAdded ? `sum(${value})` : `toUInt64(${value})`;
    };
    const measured = measures.map((measure) => `${sum(measure)} AS ${measureName(measure)}`);
    // All dimensions of a rollup are part of its key: they may be looked at before rows replace each other.
    const before = segment.kind === "rollup" ? "PREWHERE" : "WHERE";
    const chosen = this.#by.kind === "among" ? [`${wholeKey(...this.#keys(values, known))} IN {chosen:Array(UInt64)}`] : [];
    const conditions = [...where, ...(at === undefined ? [] : [this.#filter()]), ...chosen];
    return [
      `SELECT ${[steps, ...selected, ...measured].join(", ")} FROM ${from}`,
      ...(conditions.length === 0 ? [] : [`${before} ${conditions.join(" AND ")}`]),
      ...(isAdded ? [`GROUP BY ${["step", ...groupedBy].join(", ")}`] : []),
    ].join(" ");
  }

  #noStep(): string {
    return `toInt64(${this.#step})`;
  }

  #keys(values: readonly string[], known: readonly RollupKey[]): readonly [string, string] {
    if ((this.#by.kind === "keys" || this.#by.kind === "among") && this.#by.of) return this.#by.of(values, known);
    return keysSql(this.#plan.question.groups.map((group, i) => hashSql(values[i] ?? "NULL", group, known)));
  }

  #group(values: readonly string[], known: readonly RollupKey[]): { selected: readonly string[]; groupedBy: readonly string[] } {
    const names = values.map((_, i) => groupName(i));
    if (this.#by.kind === "values" || this.#by.kind === "among" || values.length === 0) {
      return { selected: values.map((value, i) => `${value} AS ${names[i]}`), groupedBy: names };
    }
    const keys = this.#keys(values, known);
    if (this.#by.kind === "keys" || this.#by.kind === "rows")
      return { selected: KEYS.map((name, i) => `${keys[i]} AS ${name}`), groupedBy: KEYS };
    const place = `transform(${wholeKey(...keys)}, {chosen:Array(UInt64)}, {places:Array(UInt16)}, toUInt16(0)) AS ${PLACE}`;
    const named = this.#by.kind === "place" && this.#by.isNamed ? values.map((value, i) => `any(${value}) AS ${names[i]}`) : [];
    return { selected: [place, ...named], groupedBy: [PLACE] };
  }

  #filter(): string {
    return `(${filterSql(this.#plan.question.filter).text})`;
  }

  #columns(...more: readonly ColumnName[]): Set<ColumnName> {
    return new Set([...this.#needed, ...more]);
  }
}

/** Ends of a pair as numbers: each its type, and whichever of the others comes first that is not null. */
export function pairKeysSql(values: readonly string[], known: readonly RollupKey[] = []): [string, string] {
  const [srcType = "", srcId = "", srcName = "", dstType = "", dstId = "", dstName = "", srcDomain, dstDomain] = values;
  if (known.includes("src_key") && srcDomain === undefined) return ["src_key", "dst_key"];
  const outside = (domain: string | undefined) =>
    domain === undefined ? "0" : `ifNull(sipHash64(${domain}) * toUInt64(${SECOND_FACTOR}), 0)`;
  return [endKeySql(srcType, srcId, srcName, outside(srcDomain)), endKeySql(dstType, dstId, dstName, outside(dstDomain))];
}

/**
 * A number instead of a text: a hash is made once for each value that a dictionary has, and numbers are grouped by faster. That two of
 * 100,000 values share one happens once in a thousand million. Null is 0.
 */
export function hashSql(value: string, group?: GroupField, known: readonly RollupKey[] = []): string {
  return group?.keyed !== undefined && known.includes(group.keyed.key)
    ? `ifNull(${group.keyed.sql}, 0)`
    : `ifNull(sipHash64(${value}), 0)`;
}

/** Hashes of all fields as two numbers. */
export function keysSql(hashes: readonly string[]): [string, string] {
  // Another factor than that of the whole key: values of two columns that changed places make another one.
  const part = (hash: string, i: number) => `${hash}${i < KEYS.length ? "" : ` * toUInt64(${SECOND_FACTOR})`}`;
  const key = (place: number) => {
    const own = hashes.map(part).filter((_, i) => i % KEYS.length === place);
    return own.length === 0 ? "toUInt64(0)" : `CAST(${own.join(" + ")} AS UInt64)`;
  };
  return [key(0), key(1)];
}

/** Buckets begin with whole seconds. */
function second(parameter: string): string {
  return `toDateTime(intDiv({${parameter}:Int64}, 1000), 'UTC')`;
}
