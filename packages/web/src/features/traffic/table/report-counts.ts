/** How many nodes reported a connection: a few questions about all rows on the screen, as a list does not tell. */
import type { FlowJson } from "@flowtrail/model";
import type { FlowEntry } from "../list/flow-list.ts";

/** Clocks of two nodes differ, and a retransmitted packet reaches the second one later. */
const SPREAD_MS = 5_000;
/** Rows that began further apart are not asked about together: the question would be about too much. */
const MOST_SPAN_MS = 3_600_000;
const MOST_ROWS = 1000;

/** Rows that can be asked about together, newest first. */
export function nearInTime(entries: readonly FlowEntry[]): readonly (readonly FlowEntry[])[] {
  const groups: FlowEntry[][] = [];
  let newestMs = Number.POSITIVE_INFINITY;
  for (const entry of [...entries].sort((a, b) => b.startMs - a.startMs)) {
    if (groups.length > 0 && newestMs - entry.startMs <= MOST_SPAN_MS) groups.at(-1)?.push(entry);
    else {
      groups.push([entry]);
      newestMs = entry.startMs;
    }
  }
  return groups;
}

/** Asks for what else was reported of these connections, a little more perhaps. */
export function otherReportsOf(flows: readonly FlowJson[]): URLSearchParams {
  const starts = flows.map(({ start }) => Date.parse(start));
  const [first, last] = [Math.min(...starts), Math.max(...starts)];
  const any = (field: string, addresses: readonly string[]) => `${field} in (${[...new Set(addresses)].join(",")})`;
  const sources = flows.flatMap(({ src_ip, nat_src_ip }) => [src_ip, ...(nat_src_ip === null ? [] : [nat_src_ip])]);
  const targets = flows.flatMap(({ dst_ip, nat_dst_ip }) => [dst_ip, ...(nat_dst_ip === null ? [] : [nat_dst_ip])]);
  const q = `primary=false and ${any("src.ip", sources)} and ${any("dst.ip", targets)}`;
  const params = new URLSearchParams({ reports: "all", limit: String(MOST_ROWS), q });
  params.set("from", new Date(first - SPREAD_MS).toISOString());
  params.set("to", new Date(last + SPREAD_MS).toISOString());
  const networks = new Set(flows.map(({ network }) => network));
  for (const network of networks) params.append("network", network);
  return params;
}

/** Reports of the flow's connection, its own among them. */
export function countReports(flow: FlowJson, others: readonly FlowJson[]): number {
  return 1 + others.filter((other) => isSame(flow, other)).length;
}

/** The same ends, before or after translation, at the same time. */
function isSame(flow: FlowJson, other: FlowJson): boolean {
  if (other.protocol !== flow.protocol || other.network !== flow.network || other.icmp_id !== flow.icmp_id) return false;
  const ends = new Set(endsOf(flow));
  return (
    endsOf(other).some((end) => ends.has(end)) &&
    Date.parse(other.start) <= Date.parse(flow.end ?? flow.last_seen) + SPREAD_MS &&
    Date.parse(flow.start) <= Date.parse(other.end ?? other.last_seen) + SPREAD_MS
  );
}

function endsOf({ src_ip, src_port, dst_ip, dst_port, ...nat }: FlowJson): string[] {
  const source = `${nat.nat_src_ip ?? src_ip} ${nat.nat_src_port ?? src_port}`;
  const target = `${nat.nat_dst_ip ?? dst_ip} ${nat.nat_dst_port ?? dst_port}`;
  return [`${src_ip} ${src_port} ${dst_ip} ${dst_port}`, `${source} ${target}`];
}
