/** `GET /api/flows/pairs`: who talks to whom, for the map. */
import type { TimeRange } from "@flowtrail/model";
import type { Inquiry } from "./inquiry.ts";
import type { Narrowed } from "./narrowed.ts";
import { type Amount, amount } from "./traffic/amounts.ts";
import { columnGroup, type GroupField, groupField } from "./traffic/fields.ts";
import type { Segment, TrafficPlan } from "./traffic/plan.ts";
import type { Traffic } from "./traffic/traffic.ts";
import { groupName, KEYS, measureName, pairKeysSql, wholeKey } from "./traffic/traffic-sql.ts";

export interface PairsQuery {
  readonly range: TimeRange;
  readonly filter: Narrowed;
  /** What the largest are chosen by. */
  readonly metric: "bytes" | "connections";
  /** Most edges. */
  readonly limit: number;
  /** Whether nameless ends outside of the network are told apart by their domain. `auto`: if that is quickly found. */
  readonly externals: "auto" | "domain" | "one";
}

interface PairNode {
  readonly id: string;
  readonly name: string | null;
  readonly type: string;
  readonly bytes: Amount;
}

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly bytes: Amount;
  readonly connections: Amount;
}

export interface Pairs {
  readonly nodes: PairNode[];
  readonly edges: Edge[];
  readonly cut: number;
  readonly other: { readonly bytes: Amount; readonly connections: Amount };
  readonly externals: "domain" | "one";
  readonly estimated: boolean;
}

export const MOST_EDGES = 500;
export const MOST_NODES = 200;
/** Among so many of the largest those are looked for whose nodes have a place. */
const CANDIDATES = 4 * MOST_EDGES;
/** Rows of so much time are read for the sake of domains. */
const QUICK_MS = 2 * 3_600_000;

/** @throws StoreError, QuestionError */
export async function pairs(traffic: Traffic, query: PairsQuery, inquiry: Inquiry): Promise<Pairs> {
  const { plan, externals } = planOf(traffic, query);
  const sql = (subquery: string) => pairsSql(subquery, externals === "domain", query.metric);
  const answer = (rows: readonly Row[]) => ({ ...mapOf(rows, query.limit), externals, estimated: plan.estimated });
  const limit = { limit: CANDIDATES };
  if (!plan.segments.some(isWide)) return answer(await traffic.rows<Row>(plan, inquiry, sql, limit));
  // Of many pairs: the largest by numbers that stand for them, then the names of these.
  const of = pairKeysSql;
  const largest = await traffic.rows<Largest>(plan, inquiry, (subquery) => largestSql(subquery, query.metric), limit, {
    kind: "keys",
    of,
  });
  const [first] = largest;
  if (first === undefined) return answer([]);
  const chosen = largest.map(({ key }) => BigInt(key));
  const rows = await traffic.rows<Row>(plan, inquiry, sql, limit, { kind: "among", chosen, of });
  const { found, all_bytes, all_connections } = first;
  return answer(rows.map((row) => ({ ...row, found, all_bytes, all_connections })));
}

/** Less is sooner read once. */
const TWICE_FROM_MS = 6 * 86_400_000;
const isWide = ({ kind, range }: Segment) => kind === "rollup" && range.toMs - range.fromMs >= TWICE_FROM_MS;

type Largest = Pick<Row, "found" | "all_bytes" | "all_connections"> & { readonly key: string };

function largestSql(subquery: string, metric: PairsQuery["metric"]): string {
  const [bytes, connections] = [measureName("bytes"), measureName("connections")];
  return (
    `SELECT toString(${wholeKey(...KEYS)}) AS key, sum(${bytes}) AS bytes, sum(${connections}) AS connections, count() OVER () AS found, ` +
    "sum(bytes) OVER () AS all_bytes, sum(connections) OVER () AS all_connections " +
    `FROM (${subquery}) GROUP BY ${KEYS.join(", ")} HAVING bytes > 0 OR connections > 0 ORDER BY ${metric} DESC, bytes DESC, key LIMIT {limit:UInt32}`
  );
}

const ENDS = (["src_type", "src_id", "src_name", "dst_type", "dst_id", "dst_name"] as const).map(columnGroup);
const DOMAINS = (["src.domain", "dst.domain"] as const)
  .map((name) => groupField(name))
  .filter((field) => typeof field !== "string");

function planOf(traffic: Traffic, { range, filter, externals }: PairsQuery) {
  const planned = (groups: readonly GroupField[]) =>
    traffic.plan({ range, filter, groups, measures: ["bytes", "connections"], stepMs: null });
  const [one, domain] = [planned(ENDS), planned([...ENDS, ...DOMAINS])];
  const isQuick = rowsMs(domain) <= Math.max(QUICK_MS, rowsMs(one));
  return externals === "domain" || (externals === "auto" && isQuick)
    ? { plan: domain, externals: "domain" as const }
    : { plan: one, externals: "one" as const };
}

