/** The domains outside of the network that there was traffic with: how many, and which of them were not there before. */
import { allFilters, type Filter, type TimeRange } from "@flowtrail/model";
import { columnIs } from "./filters.ts";
import type { Inquiry } from "./inquiry.ts";
import type { Ranges, Tile } from "./overview-tiles.ts";
import { type Amount, amount } from "./traffic/amounts.ts";
import { type GroupField, groupField } from "./traffic/fields.ts";
import { leastStepMs } from "./traffic/plan.ts";
import { alignDown, stepFor, stepsIn } from "./traffic/steps.ts";
import type { Traffic } from "./traffic/traffic.ts";
import { type By, groupName, KEYS, measureName } from "./traffic/traffic-sql.ts";

export interface Externals {
  /** How many domains there were, in all and step by step. */
  readonly tile: Tile;
  readonly fresh: NewExternals;
}

export interface NewExternals {
  /** The largest first. */
  readonly rows: { readonly domain: string; readonly bytes: Amount }[];
  /** How many there are besides. */
  readonly more: number;
  /** Since when they were not seen, up to the range; null: nothing is known from before, all would be new. */
  readonly since: string | null;
  /** False: only the largest were looked up. */
  readonly complete: boolean;
}

const DOMAIN = [groupField("dst.domain")].filter((field): field is GroupField => typeof field !== "string");
const STEPS = 40;
const DAY_MS = 86_400_000;
/** Whoever was not seen for so long is new. */
const LOOK_BACK_MS = 30 * DAY_MS;
/** So many of the largest are looked up in the time before. */
const CANDIDATES = 2000;
const MOST_NEW = 8;

const [NAME, BYTES] = [groupName(0), measureName("bytes")];

/** Of flows that pass, those to the outside. */
export function toExternals(filter: Filter): Filter {
  return allFilters([filter, columnIs("dst_type", ["external"])]);
}

/** @throws StoreError, QuestionError */
export async function externalsOf(
  traffic: Traffic,
  filter: Filter,
  { range, before }: Pick<Ranges, "range" | "before">,
  inquiry: Inquiry,
): Promise<Externals> {
  const domains = new Domains(traffic, toExternals(filter), inquiry);
  const [{ names, found, series }, previous] = await Promise.all([domains.of(range), domains.count(before)]);
  const tile = { value: found, previous, series };
  const nothing = { rows: [], more: 0, since: null, complete: true };
  if (names.length === 0) return { tile, fresh: nothing };
  // Whole days: sums by day know them.
  const earlier = { fromMs: Math.max(0, alignDown(range.fromMs - LOOK_BACK_MS, DAY_MS)), toMs: range.fromMs };
  const known = await domains.knownOf(names, earlier);
  if (known === null) return { tile, fresh: nothing };
  const fresh = names.filter(({ domain }) => !known.has(domain));
  return {
    tile,
    fresh: {
      rows: fresh.slice(0, MOST_NEW),
      more: Math.max(0, fresh.length - MOST_NEW),
      since: new Date(earlier.fromMs).toISOString(),
      complete: names.length === found,
    },
  };
}

class Domains {
  readonly #traffic: Traffic;
  readonly #filter: Filter;
  readonly #inquiry: Inquiry;

  constructor(traffic: Traffic, filter: Filter, inquiry: Inquiry) {
    this.#traffic = traffic;
    this.#filter = filter;
    this.#inquiry = inquiry;
  }

  /** The largest, how many there are in all, and how many in each step. */
  async of(range: TimeRange) {
    const question = { filter: this.#filter, groups: DOMAIN };
    const stepMs = stepFor(range, STEPS, leastStepMs(question, range, STEPS / 2));
    // A domain of a step is a number here: there are too many to carry their names along. 0 stands for none.
    const [key] = KEYS;
    const [steps, rows] = await Promise.all([
      this.#rows<{ step: string; n: string }>(
        range,
        stepMs,
        (subquery) => `SELECT step, uniqExactIf(${key}, ${BYTES} > 0 AND ${key} != 0) AS n FROM (${subquery}) GROUP BY step`,
        {},
        { kind: "keys" },
      ),
      this.#rows<{ name: string; bytes: string; found: string }>(
        range,
        null,
        (subquery) =>
          `SELECT ${NAME} AS name, sum(${BYTES}) AS bytes, count() OVER () AS found FROM (${subquery}) WHERE isNotNull(${NAME}) ` +
          "GROUP BY name HAVING bytes > 0 ORDER BY bytes DESC, name LIMIT {limit:UInt32}",
        { limit: CANDIDATES },
      ),
    ]);
    const counts = new Map(steps.map(({ step, n }) => [Number(step), Number(n)]));
    return {
      names: rows.map(({ name, bytes }) => ({ domain: name, bytes: amount(BigInt(bytes)) })),
      found: Number(rows[0]?.found ?? 0),
      series: Array.from({ length: stepsIn(range, stepMs) }, (_, i) => counts.get(i) ?? 0),
    };
  }

  async count(range: TimeRange): Promise<number> {
    const sql = (subquery: string) => `SELECT uniqExact(${NAME}) AS n FROM (${subquery}) WHERE ${BYTES} > 0`;
    const [row] = await this.#rows<{ n: string }>(range, null, sql);
    return Number(row?.n ?? 0);
  }

  /** Which of these there were; null: there was no traffic at all. */
  async knownOf(names: readonly { readonly domain: string }[], range: TimeRange): Promise<ReadonlySet<string> | null> {
    const [row] = await this.#rows<{ n: string; names: string[] }>(
      range,
      null,
      (subquery) =>
        `SELECT count() AS n, groupUniqArrayIf(${NAME}, ${NAME} IN {names:Array(String)}) AS names FROM (${subquery}) WHERE ${BYTES} > 0`,
      { names: names.map(({ domain }) => domain) },
    );
    return row === undefined || row.n === "0" ? null : new Set(row.names);
  }

  #rows<T>(
    range: TimeRange,
    stepMs: number | null,
    sql: (subquery: string) => string,
    bindings: Record<string, unknown> = {},
    by?: By,
  ) {
    const plan = this.#traffic.plan({ filter: this.#filter, groups: DOMAIN, measures: ["bytes"], range, stepMs });
    return this.#traffic.rows<T>(plan, this.#inquiry, sql, bindings, by);
  }
}
