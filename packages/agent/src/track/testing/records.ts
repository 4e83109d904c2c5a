/** Synthetic conntrack messages for tests and benches: what the kernel would say, in short words. */
import { isV4Mapped, parseAddress } from "@flowtrail/model";
import { ConntrackRecord, EVENT_DESTROY, EVENT_NEW, EVENT_NONE, EVENT_UPDATE } from "../../capture/conntrack/record.ts";
import type { ConntrackTimeouts } from "../../capture/timeouts.ts";

const EVENTS = { new: EVENT_NEW, update: EVENT_UPDATE, destroy: EVENT_DESTROY, entry: EVENT_NONE } as const;

export interface RecordSpec {
  protocol?: number;
  /** Address, or address and port (`10.0.0.1:80`, `[fd00::1]:80`). */
  src?: string;
  dst?: string;
  /** Reply tuple where it is not the mirror of the original one. */
  replySrc?: string;
  replyDst?: string;
  icmp?: { type: number; code: number; id: number };
  /** Source's bytes and packets, destination's bytes and packets. */
  counters?: readonly [number, number, number, number];
  /** ms since 1970 */
  startMs?: number;
  stopMs?: number;
  eventMs?: number;
  id?: number;
  zone?: number;
  status?: number;
  tcpState?: number;
  sctpState?: number;
  timeoutS?: number;
}

export function makeRecord(event: keyof typeof EVENTS, spec: RecordSpec): ConntrackRecord {
  const record = new ConntrackRecord();
  const [src, srcPort] = end(spec.src ?? "100.64.0.1:40000");
  const [dst, dstPort] = end(spec.dst ?? "100.64.0.2:443");
  const [replySrc, replySrcPort] = spec.replySrc ? end(spec.replySrc) : [dst, dstPort];
  const [replyDst, replyDstPort] = spec.replyDst ? end(spec.replyDst) : [src, srcPort];
  record.event = EVENTS[event];
  record.protocol = spec.protocol ?? 6;
  record.family = isV4Mapped(src) ? 2 : 10;
  for (const [i, address] of [src, dst, replySrc, replyDst].entries()) putAddress(record, i * 4, address);
  Object.assign(record, { srcPort, dstPort, replySrcPort, replyDstPort });
  if (spec.icmp) Object.assign(record, { icmpType: spec.icmp.type, icmpCode: spec.icmp.code, icmpId: spec.icmp.id });
  if (spec.counters) {
    const [srcBytes, srcPackets, dstBytes, dstPackets] = spec.counters;
    Object.assign(record, { srcBytes, srcPackets, dstBytes, dstPackets });
  }
  record.startUs = (spec.startMs ?? 0) * 1000;
  record.stopUs = (spec.stopMs ?? 0) * 1000;
  record.eventUs = (spec.eventMs ?? 0) * 1000;
  record.id = spec.id ?? 1;
  record.zone = spec.zone ?? 0;
  record.status = spec.status ?? 0;
  record.tcpState = spec.tcpState ?? -1;
  record.sctpState = spec.sctpState ?? -1;
  record.timeoutS = spec.timeoutS ?? -1;
  return record;
}

function end(text: string): [Uint8Array, number] {
  const parts = /^\[(.*)\]:(\d+)$/.exec(text) ?? /^([\d.]+):(\d+)$/.exec(text);
  const address = parseAddress(parts?.[1] ?? text);
  if (!address) throw new TypeError(`no address: ${text}`);
  return [address, Number(parts?.[2] ?? 0)];
}

function putAddress(record: ConntrackRecord, word: number, address: Uint8Array): void {
  const view = new DataView(address.buffer, address.byteOffset);
  if (record.family === 2) record.words[word] = view.getUint32(12);
  else for (let i = 0; i < 4; i++) record.words[word + i] = view.getUint32(i * 4);
}

/** The defaults of Linux 6.18. */
export const LINUX_TIMEOUTS: ConntrackTimeouts = {
  udp: 30,
  udpStream: 120,
  icmp: 30,
  icmpv6: 30,
  gre: 30,
  greStream: 180,
  generic: 600,
  tcp: [null, 120, 60, 432000, 120, 60, 30, 120, 10, 120],
  tcpMaxRetrans: 300,
  tcpUnacknowledged: 300,
  sctp: [null, 10, 3, 3, 210, 3, 3, 3, 30],
};
