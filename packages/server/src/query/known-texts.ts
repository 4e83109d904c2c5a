/**
 * A word, or a part of a name or a domain, as the values that have it. No index knows which rows have a text, but rollups know all
 * values that there are: these are few, and indexes and rollups know their rows. What nobody has is known without a look at rows.
 */
import { allFilters, anyFilter, type Filter, type TimeRange } from "@flowtrail/model";
import { FLOWS, FLOWS_LONG, FLOWS_OPEN, LONG_MS } from "../store/schema/flow-tables.ts";
import { VALUE_ROLLUPS } from "../store/schema/rollup-tables.ts";
import { coverCounted } from "./facets-computed.ts";
import { filterSql } from "./filter-sql.ts";
import { type CountedName, type KnownDeps, MOST_VALUES, type TextPart, textPart, UNCOUNTED } from "./flow-list-known.ts";
import type { Inquiry } from "./inquiry.ts";
import { isOfNetworkOnly } from "./narrowed.ts";
import { moment } from "./sql.ts";
import { alignDown } from "./traffic/steps.ts";

const HOUR_MS = 3_600_000;
/** Where rollups do not know more of a range than this, rows are read in any case. */
const MOST_REST = 0.25;
/** A range of as many days as flows are kept begins a moment before those that are. */
const SLACK_MS = 60_000;
const IN_DEVICES = { src_device: "src.device", dst_device: "dst.device" } as const;

type SearchedName = CountedName | keyof typeof IN_DEVICES;

/**
 * The same filter for flows that were active in the range, as they are stored now: texts that all of them must have are told by the
 * values that have them. No value at all: no flow passes, see `passesNothing`.
 * @throws StoreError, QuestionError
 */
export async function withKnownTexts(
  filter: Filter,
  range: TimeRange,
  known: KnownDeps | undefined,
  inquiry: Inquiry,
): Promise<Filter> {
  const parts = filter.kind === "and" ? filter.parts : [filter];
  // Of values it is known in which networks they are, and no more.
  if (!isOfNetworkOnly(inquiry.within)) return filter;
  if (known === undefined || range.toMs - range.fromMs < known.leastMs || parts.every((part) => textPart(part) === null))
    return filter;
  const covered = coverOf(range, known);
  if (covered === null) return filter;
  const told = parts.map(async (part) => {
    const text = textPart(part);
    const values = text && (await valuesOf(text, covered, inquiry));
    return values === null ? part : asValues(part, values);
  });
  return allFilters(await Promise.all(told));
}

interface Covered extends ReturnType<typeof coverCounted> {
  readonly range: TimeRange;
  /** Of `start`: flows that may be active in the range, but those that live long. */
  readonly began: TimeRange;
  readonly storedBeforeMs: number;
}

/** Null: too little of it is counted. */
function coverOf(range: TimeRange, { sources }: KnownDeps): Covered | null {
  const { storedBeforeMs, fromMs: countedFromMs } = sources.counted();
  const flowsFromMs = sources.flowsFromMs();
  const began = { fromMs: Math.max(0, alignDown(range.fromMs - LONG_MS, HOUR_MS)), toMs: range.toMs };
  // Of flows that are not kept any more, other rollups still know what they moved in the range: by any name that there ever was.
  const wantedMs = began.fromMs < flowsFromMs ? 0 : began.fromMs;
  const fromMs = Math.min(began.toMs, Math.max(wantedMs, countedFromMs));
  const { parts, rest } = coverCounted({ fromMs, toMs: began.toMs }, VALUE_ROLLUPS, sources);
  const unknown = [{ fromMs: wantedMs, toMs: fromMs }, ...rest].flatMap(({ fromMs: aMs, toMs }) =>
    toMs > Math.max(aMs, began.fromMs) ? [{ fromMs: Math.max(aMs, began.fromMs), toMs }] : [],
  );
  const restMs = unknown.reduce((sum, one) => sum + one.toMs - one.fromMs, 0);
  if (parts.length === 0 || restMs > MOST_REST * (range.toMs - range.fromMs)) return null;
  // Neither rows nor values are left of it.
  if (unknown.some((stretch) => stretch.fromMs < flowsFromMs && flowsFromMs > range.fromMs + SLACK_MS)) return null;
  return { parts, rest: unknown, range, began, storedBeforeMs };
}

type Values = ReadonlyMap<SearchedName, readonly string[]>;

