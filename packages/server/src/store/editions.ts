/**
 * Rows that are stored already, read page by page and written again with what became known later: as new editions of their revision.
 * An old report that comes again does not undo them, a newer one replaces them.
 */
import { addJsonRow, FlowBatch, type JsonRow, STORED_COLUMNS } from "@flowtrail/model";
import type { ClickHouse } from "./clickhouse.ts";
import { alignStatement, moment } from "./delta-sql.ts";
import { EDITIONS, FLOW_COLUMNS, FLOW_DELTAS, TOMBSTONE_EDITION } from "./schema/flow-tables.ts";

export type FlowTable = "flows" | "flows_open";
export const FLOW_TABLES: readonly FlowTable[] = ["flows_open", "flows"];

/** As ClickHouse answers: 64-bit integers are strings, times ISO 8601. */
export type StoredValues = Readonly<Record<string, string | number | boolean | null>>;

/** The newest edition of a row. */
export interface StoredFlow {
  readonly startMs: number;
  readonly flowId: string;
  readonly reporterId: string;
  readonly version: bigint;
  readonly values: StoredValues;
}

/** A place in the order of keys. */
export type FlowPlace = Pick<StoredFlow, "startMs" | "flowId" | "reporterId">;

export interface Page {
  readonly flows: readonly StoredFlow[];
  /** Where the next one goes on; null: there is none. */
  readonly next: FlowPlace | null;
}

export interface PageQuery {
  readonly table: FlowTable;
  /** Flows that lived then, ms since 1970. `byStart`: that began then. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly byStart: boolean;
  readonly network: string | null;
  /** Leaves out reports of the initiator's own node: nothing is before them. */
  readonly onlyContested: boolean;
  /** Rows up to this one were read already. */
  readonly after: FlowPlace | null;
  readonly limit: number;
}

/** Reports of these reporters, of flows with these sources that lived around that time, ms since 1970. */
export interface ReportQuery {
  readonly reporterIds: readonly string[];
  /** Of the source, before or after its translation. */
  readonly addresses: readonly string[];
  /** The same, or ICMP ids; 0: none. */
  readonly ports: readonly number[];
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Change {
  readonly flow: StoredFlow;
  readonly set: StoredValues;
}

const LIMITS = { maxExecutionMs: 60_000, maxRowsToRead: 1_000_000_000 };
/** Reads in order, as little as the page needs, on one core. */
const GENTLE = { max_threads: 1, max_block_size: "4096", optimize_read_in_order: 1 } as const;
const KEY = "start, flow_id, reporter_id";
const COLUMNS = FLOW_COLUMNS.map(({ name }) => name);
/** Each statement looks through all deltas of the time between its flows: a page of them at once. */
const KEYS_AT_ONCE = 2000;
const GIVEN_KEYS = `SELECT fromUnixTimestamp64Milli(k.1, 'UTC') AS start, k.2 AS flow_id, k.3 AS reporter_id
  FROM (SELECT arrayJoin(arrayZip({starts:Array(Int64)}, {ids:Array(UInt64)}, {reporters:Array(String)})) AS k)`;
const DAY_MS = 24 * 3_600_000;
const FORMAT = { date_time_input_format: "best_effort", max_partitions_per_insert_block: "500" } as const;

type Asked = Pick<ClickHouse, "rows" | "insert" | "command" | "database">;
interface Nodes {
  readonly all: readonly Asked[];
  local(table: string): string;
}

export class Editions {
  readonly #clickhouse: Asked;
  readonly #nodes: Nodes;

  /** @param nodes where the rows are, if not there */
  constructor(clickhouse: Asked, nodes: Nodes = { all: [clickhouse], local: (table) => table }) {
    this.#clickhouse = clickhouse;
    this.#nodes = nodes;
  }

