/** Where flows of a filter began, as rollups know it: the first and the last bucket, as narrow as there are any. */
import type { Filter, TimeRange } from "@flowtrail/model";
import { ROLLUP_QUESTION, type Rollup } from "../store/schema/rollup-tables.ts";
import { filterSql } from "./filter-sql.ts";
import type { Inquiry } from "./inquiry.ts";
import { rollupsFor, type TrafficSources } from "./traffic/plan.ts";

export interface Buckets {
  /** Flows that began in between are known. */
  readonly fromMs: number;
  readonly throughMs: number;
  /** Null: none began. */
  readonly first: TimeRange | null;
  readonly last: TimeRange | null;
}

/** Null: no rollup knows the fields of the filter. @throws StoreError, QuestionError */
export async function bucketsOf(filter: Filter, sources: TrafficSources, inquiry: Inquiry): Promise<Buckets | null> {
  const fromMsOf = ({ table }: Rollup) => sources.rollupFromMs(table.name);
  const computed = rollupsFor({ filter, groups: [] }, null).filter(({ table }) => sources.throughMs(table.name) > 0);
  const furthest = (rollups: readonly Rollup[]) => rollups.toSorted((a, b) => fromMsOf(a) - fromMsOf(b))[0] ?? null;
  const [first] = computed;
  if (first === undefined) return null;
  // One that is new does not reach back as far as older ones of its width.
  const wide = furthest(computed.filter(({ stepMs }) => stepMs === first.stepMs)) ?? first;
  const fine = furthest(computed.filter(({ stepMs }) => stepMs < wide.stepMs));
  const [fromMs, wideThroughMs] = [sources.rollupFromMs(wide.table.name), sources.throughMs(wide.table.name)];
  const fineThroughMs = fine === null ? 0 : sources.throughMs(fine.table.name);
  const isFurther = fine !== null && fineThroughMs > wideThroughMs;
  const ask = new BucketQuestion(filter, inquiry);
  const [all = null, since = null] = await ask.ends([
    { rollup: wide, range: { fromMs, toMs: wideThroughMs } },
    ...(isFurther ? [{ rollup: fine, range: { fromMs: wideThroughMs, toMs: fineThroughMs } }] : []),
  ]);
  const ends = { first: all?.first ?? since?.first ?? null, last: since?.last ?? all?.last ?? null };
  return {
    fromMs,
    throughMs: isFurther ? fineThroughMs : wideThroughMs,
    ...(fine === null ? ends : await narrowed(ends, fine, sources, ask)),
  };
}

interface Ends {
  readonly first: TimeRange | null;
  readonly last: TimeRange | null;
}

/** A day's hours, for what was found by day. */
async function narrowed({ first, last }: Ends, fine: Rollup, sources: TrafficSources, ask: BucketQuestion): Promise<Ends> {
  const { name } = fine.table;
  const isKnown = ({ fromMs, toMs }: TimeRange) => fromMs >= sources.rollupFromMs(name) && toMs <= sources.throughMs(name);
  const isWide = (range: TimeRange | null): range is TimeRange =>
    range !== null && range.toMs - range.fromMs > fine.stepMs && isKnown(range);
  const wide = [first, last].filter(isWide);
  if (wide.length === 0) return { first, last };
  const found = await ask.ends(wide.map((range) => ({ rollup: fine, range })));
  const within = (range: TimeRange | null, end: keyof Ends) =>
    (isWide(range) ? found[wide.indexOf(range)]?.[end] : null) ?? range;
  return { first: within(first, "first"), last: within(last, "last") };
}

interface Row {
  readonly place: number;
  readonly n: string;
  readonly first: number;
  readonly last: number;
}

class BucketQuestion {
  readonly #where: ReturnType<typeof filterSql>;
  readonly #inquiry: Inquiry;

  constructor(filter: Filter, inquiry: Inquiry) {
    this.#where = filterSql(filter);
    this.#inquiry = inquiry;
  }

  /** The first and the last bucket of each stretch. */
  async ends(parts: readonly { readonly rollup: Rollup; readonly range: TimeRange }[]): Promise<(Ends | null)[]> {
    const bindings: Record<string, unknown> = { ...this.#where.bindings };
    const second = (name: string) => `toDateTime({${name}:UInt32}, 'UTC')`;
    const selected = parts.map(({ rollup, range }, i) => {
      Object.assign(bindings, { [`a${i}`]: range.fromMs / 1000, [`b${i}`]: range.toMs / 1000 });
      // Of the key's columns, before rows replace each other; `reports` is none of them.
      return (
        `SELECT ${i} AS place, count() AS n, toUnixTimestamp(min(bucket)) AS first, toUnixTimestamp(max(bucket)) AS last FROM ${rollup.table.name} FINAL ` +
        `PREWHERE bucket >= ${second(`a${i}`)} AND bucket < ${second(`b${i}`)} AND (${this.#where.text}) WHERE reports > 0`
      );
    });
    const rows = await this.#inquiry.rows<Row>({
      table: [...new Set(parts.map(({ rollup }) => rollup.table.name))].join(", "),
      sql: selected.join(" UNION ALL "),
      bindings,
      options: { settings: { ...ROLLUP_QUESTION, optimize_move_to_prewhere_if_final: 0 } },
    });
    return parts.map(({ rollup }, i) => {
      const row = rows.find(({ place }) => place === i);
      const bucket = (from: number) => ({ fromMs: from * 1000, toMs: from * 1000 + rollup.stepMs });
      return row === undefined || row.n === "0" ? null : { first: bucket(row.first), last: bucket(row.last) };
    });
  }
}
