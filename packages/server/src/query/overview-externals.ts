/** The domains outside of the network that there was traffic with: how many, and which of them were not there before. */
import { allFilters, type Filter, type TimeRange } from "@flowtrail/model";
import { columnIs } from "./filters.ts";
import type { Inquiry } from "./inquiry.ts";
import { rangeBefore, type Tile } from "./overview-tiles.ts";
import { type Amount, amount } from "./traffic/amounts.ts";
import { type GroupField, groupField } from "./traffic/fields.ts";
import { leastStepMs } from "./traffic/plan.ts";
import { stepFor, stepsIn } from "./traffic/steps.ts";
import type { Traffic } from "./traffic/traffic.ts";
import { groupName, measureName } from "./traffic/traffic-sql.ts";

export interface NewExternals {
  /** The largest first. */
  readonly rows: { readonly domain: string; readonly bytes: Amount }[];
  /** How many there are besides. */
  readonly more: number;
  /** Since when they were not seen, up to the range; null: nothing is known from before, all would be new. */
  readonly since: string | null;
}

const DOMAIN = [groupField("dst.domain")].filter((field): field is GroupField => typeof field !== "string");
const STEPS = 40;
/** Whoever was not seen for so long is new. */
const LOOK_BACK_MS = 30 * 86_400_000;
/** So many of the largest are looked up in the time before. */
const CANDIDATES = 2000;
const MOST_NEW = 8;

const [NAME, BYTES] = [groupName(0), measureName("bytes")];

/** Of flows that pass, those to the outside. */
export function toExternals(filter: Filter): Filter {
  return allFilters([filter, columnIs("dst_type", ["external"])]);
}

/** How many domains there were, in all and step by step. */
export async function externalsTile(traffic: Traffic, filter: Filter, range: TimeRange, inquiry: Inquiry): Promise<Tile> {
  const question = { filter: toExternals(filter), groups: DOMAIN };
  const stepMs = stepFor(range, STEPS, leastStepMs(question, range, STEPS / 2));
  const distinct = `SELECT toUInt8(grouping(step)) AS total, step, uniqExact(${NAME}) AS n`;
  const asked = (of: TimeRange, stepMs: number | null) =>
    traffic.rows<{ total: number; step: string; n: string }>(
      traffic.plan({ ...question, range: of, measures: ["bytes"], stepMs }),
      inquiry,
      (subquery) => `${distinct} FROM (${subquery}) WHERE ${BYTES} > 0 GROUP BY GROUPING SETS ((step), ())`,
      {},
    );
  const [now, before] = await Promise.all([asked(range, stepMs), asked(rangeBefore(range), null)]);
  const all = (rows: typeof now) => Number(rows.find(({ total }) => total === 1)?.n ?? 0);
  const steps = new Map(now.filter(({ total }) => total === 0).map(({ step, n }) => [Number(step), Number(n)]));
  const series = Array.from({ length: stepsIn(range, stepMs) }, (_, i) => steps.get(i) ?? 0);
  return { value: all(now), previous: all(before), series };
}

/** Domains of the range that were not there in the month before, as far as that is known. */
export async function newExternals(traffic: Traffic, filter: Filter, range: TimeRange, inquiry: Inquiry): Promise<NewExternals> {
  const question = { filter: toExternals(filter), groups: DOMAIN, measures: ["bytes"] as const, stepMs: null };
  const found = await traffic.rows<{ name: string; bytes: string; found: string }>(
    traffic.plan({ ...question, range }),
    inquiry,
    (subquery) =>
      `SELECT ${NAME} AS name, sum(${BYTES}) AS bytes, count() OVER () AS found FROM (${subquery}) WHERE isNotNull(${NAME}) ` +
      `GROUP BY ${NAME} HAVING bytes > 0 ORDER BY bytes DESC, name LIMIT {limit:UInt32}`,
    { limit: CANDIDATES },
  );
  if (found.length === 0) return { rows: [], more: 0, since: null };
  const earlier = { fromMs: Math.max(0, range.fromMs - LOOK_BACK_MS), toMs: range.fromMs };
  const [known] = await traffic.rows<{ n: string; names: string[] }>(
    traffic.plan({ ...question, range: earlier }),
    inquiry,
    (subquery) =>
      `SELECT count() AS n, groupUniqArrayIf(${NAME}, has({names:Array(String)}, ${NAME})) AS names FROM (${subquery}) WHERE ${BYTES} > 0`,
    { names: found.map(({ name }) => name) },
  );
  if (known === undefined || known.n === "0") return { rows: [], more: 0, since: null };
  // More than were looked up: those that are not told are the smallest.
  if (Number(found[0]?.found ?? 0) > found.length) inquiry.markPartial();
  const before = new Set(known.names);
  const fresh = found.filter(({ name }) => !before.has(name));
  return {
    rows: fresh.slice(0, MOST_NEW).map(({ name, bytes }) => ({ domain: name, bytes: amount(BigInt(bytes)) })),
    more: Math.max(0, fresh.length - MOST_NEW),
    since: new Date(earlier.fromMs).toISOString(),
  };
}
