/** One tuple of which packets were dropped, and its row. */
import type { FlowBatch } from "@flowtrail/model";
import { DIRECTION, hasPorts, isIcmp, ROLE, STATE, VERDICT } from "../track/codes.ts";
import type { Place } from "../track/networks.ts";
import type { DroppedPacket } from "./packet.ts";

export interface DeniedTuple {
  /** Its own copy. */
  readonly packet: Pick<DroppedPacket, "key" | "hasTransport" | "hasIcmpId">;
  readonly place: Place;
  readonly id: Uint32Array;
  readonly startMs: number;
  /** Empty: nobody named it. */
  rule: string;
  /** Told by a trace of the kernel's, not by a log rule. */
  traced: boolean;
  seenMs: number;
  bytes: number;
  packets: number;
  /** As far as rows have told. */
  toldBytes: number;
  toldPackets: number;
  toldMs: number;
  revision: number;
}

/** @param isFinal nothing more will be added to it */
export function writeDenied(batch: FlowBatch, denied: DeniedTuple, reporter: string, isFinal: boolean): void {
  const row = batch.addRow();
  const { columns: to } = batch;
  const { key, hasTransport, hasIcmpId } = denied.packet;
  to.flow_id.setWords(row, denied.id[0]!, denied.id[1]!);
  to.revision.set(row, denied.revision++);
  to.reporter.set(row, reporter);
  to.network.set(row, denied.place.network);
  to.direction.setCode(row, DIRECTION[denied.place.direction]);
  to.role.setCode(row, ROLE[denied.place.role]);
  to.protocol.set(row, key.protocol);
  to.src_ip.set(row, key.bytes, 0);
  to.dst_ip.set(row, key.bytes, 16);
  if (hasTransport && hasPorts(key.protocol)) {
    to.src_port.set(row, key.first);
    to.dst_port.set(row, key.second);
  } else if (hasTransport && isIcmp(key.protocol)) {
    to.icmp_type.set(row, key.second >> 8);
    to.icmp_code.set(row, key.second & 0xff);
    if (hasIcmpId) to.icmp_id.set(row, key.first);
  }
  to.src_bytes.set(row, denied.bytes);
  to.src_packets.set(row, denied.packets);
  to.src_bytes_delta.set(row, denied.bytes - denied.toldBytes);
  to.src_packets_delta.set(row, denied.packets - denied.toldPackets);
  to.since.set(row, denied.toldMs);
  to.counters_final.set(row, isFinal);
  to.estimated.set(row, false);
  to.start_exact.set(row, true);
  to.start.set(row, denied.startMs);
  to.last_seen.set(row, denied.seenMs);
  to.end.set(row, denied.seenMs);
  to.state.setCode(row, STATE.closed);
  to.verdict.setCode(row, VERDICT.denied);
  if (denied.rule !== "") to.rule.set(row, denied.rule);
  denied.toldBytes = denied.bytes;
  denied.toldPackets = denied.packets;
  denied.toldMs = denied.seenMs;
}