  /**
   * A page of rows in the order of their keys, each in its newest edition.
   * @throws StoreError
   */
  async page(
    { table, fromMs, toMs, byStart, network, onlyContested, after, limit }: PageQuery,
    signal: AbortSignal,
  ): Promise<Page> {
    const lived = byStart
      ? `start >= ${moment("from")} AND start < ${moment("to")}`
      : // What is open lives on. What ended was last seen when it ended, or later.
        `start <= ${moment("to")}${table === "flows" ? ` AND last_seen >= ${moment("from")}` : ""}`;
    const conditions = [
      lived,
      ...(network === null ? [] : ["network = {network:String}"]),
      ...(onlyContested ? ["role != 'initiator'"] : []),
      ...(after === null
        ? []
        : [`start >= ${moment("k_start")}`, `(${KEY}) > (${moment("k_start")}, {k_id:UInt64}, {k_reporter:String})`]),
    ];
    // All of these never change during a flow's life, or only to what also fits: the newest edition is among what is found.
    const sql = `SELECT ${COLUMNS.join(", ")}, toString(version) AS row_version, toUnixTimestamp64Milli(start) AS start_ms
      FROM ${table}${table === "flows_open" ? " FINAL" : ""} WHERE ${conditions.join(" AND ")}
      ORDER BY ${KEY} LIMIT {limit:UInt32}`;
    const bindings = {
      from: Math.max(0, Math.floor(fromMs)),
      to: Math.ceil(toMs),
      network,
      limit,
      ...(after === null ? {} : { k_start: after.startMs, k_id: after.flowId, k_reporter: after.reporterId }),
    };
    const rows = await this.#clickhouse.rows<StoredValues>(sql, bindings, { signal, limits: LIMITS, settings: GENTLE });
    const found = rows.map(({ row_version, start_ms, ...values }) => ({
      startMs: Number(start_ms),
      flowId: String(values.flow_id),
      reporterId: String(values.reporter_id),
      version: BigInt(row_version ?? 0),
      values,
    }));
    // Editions of a row are neighbours. Were the store to choose among them (version DESC, LIMIT 1 BY), it would sort all of the range for each page.
    const flows: StoredFlow[] = [];
    for (const flow of found) {
      const last = flows.at(-1);
      if (last === undefined || !isSame(flow, last)) flows.push(flow);
      else if (flow.version > last.version) flows[flows.length - 1] = flow;
    }
    if (rows.length < limit) return { flows, next: null };
    // Of the last row there may be newer editions behind the end of the page.
    if (flows.length > 1) flows.pop();
    return { flows, next: flows.at(-1) ?? null };
  }

  /**
   * Writes the next editions of rows, with other values. Resolves when they are durable. Doing it again changes nothing.
   * @throws StoreError
   */
  async write(table: FlowTable, changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return;
    const lines = changes.map(({ flow, set }) =>
      JSON.stringify({
        ...flow.values,
        ...set,
        version: String(nextEdition(flow.version)),
        ...(table === "flows_open" ? { is_deleted: 0 } : {}),
      }),
    );
    const columns = [...COLUMNS, "version", ...(table === "flows_open" ? ["is_deleted"] : [])];
    await this.#clickhouse.insert(table, columns, "JSONEachRow", lines.join("\n"), FORMAT);
  }

