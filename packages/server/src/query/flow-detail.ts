/** `GET /api/flows/:reporter/:flow_id`: one report, and what others reported of the same connection. */
import { flowIdTimeMs, type JsonRow } from "@flowtrail/model";
import type { QueryDeps } from "./flow-list.ts";
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
  readonly #deps: QueryDeps;

  constructor(deps: QueryDeps) {
    this.#deps = deps;
  }

  /**
   * @param reporter id or name of the node
   * @returns null if there is no such report
   * @throws StoreError
   */
  async find(reporter: string, flowId: bigint, signal: AbortSignal): Promise<FlowDetail | null> {
    const found = await this.#report(reporter, flowId, signal);
    if (found === null) return null;
    const reports = await this.#connection(found, signal);
    const json = (row: FlowRow) => toJson(row, (id) => this.#deps.heard.has(id));
    const others = reports.filter((row) => row !== found).map(json);
    return { flow: json(found), reports: others.sort((a, b) => Number(b.primary) - Number(a.primary)) };
  }

  async #report(reporter: string, flowId: bigint, signal: AbortSignal): Promise<FlowRow | null> {
    const seenMs = flowIdTimeMs(flowId);
    const same: Sql = {
      text: "flow_id = {id:UInt64} AND (reporter_id = {reporter:String} OR reporter = {reporter:String})",
      bindings: { id: String(flowId), reporter },
    };
    // Our agents' ids hold the time at which the flow was first seen; other senders' hold anything.
    const near: Sql = {
      text: `start >= ${moment("lo")} AND start <= ${moment("hi")}`,
      bindings: { lo: Math.max(0, seenMs - DAY_MS), hi: seenMs + HOUR_MS },
    };
    for (const where of [allOf(same, near), same]) {
      const rows = newest(await this.#rows(where, null, signal));
      const exact = rows.find(({ key }) => key.reporterId === reporter) ?? rows[0];
      if (exact !== undefined) return exact;
    }
    return null;
  }

  async #connection(found: FlowRow, signal: AbortSignal): Promise<FlowRow[]> {
    let known = [found];
    let ends = tuplesOf([found]);
    for (let hop = 0; hop < MAX_HOPS; hop++) {
      const rows = newest([
        ...known,
        ...(await this.#rows(sameConnection(found, ends, this.#deps.now()), stillActive(found), signal)),
      ]);
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

  /** @param ended a further condition on what has ended */
  async #rows(where: Sql, ended: Sql | null, signal: AbortSignal): Promise<FlowRow[]> {
    const ask = async (table: string, condition: Sql, isEnded: boolean) => {
      const sql = `SELECT ${SELECTED} FROM ${table} WHERE ${condition.text} LIMIT {limit:UInt32}`;
      const bindings = { ...condition.bindings, limit: MAX_REPORTS };
      const rows = await this.#deps.clickhouse.rows<StoredRow>(sql, bindings, { signal });
      return rows.map((row) => flowRow(row, isEnded));
    };
    const both = [ask("flows", ended === null ? where : allOf(where, ended), true), ask("flows_open FINAL", where, false)];
    return (await Promise.all(both)).flat();
  }
}

/** Of each report its newest revision. */
function newest(rows: readonly FlowRow[]): FlowRow[] {
  const sorted = [...rows].sort(
    (a, b) => compareKeys(a.key, b.key) || Number(b.version - a.version) || Number(b.ended) - Number(a.ended),
  );
  return sorted.filter((row, i) => i === 0 || compareKeys(row.key, (sorted[i - 1] as FlowRow).key) !== 0);
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

function sameConnection({ stored, key }: FlowRow, tuples: readonly Tuple[], nowMs: number): Sql {
  const endMs = Date.parse(String(stored.end ?? stored.last_seen));
  const open = stored.state === "open";
  return allOf(
    {
      text: `start >= ${moment("lo")} AND start <= ${moment("hi")}`,
      bindings: {
        lo: Math.max(0, key.startMs - START_SPREAD_MS),
        hi: (open ? nowMs : endMs) + OVERLAP_MS,
      },
    },
    {
      text: "network = {network:String} AND protocol = {protocol:UInt8} AND icmp_id IS NOT DISTINCT FROM {icmp:Nullable(UInt16)}",
      bindings: { network: stored.network, protocol: stored.protocol, icmp: stored.icmp_id },
    },
    {
      text:
        `has(${TUPLES}, (src_ip, coalesce(src_port, 0), dst_ip, coalesce(dst_port, 0))) OR ` +
        `has(${TUPLES}, (coalesce(nat_src_ip, src_ip), coalesce(nat_src_port, src_port, 0), coalesce(nat_dst_ip, dst_ip), coalesce(nat_dst_port, dst_port, 0)))`,
      bindings: {
        srcs: tuples.map(({ src }) => src),
        src_ports: tuples.map(({ srcPort }) => srcPort),
        dsts: tuples.map(({ dst }) => dst),
        dst_ports: tuples.map(({ dstPort }) => dstPort),
      },
    },
  );
}

/** Not over before the found one began. The first condition follows from the second: it is what the index knows. */
function stillActive({ key }: FlowRow): Sql {
  return {
    text: `last_seen >= ${moment("began")} AND coalesce(end, last_seen) >= ${moment("began")}`,
    bindings: { began: key.startMs - OVERLAP_MS },
  };
}
