/** Writes one flow of the table as a row of a batch: every column that the kernel can tell. */
import type { FlowBatch } from "@flowtrail/model";
import { hasPorts, isIcmp, NO_CODE } from "./codes.ts";
import { FLAG, PHASE } from "./flow-layout.ts";
import type { Flows } from "./flows.ts";

export function writeRow(batch: FlowBatch, flows: Flows, slot: number, reporter: string): void {
  const row = batch.addRow();
  const { columns: to } = batch;
  const { columns: from } = flows.table;
  to.flow_id.setWords(row, from.flowId[slot * 2]!, from.flowId[slot * 2 + 1]!);
  to.revision.set(row, from.revision[slot]!);
  to.reporter.set(row, reporter);
  to.network.set(row, flows.networkOf(slot));
  to.direction.setCode(row, from.direction[slot]!);
  to.role.setCode(row, from.role[slot]!);
  to.conntrack_id.set(row, from.conntrackId[slot]!);
  to.conntrack_zone.set(row, from.zone[slot]!);
  to.ct_status.set(row, from.status[slot]!);
  writeTuple(batch, row, flows, slot);
  writeCounters(batch, row, flows, slot);
  to.start_exact.set(row, !flows.hasFlag(slot, FLAG.startInexact));
  to.estimated.set(row, false);
  to.start.set(row, from.start[slot]!);
  to.last_seen.set(row, from.seen[slot]!);
  const state = flows.stateOf(slot);
  const lost = flows.hasFlag(slot, FLAG.lost);
  to.state.setCode(row, state);
  to.counters_final.set(row, from.phase[slot] === PHASE.ended && !lost);
  // A flow that was lost has a reason, but nobody knows when it ended.
  if (from.phase[slot] !== PHASE.open && !lost) to.end.set(row, from.end[slot]!);
  if (from.endReason[slot] !== NO_CODE) to.end_reason.setCode(row, from.endReason[slot]!);
  if (from.verdict[slot] !== NO_CODE) to.verdict.setCode(row, from.verdict[slot]!);
  writeTexts(batch, row, flows, slot);
}

function writeTexts({ columns: to }: FlowBatch, row: number, flows: Flows, slot: number): void {
  const domain = flows.texts.domainOf(slot);
  if (domain !== null) {
    to.domain.set(row, domain);
    to.domain_source.setCode(row, flows.table.columns.domainSource[slot]!);
  }
  const { app, uid, process } = flows.texts.aboutOf(slot);
  if (app !== null) to.app.set(row, app);
  if (uid !== null) to.uid.set(row, uid);
  if (process !== null) to.process.set(row, process);
}

function writeTuple({ columns: to }: FlowBatch, row: number, flows: Flows, slot: number): void {
  const { columns: from, addressBytes, natBytes } = flows.table;
  const protocol = from.protocol[slot]!;
  const ports = hasPorts(protocol);
  to.protocol.set(row, protocol);
  to.src_ip.set(row, addressBytes, slot * 32);
  to.dst_ip.set(row, addressBytes, slot * 32 + 16);
  if (ports) {
    to.src_port.set(row, from.ports[slot * 2]!);
    to.dst_port.set(row, from.ports[slot * 2 + 1]!);
  } else if (isIcmp(protocol)) {
    to.icmp_id.set(row, from.ports[slot * 2]!);
    to.icmp_type.set(row, from.ports[slot * 2 + 1]! >> 8);
    to.icmp_code.set(row, from.ports[slot * 2 + 1]! & 0xff);
  }
  if (flows.hasFlag(slot, FLAG.natSource)) {
    to.nat_src_ip.set(row, natBytes, slot * 32);
    if (ports) to.nat_src_port.set(row, from.natPorts[slot * 2]!);
  }
  if (flows.hasFlag(slot, FLAG.natDestination)) {
    to.nat_dst_ip.set(row, natBytes, slot * 32 + 16);
    if (ports) to.nat_dst_port.set(row, from.natPorts[slot * 2 + 1]!);
  }
}

/** "Unknown is not zero": all null until the kernel has told counters. */
function writeCounters({ columns: to }: FlowBatch, row: number, flows: Flows, slot: number): void {
  if (!flows.hasFlag(slot, FLAG.counted)) return;
  const { totals, reported, since } = flows.table.columns;
  const at = slot * 4;
  to.src_bytes.set(row, totals[at]!);
  to.src_packets.set(row, totals[at + 1]!);
  to.dst_bytes.set(row, totals[at + 2]!);
  to.dst_packets.set(row, totals[at + 3]!);
  to.src_bytes_delta.set(row, totals[at]! - reported[at]!);
  to.src_packets_delta.set(row, totals[at + 1]! - reported[at + 1]!);
  to.dst_bytes_delta.set(row, totals[at + 2]! - reported[at + 2]!);
  to.dst_packets_delta.set(row, totals[at + 3]! - reported[at + 3]!);
  to.since.set(row, since[slot]!);
}
