/** Figures of a flow that are made of several of its columns. */
import { type FlowJson, formatBytes, formatCount } from "@flowtrail/model";

type Amount = number | string | null;

/** Of both ends, as far as they are known; null: of neither. */
export function sumOf(a: Amount, b: Amount): bigint | null {
  return a === null && b === null ? null : BigInt(a ?? 0) + BigInt(b ?? 0);
}

/** `12`, or a dash where it is not known, which is not zero. */
export function countText(count: bigint | null): string {
  return count === null ? "–" : formatCount(count);
}

/** Bytes of both ends a second: of an open flow since the report before, else over its life. Null: not known. */
export function bytesPerSecond(flow: FlowJson): number | null {
  const added = sumOf(flow.src_bytes_delta, flow.dst_bytes_delta);
  if (flow.state === "open" && added !== null && flow.since !== null) return rate(added, flow.since, flow.last_seen);
  const all = sumOf(flow.src_bytes, flow.dst_bytes);
  return all === null ? null : rate(all, flow.start, flow.end ?? flow.last_seen);
}

/** A flow of one packet has no rate. */
function rate(bytes: bigint, from: string, to: string): number | null {
  const ms = Date.parse(to) - Date.parse(from);
  return ms <= 0 ? null : (Number(bytes) * 1000) / ms;
}

/** `2.36 KiB/s` */
export function rateText(flow: FlowJson): string {
  const perSecond = bytesPerSecond(flow);
  return perSecond === null ? "–" : `${formatBytes(Math.round(perSecond))}/s`;
}