/** How much time no rollup has the answer for. */
function rowsMs({ segments }: TrafficPlan): number {
  const bytes = segments.filter(({ kind, measures }) => kind !== "rollup" && measures.includes("bytes"));
  return bytes.reduce((sum, { range }) => sum + range.toMs - range.fromMs, 0);
}

interface Row {
  readonly src_type: string;
  readonly src_key: string | null;
  readonly src_domain: string | null;
  readonly src_label: string | null;
  readonly dst_type: string;
  readonly dst_key: string | null;
  readonly dst_domain: string | null;
  readonly dst_label: string | null;
  readonly bytes: string;
  readonly connections: string;
  readonly found: string;
  readonly all_bytes: string;
  readonly all_connections: string;
}

/** A node is its owner, by id or else by name; without any: all of its type, or of a domain. */
function pairsSql(subquery: string, byDomain: boolean, metric: PairsQuery["metric"]): string {
  const [srcType, srcId, srcName, dstType, dstId, dstName, srcDomain, dstDomain] = Array.from({ length: 8 }, (_, i) =>
    groupName(i),
  );
  const domain = (id: string | undefined, name: string | undefined, value: string | undefined) =>
    byDomain ? `if(isNull(coalesce(${id}, ${name})), toNullable(toString(${value})), NULL)` : "CAST(NULL, 'Nullable(String)')";
  const [bytes, connections] = [measureName("bytes"), measureName("connections")];
  const keys = "src_type, src_key, src_domain, dst_type, dst_key, dst_domain";
  return (
    `SELECT toString(${srcType}) AS src_type, coalesce(${srcId}, ${srcName}) AS src_key, ${domain(srcId, srcName, srcDomain)} AS src_domain, ` +
    `toString(${dstType}) AS dst_type, coalesce(${dstId}, ${dstName}) AS dst_key, ${domain(dstId, dstName, dstDomain)} AS dst_domain, ` +
    `argMax(${srcName}, ${bytes}) AS src_label, argMax(${dstName}, ${bytes}) AS dst_label, ` +
    `sum(${bytes}) AS bytes, sum(${connections}) AS connections, count() OVER () AS found, ` +
    "sum(bytes) OVER () AS all_bytes, sum(connections) OVER () AS all_connections " +
    `FROM (${subquery}) GROUP BY ${keys} HAVING bytes > 0 OR connections > 0 ORDER BY ${metric} DESC, bytes DESC, ${keys} LIMIT {limit:UInt32}`
  );
}

/** The largest edges whose nodes have a place; the rest is counted. */
export function mapOf(rows: readonly Row[], limit: number): Pick<Pairs, "nodes" | "edges" | "cut" | "other"> {
  const nodes = new Map<string, { name: string | null; type: string; bytes: bigint }>();
  const edges: Edge[] = [];
  const [first] = rows;
  const rest = { bytes: BigInt(first?.all_bytes ?? 0), connections: BigInt(first?.all_connections ?? 0) };
  for (const row of rows) {
    if (edges.length === limit) break;
    const ends = [
      { key: row.src_key, domain: row.src_domain, type: row.src_type, label: row.src_label },
      { key: row.dst_key, domain: row.dst_domain, type: row.dst_type, label: row.dst_label },
    ].map(({ key, domain, type, label }) => {
      const which = key ?? domain;
      return { id: which === null ? type : `${type}:${which}`, type, name: label ?? which };
    });
    const ids = new Set(ends.map(({ id }) => id));
    const fresh = [...ids].filter((id) => !nodes.has(id));
    if (nodes.size + fresh.length > MOST_NODES) continue;
    const bytes = BigInt(row.bytes);
    for (const { id, type, name } of ends) if (!nodes.has(id)) nodes.set(id, { name, type, bytes: 0n });
    for (const id of ids) {
      const node = nodes.get(id);
      if (node !== undefined) node.bytes += bytes;
    }
    const connections = BigInt(row.connections);
    rest.bytes -= bytes;
    rest.connections -= connections;
    edges.push({ from: ends[0]?.id ?? "", to: ends[1]?.id ?? "", bytes: amount(bytes), connections: amount(connections) });
  }
  return {
    nodes: [...nodes].map(([id, { name, type, bytes }]) => ({ id, name, type, bytes: amount(bytes) })),
    edges,
    cut: Number(first?.found ?? 0) - edges.length,
    other: { bytes: amount(atLeast0(rest.bytes)), connections: amount(atLeast0(rest.connections)) },
  };
}

/** Sums and edges of two passes are of two moments: traffic that came between them is in the edges only. */
const atLeast0 = (value: bigint) => (value < 0n ? 0n : value);
