/**
 * A part of a domain or a name, or a word: no index knows which rows have it, but rollups know all values that there are. Which of these
 * have the text is asked first; then only the rows of these values, which indexes find. What nobody has is known without a look at rows.
 */
import type { Filter, Pattern, TimeRange } from "@flowtrail/model";
import { FLOWS } from "../store/schema/flow-tables.ts";
import { VALUE_ROLLUPS } from "../store/schema/rollup-tables.ts";
import { coverCounted } from "./facets-computed.ts";
import { filterSql, mayFitAddress } from "./filter-sql.ts";
import type { FlowListQuery } from "./flow-list-order.ts";
import type { Segment } from "./flow-list-segments.ts";
import { endedActive } from "./flow-set.ts";
import type { Inquiry } from "./inquiry.ts";
import { isOfNetworkOnly } from "./narrowed.ts";
import { allOf, moment, type Sql } from "./sql.ts";
import type { TrafficSources } from "./traffic/plan.ts";
import { alignUp } from "./traffic/steps.ts";

export interface CountedSources extends TrafficSources {
  /** What rollups know: all rows that were stored before, of flows that began since. */
  counted(): { readonly storedBeforeMs: number; readonly fromMs: number };
}

/** Of whom a list is told where counted values are. */
export interface KnownDeps {
  readonly sources: CountedSources;
  /** A shorter stretch is sooner read than its values are looked up. */
  readonly leastMs: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
export const WORTH_ASKING_MS = 2 * DAY_MS;
/** A text that more values have is not rare. */
export const MOST_VALUES = 500;
const MOST_COUNTS = 5000;
const COUNTED = ["src_name", "dst_name", "domain"] as const;
/** What a word is looked for in, too, and no rollup counts. */
export const UNCOUNTED = ["src_device", "dst_device"] as const;

export type CountedName = (typeof COUNTED)[number];

/** A condition of a filter of which all values are counted. */
export interface TextPart {
  readonly columns: readonly CountedName[];
  readonly pattern: Pattern;
  readonly isWord: boolean;
}

/**
 * The same rows of a segment in other segments, of which each must pass what is known of its values. Null: nothing is known.
 * @throws StoreError, QuestionError
 */
export async function byKnownValues(
  segment: Segment,
  query: FlowListQuery,
  { sources, leastMs }: KnownDeps,
  inquiry: Inquiry,
  wanted: number,
): Promise<Segment[] | null> {
  const { table, began } = segment;
  const { storedBeforeMs, fromMs: countedFromMs } = sources.counted();
  const fromMs = alignUp(Math.max(began.fromMs, sources.flowsFromMs(), countedFromMs), HOUR_MS);
  // Of values it is known in which networks they are, and no more.
  if (table !== FLOWS.name || began.toMs - fromMs < leastMs || !isOfNetworkOnly(inquiry.within)) return null;
  const texts = textParts(query.filter);
  const range = { fromMs, toMs: alignUp(began.toMs, HOUR_MS) };
  const { parts, rest } = coverCounted(range, VALUE_ROLLUPS, sources);
  if (texts.length === 0 || parts.length === 0 || rest.length > 0) return null;
  const known: Segment = { table, began: { fromMs, toMs: began.toMs } };
  const [found, isNews] = await Promise.all([
    Promise.all(texts.map((text) => valuesOf(text, parts, inquiry))),
    hasNews(known, query, texts, storedBeforeMs, inquiry),
  ]);
  const rare = found.flatMap((one) => one ?? []);
  if (isNews || rare.length === 0) return null;
  const only = conditionOf(rare);
  const older: Segment[] = fromMs > began.fromMs ? [{ table, began: { fromMs: began.fromMs, toMs: fromMs } }] : [];
  if (only === null) return older;
  const splitMs = Math.max(...rare.map(({ days }) => enoughFrom(days, wanted)));
  const ranges: TimeRange[] =
    splitMs > fromMs && splitMs < began.toMs
      ? [
          { fromMs: splitMs, toMs: began.toMs },
          { fromMs, toMs: splitMs },
        ]
      : [known.began];
  return [...ranges.map((range) => ({ table, began: range, only })), ...older];
}

/** Those that all rows must pass. */
function textParts(filter: Filter): TextPart[] {
  return filter.kind === "and" ? filter.parts.flatMap(textParts) : [textPart(filter) ?? []].flat();
}

/** Null: it is none of a text, or of one that is not counted. */
export function textPart(filter: Filter): TextPart | null {
  if (filter.kind === "text")
    return mayFitAddress(filter.pattern) ? null : { columns: COUNTED, pattern: filter.pattern, isWord: true };
  if (filter.kind !== "like") return null;
  const columns = countedColumns(filter.field);
  const isAny = filter.pattern.every((part) => part === "");
  return columns === null || filter.not || isAny ? null : { columns, pattern: filter.pattern, isWord: false };
}

const FIELDS: Readonly<Record<string, readonly CountedName[]>> = {
  domain: ["domain"],
  "src.domain": ["domain"],
  "dst.domain": ["domain"],
  name: ["src_name", "dst_name"],
  "src.name": ["src_name"],
  "dst.name": ["dst_name"],
};

function countedColumns(field: string): readonly CountedName[] | null {
  return FIELDS[field] ?? null;
}

interface Values {
  readonly columns: ReadonlyMap<CountedName, readonly string[]>;
  /** Reports that began, by the beginning of their day. */
  readonly days: ReadonlyMap<number, number>;
}

interface Row {
  readonly f: CountedName;
  readonly v: string;
  readonly day: string;
  readonly n: string;
}

/** Null: they are many. */
async function valuesOf(
  { columns, pattern }: TextPart,
  parts: ReturnType<typeof coverCounted>["parts"],
  inquiry: Inquiry,
): Promise<Values | null> {
  // Any field of texts would do: it stands for the column of values.
  const { text, bindings: own } = filterSql({ kind: "like", field: "domain", pattern, not: false }, { domain: "value" });
  const seen = filterSql(inquiry.within, {}, "w");
  const bindings: Record<string, unknown> = { ...own, ...seen.bindings, fields: columns, most: MOST_COUNTS };
  const each = parts.map(({ rollup, range }, i) => {
    Object.assign(bindings, { [`a${i}`]: range.fromMs / 1000, [`b${i}`]: range.toMs / 1000 });
    // What was replaced since is one value more to look for: no FINAL.
    return (
      `SELECT field, value, toStartOfDay(bucket) AS day, reports FROM ${rollup.table.name} ` +
      `WHERE bucket >= toDateTime({a${i}:UInt32}, 'UTC') AND bucket < toDateTime({b${i}:UInt32}, 'UTC') ` +
      `AND field IN {fields:Array(String)} AND (${seen.text}) AND ${text}`
    );
  });
  const rows = await inquiry.rows<Row>({
    table: parts.map(({ rollup }) => rollup.table.name).join(", "),
    sql:
      "SELECT toString(field) AS f, value AS v, toUnixTimestamp(day) AS day, sum(reports) AS n " +
      `FROM (${each.join(" UNION ALL ")}) GROUP BY f, v, day LIMIT {most:UInt32}`,
    bindings,
  });
  const found = new Map<CountedName, Set<string>>(columns.map((name) => [name, new Set()]));
  const days = new Map<number, number>();
  for (const { f, v, day, n } of rows) {
    found.get(f)?.add(v);
    const dayMs = Number(day) * 1000;
    days.set(dayMs, (days.get(dayMs) ?? 0) + Number(n));
  }
  const count = [...found.values()].reduce((sum, { size }) => sum + size, 0);
  if (rows.length === MOST_COUNTS || count > MOST_VALUES) return null;
  return { columns: new Map([...found].map(([name, values]) => [name, [...values]])), days };
}

/** Of rows that pass, is one not counted yet, or does one have the word where nothing is counted? */
async function hasNews(
  { table, began }: Segment,
  { range, filter }: FlowListQuery,
  texts: readonly TextPart[],
  storedBeforeMs: number,
  inquiry: Inquiry,
): Promise<boolean> {
  const active = endedActive({ began }, range, filter);
  const late: Sql = {
    text: `${active.text} AND stored >= ${moment("stored")}`,
    bindings: { ...active.bindings, stored: Math.max(0, storedBeforeMs) },
  };
  const seen = filterSql(inquiry.within, {}, "w");
  const words = texts.filter(({ isWord }) => isWord).map(({ pattern }) => allOf(inUncounted(began, pattern), seen));
  const found = await Promise.all(
    [late, ...words].map(({ text, bindings }) =>
      inquiry.rows({ table, sql: `SELECT 1 AS one FROM ${table} WHERE ${text} LIMIT 1`, bindings }),
    ),
  );
  return found.some((rows) => rows.length > 0);
}

function inUncounted({ fromMs, toMs }: TimeRange, pattern: Pattern): Sql {
  const fits = filterSql({ kind: "text", pattern }, {}, "f", UNCOUNTED);
  return {
    text: `start >= ${moment("lo")} AND start < ${moment("hi")} AND (${fits.text})`,
    bindings: { ...fits.bindings, lo: fromMs, hi: toMs },
  };
}

/** Null: no row can pass. */
function conditionOf(rare: readonly Values[]): Sql | null {
  const bindings: Record<string, unknown> = {};
  const conditions = rare.map(({ columns }, i) => {
    const any = [...columns].filter(([, values]) => values.length > 0);
    return any.map(([name, values]) => {
      bindings[`v${i}_${name}`] = values;
      return `${name} IN {v${i}_${name}:Array(String)}`;
    });
  });
  if (conditions.some(({ length }) => length === 0)) return null;
  return { text: conditions.map((any) => `(${any.join(" OR ")})`).join(" AND "), bindings };
}

/** Primary reports are half of all, and some of them will not pass. */
const SPARE = 3;

/** The beginning of the newest days (or hours) that have so many; 0: all together have not. */
export function enoughFrom(days: ReadonlyMap<number, number>, wanted: number): number {
  let found = 0;
  for (const dayMs of [...days.keys()].sort((a, b) => b - a)) {
    found += days.get(dayMs) ?? 0;
    if (found >= SPARE * wanted) return dayMs;
  }
  return 0;
}