/** Null: they are many. */
async function valuesOf({ columns, pattern, isWord }: TextPart, covered: Covered, inquiry: Inquiry): Promise<Values | null> {
  const { parts, rest, range, began, storedBeforeMs } = covered;
  // Any field of texts would do: it stands for the column of values.
  const { text, bindings: own } = filterSql({ kind: "like", field: "domain", pattern, not: false }, { domain: "value" });
  // What others have, may not even change what is read.
  const seen = filterSql(inquiry.within, {}, "w");
  const bindings: Record<string, unknown> = {
    ...own,
    ...seen.bindings,
    fields: columns,
    most: MOST_VALUES + 1,
    lo: began.fromMs,
    hi: began.toMs,
    from: range.fromMs,
    stored: Math.max(0, storedBeforeMs),
  };
  // What was replaced since is one value more to look for: no FINAL.
  const counted = parts.map(({ rollup, range: { fromMs, toMs } }, i) => {
    Object.assign(bindings, { [`a${i}`]: fromMs / 1000, [`b${i}`]: toMs / 1000 });
    return (
      `SELECT toString(field) AS f, value FROM ${rollup.table.name} WHERE bucket >= toDateTime({a${i}:UInt32}, 'UTC') ` +
      `AND bucket < toDateTime({b${i}:UInt32}, 'UTC') AND field IN {fields:Array(String)} AND (${seen.text}) AND ${text} GROUP BY f, value`
    );
  });
  const searched = [...columns, ...(isWord ? UNCOUNTED : [])];
  const ofRows = (table: string, where: string, names: readonly SearchedName[] = searched) =>
    `SELECT pair.1 AS f, pair.2 AS value FROM ${table} ` +
    `ARRAY JOIN [${names.map((name) => `('${name}', CAST(${name} AS Nullable(String)))`).join(", ")}] AS pair WHERE (${where}) AND (${seen.text}) GROUP BY f, value`;
  const within = `start >= ${moment("lo")} AND start < ${moment("hi")}`;
  const stretches = rest.map(({ fromMs, toMs }, i) => {
    Object.assign(bindings, { [`c${i}`]: fromMs, [`d${i}`]: toMs });
    return ofRows(FLOWS.name, `start >= ${moment(`c${i}`)} AND start < ${moment(`d${i}`)}`);
  });
  const others = [
    ...stretches,
    // What is not counted yet.
    ofRows(FLOWS.name, `${within} AND stored >= ${moment("stored")}`),
    ofRows(FLOWS_LONG.name, `start < ${moment("lo")} AND last_seen >= ${moment("from")}`),
    ofRows(FLOWS_OPEN.name, `start < ${moment("hi")}`),
    // What nothing counts: two columns of few values.
    ...(isWord ? [ofDevices(`${within} AND (${seen.text})`)] : []),
  ];
  const rows = await inquiry.rows<{ f: SearchedName; value: string }>({
    table: [...new Set([...parts.map(({ rollup }) => rollup.table.name), FLOWS.name, FLOWS_LONG.name, FLOWS_OPEN.name])].join(
      ", ",
    ),
    sql: `SELECT f, value FROM (${[...counted, ...others].join(" UNION ALL ")}) WHERE ${text} GROUP BY f, value LIMIT {most:UInt32}`,
    bindings,
  });
  if (rows.length > MOST_VALUES) return null;
  return new Map(searched.map((name) => [name, rows.flatMap(({ f, value }) => (f === name ? [value] : []))]));
}

function ofDevices(within: string): string {
  const pairs = UNCOUNTED.map((name) => `('${name}', CAST(${name} AS Nullable(String)))`);
  const [columns, table] = [UNCOUNTED.join(", "), FLOWS.name];
  return (
    "SELECT pair.1 AS f, pair.2 AS value " +
    `FROM (SELECT ${columns} FROM ${table} WHERE ${within} GROUP BY ${columns}) ARRAY JOIN [${pairs.join(", ")}] AS pair`
  );
}

function asValues(part: Filter, values: Values): Filter {
  const has = (field: string, ...names: readonly SearchedName[]): Filter => {
    const all = new Set(names.flatMap((name) => values.get(name) ?? []));
    return { kind: "is", field, values: [...all], not: false };
  };
  // Of one end or of either, as it was asked for.
  if (part.kind === "like") return has(part.field, ...values.keys());
  const any = [
    has("name", "src_name", "dst_name"),
    has("domain", "domain"),
    ...UNCOUNTED.map((name) => has(IN_DEVICES[name], name)),
  ].filter((one) => one.kind === "is" && one.values.length > 0);
  return any.length === 0 ? has("domain") : anyFilter(any);
}
