/** `GET /api/flows/:reporter/:flow_id`: one report, and what others reported of the same connection. */
import { filterTest, flowIdTimeMs, type JsonRow } from "@flowtrail/model";
import { FLOWS, FLOWS_LONG, FLOWS_OPEN, LONG_MS } from "../store/schema/flow-tables.ts";
import { filterSql } from "./filter-sql.ts";
import { lastingAndRest } from "./filters.ts";
import type { QueryDeps } from "./flow-list.ts";
import type { Inquiry } from "./inquiry.ts";
import { compareKeys, type FlowRow, flowRow, type StoredRow, toJson } from "./rows.ts";
import { allOf, moment, SELECTED, type Sql } from "./sql.ts";

export interface FlowDetail {
  readonly flow: JsonRow;
  /** The other reports of the connection, the primary one first. */
  readonly reports: JsonRow[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Clocks of two nodes differ, and a retransmitted SYN reaches the second one later. */
const OVERLAP_MS = 5_000;
/** Reports of one connection begin together, except where an agent found it under way. */
const START_SPREAD_MS = 7 * DAY_MS;
const MAX_REPORTS = 50;
/** A chain of gateways that translate: each step finds the next one's reports. */
const MAX_HOPS = 3;

export class FlowDetails {
  readonly #deps: Pick<QueryDeps, "heard" | "now">;

  constructor(deps: Pick<QueryDeps, "heard" | "now">) {
    this.#deps = deps;
  }

  /**
   * @param reporter id or name of the node
   * @returns null if there is no such report, or none that whoever asks may see
   * @throws StoreError
   */
  async find(reporter: string, flowId: bigint, inquiry: Inquiry): Promise<FlowDetail | null> {
    const found = await report(reporter, flowId, inquiry);
    if (found === null) return null;
    const reports = await connection(found, this.#deps.now(), inquiry);
    const json = (row: FlowRow) => toJson(row, (id) => this.#deps.heard.has(id));
    const others = reports.filter((row) => row !== found).map(json);
    return { flow: json(found), reports: others.sort((a, b) => Number(b.primary) - Number(a.primary)) };
  }
}

export async function report(reporter: string, flowId: bigint, inquiry: Inquiry): Promise<FlowRow | null> {
  const seenMs = flowIdTimeMs(flowId);
  const same: Sql = {
    text: "flow_id = {id:UInt64} AND (reporter_id = {reporter:String} OR reporter = {reporter:String})",
    bindings: { id: String(flowId), reporter },
  };
  // Our agents' ids hold the time at which the flow was first seen; other senders' hold anything.
  const near = began(Math.max(0, seenMs - DAY_MS), seenMs + HOUR_MS);
  for (const where of [allOf(same, near), same]) {
    const found = await Promise.all([rowsOf(FLOWS.name, where, inquiry), rowsOf(FLOWS_OPEN.name, where, inquiry)]);
    const rows = newest(found.flat(), inquiry);
    const exact = rows.find(({ key }) => key.reporterId === reporter) ?? rows[0];
    if (exact !== undefined) return exact;
  }
  return null;
}

async function connection(found: FlowRow, nowMs: number, inquiry: Inquiry): Promise<FlowRow[]> {
  let known = [found];
  let ends = tuplesOf([found]);
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    const rows = newest([...known, ...(await sameConnection(found, ends, nowMs, inquiry))], inquiry);
    const related = rows.filter(
      (row) => row === found || row.key.flowId !== found.key.flowId || row.key.reporterId !== found.key.reporterId,
    );
    const more = tuplesOf(related);
    known = [found, ...related.filter((row) => row !== found)];
    if (more.length === ends.length) break;
    ends = more;
  }
  return known;
}

async function rowsOf(table: string, where: Sql, inquiry: Inquiry): Promise<FlowRow[]> {
  const final = table === FLOWS_OPEN.name ? " FINAL" : "";
  const { text, bindings } = allOf(where, filterSql(lastingAndRest(inquiry.within).lasting, {}, "w"));
  const rows = await inquiry.rows<StoredRow>({
    table,
    sql: `SELECT ${SELECTED} FROM ${table}${final} WHERE ${text} LIMIT {limit:UInt32}`,
    bindings: { ...bindings, limit: MAX_REPORTS },
  });
  return rows.map((row) => flowRow(row, table !== FLOWS_OPEN.name));
}

/** @param fromMs of `start`, as is `toMs`; both belong to it */
function began(fromMs: number, toMs: number): Sql {
  return { text: `start >= ${moment("lo")} AND start <= ${moment("hi")}`, bindings: { lo: fromMs, hi: toMs } };
}

/** Of each report its newest revision, where whoever asks may see that: who its ends were may have been told otherwise since an older one. */
function newest(rows: readonly FlowRow[], { within }: Inquiry): FlowRow[] {
  const maySee = filterTest(lastingAndRest(within).rest);
  const sorted = [...rows].sort(
    (a, b) => compareKeys(a.key, b.key) || Number(b.version - a.version) || Number(b.ended) - Number(a.ended),
  );
  const isFirst = (row: FlowRow, i: number) => i === 0 || compareKeys(row.key, (sorted[i - 1] as FlowRow).key) !== 0;
  return sorted.filter((row, i) => isFirst(row, i) && maySee(toJson(row, () => true)));
}

/** Both ends and the protocol: what two reports of one connection have in common. Without a port: 0. */
interface Tuple {
  readonly src: string;
  readonly srcPort: number;
  readonly dst: string;
  readonly dstPort: number;
}

/** The tuples of reports as their initiators meant them, and as they were after translation. */
function tuplesOf(rows: readonly FlowRow[]): Tuple[] {
  const tuples = new Map<string, Tuple>();
  for (const { stored } of rows) {
    const { src_ip, dst_ip, src_port, dst_port, nat_src_ip, nat_dst_ip, nat_src_port, nat_dst_port } = stored;
    const original = { src: String(src_ip), srcPort: Number(src_port ?? 0), dst: String(dst_ip), dstPort: Number(dst_port ?? 0) };
    const translated = {
      src: String(nat_src_ip ?? src_ip),
      srcPort: Number(nat_src_port ?? src_port ?? 0),
      dst: String(nat_dst_ip ?? dst_ip),
      dstPort: Number(nat_dst_port ?? dst_port ?? 0),
    };
    for (const tuple of [original, translated]) tuples.set(JSON.stringify(tuple), tuple);
  }
  return [...tuples.values()];
}

const TUPLES =
  "arrayMap((a, b, c, d) -> (a, b, c, d), {srcs:Array(IPv6)}, {src_ports:Array(UInt16)}, {dsts:Array(IPv6)}, {dst_ports:Array(UInt16)})";

/** What overlaps the found one. Reports that began long before it are looked for among the long ones only. */
async function sameConnection(found: FlowRow, tuples: readonly Tuple[], nowMs: number, inquiry: Inquiry): Promise<FlowRow[]> {
  const { stored, key } = found;
  const endMs = stored.state === "open" ? nowMs : Date.parse(String(stored.end ?? stored.last_seen));
  const loMs = Math.max(0, key.startMs - START_SPREAD_MS);
  const shortMs = Math.max(loMs, key.startMs - OVERLAP_MS - LONG_MS);
  const hiMs = Math.min(endMs, key.startMs + START_SPREAD_MS) + OVERLAP_MS;
  const same = sameEnds(found, tuples);
  const lived = stillActive(found);
  const parts = [
    rowsOf(FLOWS.name, allOf(began(shortMs, hiMs), lived, same), inquiry),
    rowsOf(FLOWS_LONG.name, allOf(began(loMs, shortMs), lived, same), inquiry),
    rowsOf(FLOWS_OPEN.name, allOf(began(loMs, hiMs), same), inquiry),
  ];
  return (await Promise.all(parts)).flat();
}

function sameEnds({ stored }: FlowRow, tuples: readonly Tuple[]): Sql {
  return {
    text:
      "network = {network:String} AND protocol = {protocol:UInt8} AND icmp_id IS NOT DISTINCT FROM {icmp:Nullable(UInt16)} AND (" +
      `has(${TUPLES}, (src_ip, coalesce(src_port, 0), dst_ip, coalesce(dst_port, 0))) OR ` +
      `has(${TUPLES}, (coalesce(nat_src_ip, src_ip), coalesce(nat_src_port, src_port, 0), coalesce(nat_dst_ip, dst_ip), coalesce(nat_dst_port, dst_port, 0))))`,
    bindings: {
      network: stored.network,
      protocol: stored.protocol,
      icmp: stored.icmp_id,
      srcs: tuples.map(({ src }) => src),
      src_ports: tuples.map(({ srcPort }) => srcPort),
      dsts: tuples.map(({ dst }) => dst),
      dst_ports: tuples.map(({ dstPort }) => dstPort),
    },
  };
}

/** Not over before the found one began. The first condition follows from the second: it is what the index knows. */
function stillActive({ key }: FlowRow): Sql {
  return {
    text: `last_seen >= ${moment("began")} AND coalesce(end, last_seen) >= ${moment("began")}`,
    bindings: { began: key.startMs - OVERLAP_MS },
  };
}