  /**
   * Lets all that is stored of what these flows added say of them what their own rows say now: names, verdict, whether it counts.
   * @throws StoreError
   */
  async alignDeltas(flows: readonly StoredFlow[]): Promise<void> {
    const lives = flows.map((flow) => {
      const { end, last_seen } = flow.values;
      return { flow, toMs: Math.max(Date.parse(String(end ?? last_seen)), Date.parse(String(last_seen))) };
    });
    for (const node of flows.length === 0 ? [] : this.#nodes.all) {
      const deltas = this.#nodes.local(FLOW_DELTAS.name);
      const rows = [
        { table: this.#nodes.local("flows"), where: "true" },
        { table: this.#nodes.local("flows_open"), where: "is_deleted = 0" }, // what is known of an ended flow is in the other one
      ];
      // Day by day: a flow may have been open for weeks, and no statement may read that long.
      for (const dayMs of await deltaDays(node, deltas)) {
        const endMs = dayMs + DAY_MS - 1;
        const then = lives.filter(({ flow, toMs }) => flow.startMs <= endMs && toMs >= dayMs);
        for (let at = 0; at < then.length; at += KEYS_AT_ONCE) {
          const some = then.slice(at, at + KEYS_AT_ONCE);
          await node.command(
            alignStatement({ keys: GIVEN_KEYS, deltas, rows }),
            {
              lo: Math.max(dayMs, Math.min(...some.map(({ flow }) => flow.startMs))),
              hi: Math.min(endMs, Math.max(...some.map(({ toMs }) => toMs))),
              starts: some.map(({ flow }) => flow.startMs),
              ids: some.map(({ flow }) => BigInt(flow.flowId)),
              reporters: some.map(({ flow }) => flow.reporterId),
            },
            { settings: { max_partitions_per_insert_block: "500", max_execution_time: LIMITS.maxExecutionMs / 1000 } },
          );
        }
      }
    }
  }

  /** @throws StoreError */
  async reportsOf({ reporterIds, addresses, ports, fromMs, toMs }: ReportQuery, signal: AbortSignal): Promise<StoredValues[]> {
    const columns =
      "reporter_id, network, protocol, src_ip, src_port, dst_ip, dst_port, icmp_id, nat_dst_ip, nat_src_ip, nat_src_port, start, last_seen, end, state";
    const where = `reporter_id IN {reporters:Array(String)} AND start <= fromUnixTimestamp64Milli({to:Int64}, 'UTC')
      AND last_seen >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND (coalesce(src_port, icmp_id, 0) IN {ports:Array(UInt16)} OR nat_src_port IN {ports:Array(UInt16)})
      AND (src_ip IN {addresses:Array(IPv6)} OR nat_src_ip IN {addresses:Array(IPv6)})`;
    const bindings = { reporters: reporterIds, ports, addresses, from: Math.max(0, Math.floor(fromMs)), to: Math.ceil(toMs) };
    const found = await Promise.all(
      FLOW_TABLES.map((table) =>
        this.#clickhouse.rows<StoredValues>(
          `SELECT ${columns} FROM ${table}${table === "flows_open" ? " FINAL" : ""} WHERE ${where}`,
          bindings,
          { signal, limits: LIMITS },
        ),
      ),
    );
    return found.flat();
  }
}

/** Beginnings of the days of which a node stores deltas, ms since 1970. */
async function deltaDays(node: Asked, table: string): Promise<number[]> {
  const rows = await node.rows<{ partition: string }>(
    "SELECT DISTINCT partition FROM system.parts WHERE active AND database = {database:String} AND table = {table:String} ORDER BY partition",
    { database: node.database, table },
  );
  return rows.map(({ partition }) => Date.parse(partition.replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3")));
}

function isSame(a: FlowPlace, b: FlowPlace): boolean {
  return a.startMs === b.startMs && a.flowId === b.flowId && a.reporterId === b.reporterId;
}

/** One more, as long as there is room below a tombstone; then the same again, which replaces it, too. */
export function nextEdition(version: bigint): bigint {
  const editions = BigInt(EDITIONS);
  const last = version - (version % editions) + BigInt(TOMBSTONE_EDITION - 1);
  return version + 1n > last ? last : version + 1n;
}

const BY_SERVER = STORED_COLUMNS.filter(({ by }) => by === "server");
const NAMED = /^(src|dst)_(type|id|name|device|by)$/;

/**
 * What of the server's own columns was known when the row came: who reported it, and the words of a reporter that names the ends
 * itself. All else was found out here.
 */
export function asReported(name: string, values: StoredValues): boolean {
  if (name.startsWith("reporter") || name === "received") return true;
  const [, end] = NAMED.exec(name) ?? [];
  return end !== undefined && values[`${end}_by`] === "reporter";
}

/** Stored rows as a batch, for what looks at batches. @param takenOver which of the server's own columns */
export function asBatch(flows: readonly StoredFlow[], takenOver: (name: string, values: StoredValues) => boolean): FlowBatch {
  const batch = new FlowBatch(Math.max(1, flows.length));
  for (const { values } of flows) {
    const problem = addJsonRow(batch, values as JsonRow);
    if (problem !== null) throw new TypeError(`a stored row can't be read: ${problem.column}: ${problem.message}`);
    const row = batch.length - 1;
    for (const { name, type } of BY_SERVER) {
      const value = values[name];
      if (value === null || value === undefined || !takenOver(name, values)) continue;
      (batch.column(name) as { set(row: number, value: unknown): void }).set(
        row,
        type === "time" ? Date.parse(String(value)) : value,
      );
    }
  }
  return batch;
}
