/** After a crash: rows that were spooled after the last checkpoint, put back into the flow table. */
import { ADDRESS_BYTES, type FlowBatch } from "@flowtrail/model";
import { NO_CODE, STATE, VERDICT } from "./codes.ts";
import { FlowKey } from "./flow-key.ts";
import { FLAG, PHASE, UNKNOWN_STATE } from "./flow-layout.ts";
import type { Flows } from "./flows.ts";

/** Rows in the order in which they were written. Returns how many there were. */
export function replayRows(batches: Iterable<FlowBatch>, flows: Flows): number {
  const key = new FlowKey();
  let rows = 0;
  for (const batch of batches) {
    for (let row = 0; row < batch.length; row++) replayRow(batch, row, key, flows);
    rows += batch.length;
  }
  return rows;
}

function replayRow(batch: FlowBatch, row: number, key: FlowKey, flows: Flows): void {
  const { table } = flows;
  // What a firewall dropped is no entry of the kernel's.
  if (batch.columns.verdict.has(row) && batch.columns.verdict.codes[row] === VERDICT.denied) return;
  key.setRow(batch, row);
  let slot = slotOf(batch, row, key, flows);
  if (batch.columns.counters_final.get(row) || batch.columns.state.codes[row] === STATE.lost) {
    // Its last row: nothing more will be said of it.
    if (slot >= 0) flows.free(slot);
    return;
  }
  const revision = batch.columns.revision.get(row) ?? 0;
  // The checkpoint was taken after this row.
  if (slot >= 0 && revision < table.columns.revision[slot]!) return;
  if (slot < 0) {
    slot = table.add(key);
    if (slot < 0) return; // more flows than this agent may keep
    table.columns.protocolState[slot] = UNKNOWN_STATE;
  }
  readRow(batch, row, flows, slot);
  table.columns.revision[slot] = revision + 1;
}

function slotOf(batch: FlowBatch, row: number, key: FlowKey, flows: Flows): number {
  const { words } = batch.columns.flow_id;
  let slot = flows.table.find(key);
  const { flowId } = flows.table.columns;
  while (slot >= 0 && (flowId[slot * 2] !== words[row * 2] || flowId[slot * 2 + 1] !== words[row * 2 + 1])) {
    slot = flows.table.findOlder(key, slot);
  }
  return slot;
}

function readRow({ columns: from }: FlowBatch, row: number, flows: Flows, slot: number): void {
  const { columns: to } = flows.table;
  const lastSeen = from.last_seen.get(row) ?? 0;
  to.phase[slot] = from.state.codes[row] === STATE.open ? PHASE.open : PHASE.closed;
  to.network[slot] = flows.networkCode(from.network.get(row) ?? "");
  to.direction[slot] = from.direction.codes[row]!;
  to.role[slot] = from.role.codes[row]!;
  to.verdict[slot] = from.verdict.has(row) ? from.verdict.codes[row]! : NO_CODE;
  to.endReason[slot] = from.end_reason.has(row) ? from.end_reason.codes[row]! : NO_CODE;
  to.status[slot] = from.ct_status.get(row) ?? 0;
  to.flowId[slot * 2] = from.flow_id.words[row * 2]!;
  to.flowId[slot * 2 + 1] = from.flow_id.words[row * 2 + 1]!;
  to.start[slot] = from.start.get(row) ?? lastSeen;
  to.seen[slot] = lastSeen;
  to.end[slot] = from.end.get(row) ?? 0;
  to.rowS[slot] = Math.floor(lastSeen / 1000);
  // A row does not say whose clock told the start.
  to.flags[slot] = from.start_exact.get(row) === false ? FLAG.startInexact : FLAG.startByArrival;
  const counters = [from.src_bytes.get(row), from.src_packets.get(row), from.dst_bytes.get(row), from.dst_packets.get(row)];
  for (const [i, value] of counters.entries()) to.totals[slot * 4 + i] = to.reported[slot * 4 + i] = value ?? 0;
  if (counters.every((value) => value !== null)) {
    flows.setFlag(slot, FLAG.counted);
    to.since[slot] = lastSeen;
  } else to.since[slot] = to.start[slot]!;
  const source = from.domain_source.has(row) ? from.domain_source.codes[row]! : NO_CODE;
  flows.texts.setDomain(slot, from.domain.get(row), source);
  flows.texts.setAbout(slot, { app: from.app.get(row), uid: from.uid.get(row), process: from.process.get(row) });
  readTranslation({ columns: from }, row, flows, slot);
}

function readTranslation({ columns: from }: Pick<FlowBatch, "columns">, row: number, flows: Flows, slot: number): void {
  const source = from.nat_src_ip.has(row);
  const destination = from.nat_dst_ip.has(row);
  if (!source && !destination) return;
  flows.table.translate();
  flows.setFlag(slot, (source ? FLAG.natSource : 0) | (destination ? FLAG.natDestination : 0));
  const { natBytes, columns: to } = flows.table;
  copyAddress(from.nat_src_ip.bytes, row, natBytes, slot * 2);
  copyAddress(from.nat_dst_ip.bytes, row, natBytes, slot * 2 + 1);
  to.natPorts[slot * 2] = from.nat_src_port.get(row) ?? 0;
  to.natPorts[slot * 2 + 1] = from.nat_dst_port.get(row) ?? 0;
}

function copyAddress(from: Uint8Array, at: number, to: Uint8Array, toAt: number): void {
  to.set(from.subarray(at * ADDRESS_BYTES, (at + 1) * ADDRESS_BYTES), toAt * ADDRESS_BYTES);
}
