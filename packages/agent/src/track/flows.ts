/** The life of a flow in the table: opened, counted, closed, ended, written, forgotten. */
import { FLOW_ID_SEQUENCES, flowIdWords } from "@flowtrail/model";
import type { ConntrackRecord } from "../capture/conntrack/record.ts";
import { DIRECTION, END_REASON, hasPorts, NO_CODE, ROLE, SCTP, STATE, TCP, VERDICT } from "./codes.ts";
import { ExcludedEntries } from "./excluded-entries.ts";
import { addressOf, type FlowKey } from "./flow-key.ts";
import { FLAG, PHASE, UNKNOWN_STATE } from "./flow-layout.ts";
import { FlowTable } from "./flow-table.ts";
import { FlowTexts } from "./flow-texts.ts";
import type { Place } from "./networks.ts";
import { SlotQueue } from "./slot-queue.ts";
import type { TrackerStats } from "./stats.ts";

/** Ended flows are remembered for so long, and at most so many of them, because messages about them may be late or told twice. */
const KEPT_MS = 10_000;
const MAX_KEPT = 8192;
/** How far the kernel's start stamp may lie before or after the stamp of the NEW event: both are made when the entry is confirmed. */
const STAMP_SLACK_MS = 100;
/** … before and after the time of arrival. */
const ARRIVAL_BEFORE_MS = 10_000;
const ARRIVAL_AFTER_MS = 1000;

export class Flows {
  readonly table: FlowTable;
  /** Slots that wait for a row, in the order in which they changed. */
  readonly dirty = new SlotQueue();
  /** Ended flows are not forgotten during a dump: a part of it may be older than their end, and would open them anew. */
  dumping = false;
  readonly #stats: TrackerStats;
  readonly #kept = new SlotQueue();
  readonly #networks: string[] = [];
  readonly #networkCodes = new Map<string, number>();
  readonly texts: FlowTexts;
  /** Of the agent that ran before us. */
  readonly excludedEntries = new ExcludedEntries();
  #sequence: number;

  constructor(maxFlows: number, sequence: number, stats: TrackerStats) {
    this.table = new FlowTable(maxFlows);
    this.texts = new FlowTexts(this.table, stats);
    this.#sequence = sequence;
    this.#stats = stats;
  }

  networkOf(slot: number): string {
    return this.#networks[this.table.columns.network[slot]!] ?? "";
  }

  /** The number of a network's name. Names stay: flows keep theirs when the configuration changes. */
  networkCode(network: string): number {
    let code = this.#networkCodes.get(network);
    if (code === undefined) {
      code = this.#networks.push(network) - 1;
      this.#networkCodes.set(network, code);
    }
    return code;
  }

  get networks(): readonly string[] {
    return this.#networks;
  }

  isLive(slot: number): boolean {
    const phase = this.table.columns.phase[slot]!;
    return phase === PHASE.open || phase === PHASE.closed;
  }

  hasFlag(slot: number, flag: number): boolean {
    return (this.table.columns.flags[slot]! & flag) !== 0;
  }

  setFlag(slot: number, flag: number): void {
    const { flags } = this.table.columns;
    flags[slot] = flags[slot]! | flag;
  }

  clearFlag(slot: number, flag: number): void {
    const { flags } = this.table.columns;
    flags[slot] = flags[slot]! & ~flag;
  }

  markDirty(slot: number): void {
    if (this.hasFlag(slot, FLAG.dirty)) return;
    this.setFlag(slot, FLAG.dirty);
    this.dirty.push(slot);
  }

  /**
   * Opens a flow.
   * @param startMs when it began
   * @param seenMs when the agent first saw it: the high bits of its id
   * @returns its slot, −1 if the table is full
   */
  open(key: FlowKey, record: ConntrackRecord, place: Place, startMs: number, seenMs: number): number {
    const slot = this.#take(key);
    if (slot < 0) return -1;
    const { columns } = this.table;
    columns.phase[slot] = PHASE.open;
    columns.protocolState[slot] = UNKNOWN_STATE;
    columns.network[slot] = this.networkCode(place.network);
    columns.direction[slot] = DIRECTION[place.direction];
    columns.role[slot] = ROLE[place.role];
    columns.verdict[slot] = NO_CODE;
    columns.endReason[slot] = NO_CODE;
    columns.start[slot] = startMs;
    columns.seen[slot] = startMs;
    columns.since[slot] = startMs;
    columns.kernelStartUs[slot] = record.startUs;
    this.newId(seenMs, columns.flowId, slot * 2);
    this.#translation(slot, key, record);
    this.note(slot, record);
    if (this.excludedEntries.take(record)) this.setFlag(slot, FLAG.excluded);
    this.#stats.opened++;
    this.#stats.openFlows++;
    this.markDirty(slot);
    return slot;
  }

  /** Writes an id that no other flow of this agent has. */
  newId(seenMs: number, words: Uint32Array, at: number): void {
    flowIdWords(seenMs, this.#sequence, words, at);
    this.#sequence = (this.#sequence + 1) % FLOW_ID_SEQUENCES;
  }

  #take(key: FlowKey): number {
    const slot = this.table.add(key);
    if (slot >= 0 || this.dumping || this.#kept.length === 0) return slot;
    this.free(this.#kept.shift());
    return this.table.add(key);
  }

  /** Is the record about the entry of this slot, and not about an earlier or later one with the same tuple and id? */
  isSame(slot: number, record: ConntrackRecord): boolean {
    const { kernelStartUs, start } = this.table.columns;
    if (record.startUs === 0) return record.eventUs === 0 || !this.#isBefore(record.eventUs / 1000, slot);
    const known = kernelStartUs[slot]!;
    if (known > 0) return Math.abs(record.startUs - known) < 1;
    // An entry without a stamp never gets one (nf_conntrack_tstamp is an extension of the entry, made with it).
    if (this.hasFlag(slot, FLAG.startInexact)) return false;
    const difference = record.startUs / 1000 - start[slot]!;
    if (!this.hasFlag(slot, FLAG.startByArrival)) return Math.abs(difference) < STAMP_SLACK_MS;
    return difference > -ARRIVAL_BEFORE_MS && difference < ARRIVAL_AFTER_MS;
  }

  /** Is it certain that this was before the flow began? */
  #isBefore(ms: number, slot: number): boolean {
    if (this.hasFlag(slot, FLAG.startByArrival) || this.hasFlag(slot, FLAG.startInexact)) return false;
    return ms < this.table.columns.start[slot]! - STAMP_SLACK_MS;
  }

  /** DESTROY tells the protocol's state since Linux 5.10 only (86d21fc74745): before, the last one that we heard of holds. */
  complete(slot: number, record: ConntrackRecord): void {
    const state = this.table.columns.protocolState[slot]!;
    if (state === UNKNOWN_STATE) return;
    if (record.protocol === TCP && record.tcpState < 0) record.tcpState = state;
    if (record.protocol === SCTP && record.sctpState < 0) record.sctpState = state;
  }

  /** Takes over status, protocol state and the kernel's start stamp. */
  note(slot: number, record: ConntrackRecord): void {
    const { columns } = this.table;
    columns.status[slot] = record.status;
    const state = record.tcpState >= 0 ? record.tcpState : record.sctpState;
    if (state >= 0) columns.protocolState[slot] = state;
    if (record.startUs > 0 && columns.kernelStartUs[slot] === 0) this.#stamp(slot, record.startUs);
  }

  /** "`start`: fixed by the first revision and never changed after it": until then the kernel's stamp is better than the time of arrival. */
  #stamp(slot: number, startUs: number): void {
    const { columns } = this.table;
    columns.kernelStartUs[slot] = startUs;
    if (columns.revision[slot]! > 0 || !this.hasFlag(slot, FLAG.startByArrival)) return;
    columns.start[slot] = Math.floor(startUs / 1000);
    columns.since[slot] = columns.start[slot]!;
    this.clearFlag(slot, FLAG.startByArrival);
  }

  /**
   * Takes over the counters as of `atMs`. Totals never go down: what is smaller comes from an older part of a dump, or somebody set the kernel's
   * counters to 0. Returns true if there was something to take over.
   */
  count(slot: number, record: ConntrackRecord, atMs: number): boolean {
    if (record.srcBytes < 0 || record.dstBytes < 0) return false;
    const { totals, seen, since, revision } = this.table.columns;
    const at = slot * 4;
    const before = totals[at]! + totals[at + 1]! + totals[at + 2]! + totals[at + 3]!;
    totals[at] = Math.max(totals[at]!, record.srcBytes);
    totals[at + 1] = Math.max(totals[at + 1]!, record.srcPackets);
    totals[at + 2] = Math.max(totals[at + 2]!, record.dstBytes);
    totals[at + 3] = Math.max(totals[at + 3]!, record.dstPackets);
    const grown = totals[at]! + totals[at + 1]! + totals[at + 2]! + totals[at + 3]! > before;
    const first = !this.hasFlag(slot, FLAG.counted);
    this.setFlag(slot, FLAG.counted);
    seen[slot] = Math.max(seen[slot]!, atMs);
    // Nothing was sent until now, so what comes later was sent after now.
    if (!first && revision[slot]! > 0 && this.#isReported(slot)) since[slot] = seen[slot]!;
    return grown || first;
  }

  #isReported(slot: number): boolean {
    const { totals, reported } = this.table.columns;
    for (let i = slot * 4; i < slot * 4 + 4; i++) if (totals[i] !== reported[i]) return false;
    return true;
  }

  /** Sets the verdict. Returns true if it changed. Once a reply was seen, or a refusal, that stays. */
  judge(slot: number, verdict: number): boolean {
    const column = this.table.columns.verdict;
    const before = column[slot]!;
    if (verdict === NO_CODE || verdict === before) return false;
    if (before !== NO_CODE && before !== VERDICT.unanswered) return false;
    column[slot] = verdict;
    return true;
  }

  /** A TCP connection is over; the kernel keeps the entry for a while. */
  close(slot: number, endMs: number, reason: number): void {
    const { phase, start, end, endReason } = this.table.columns;
    phase[slot] = PHASE.closed;
    end[slot] = Math.max(endMs, start[slot]!);
    endReason[slot] = reason;
    this.#sawEnd(slot);
    this.markDirty(slot);
  }

  /** The kernel has removed the entry of a flow that is closed. */
  finish(slot: number): void {
    this.#stats.ended++;
    this.#conclude(slot);
  }

  /**
   * The entry is gone and nobody has said how. What was open is lost: counters are the last known, the end is not. What was closed has
   * ended; now it is final.
   */
  giveUp(slot: number): void {
    const { phase, endReason } = this.table.columns;
    if (phase[slot] === PHASE.closed) {
      this.finish(slot);
      return;
    }
    endReason[slot] = this.hasFlag(slot, FLAG.restored) ? END_REASON.agent_stopped : END_REASON.unknown;
    this.setFlag(slot, FLAG.lost);
    this.#stats.lost++;
    this.#conclude(slot);
  }

  #conclude(slot: number): void {
    this.table.columns.phase[slot] = PHASE.ended;
    this.#stats.openFlows--;
    this.clearFlag(slot, FLAG.ask);
    this.markDirty(slot);
  }

  #sawEnd(slot: number): void {
    const { seen, end } = this.table.columns;
    seen[slot] = Math.max(seen[slot]!, end[slot]!);
  }

  /** A code of STATES. */
  stateOf(slot: number): number {
    if (this.hasFlag(slot, FLAG.lost)) return STATE.lost;
    return this.table.columns.phase[slot] === PHASE.open ? STATE.open : STATE.closed;
  }

  /** After a row was written: what it said is what the next one's deltas start from. */
  written(slot: number, nowMs: number): void {
    const { totals, reported, revision, seen, since, rowS, phase } = this.table.columns;
    for (let i = slot * 4; i < slot * 4 + 4; i++) reported[i] = totals[i]!;
    revision[slot] = revision[slot]! + 1;
    rowS[slot] = Math.floor(nowMs / 1000);
    this.clearFlag(slot, FLAG.dirty);
    if (phase[slot] === PHASE.ended) this.keep(slot, nowMs);
    else if (this.hasFlag(slot, FLAG.counted)) since[slot] = seen[slot]!;
  }

  /** In the place of a row, for a flow of which nothing is to be told. */
  leaveOut(slot: number, nowMs: number): void {
    this.clearFlag(slot, FLAG.dirty);
    this.clearFlag(slot, FLAG.ask);
    if (this.table.columns.phase[slot] === PHASE.ended) this.keep(slot, nowMs);
  }

  /** Nothing more will be written of it; it is only remembered for a moment. */
  keep(slot: number, nowMs: number): void {
    this.table.columns.phase[slot] = PHASE.kept;
    this.table.columns.since[slot] = nowMs;
    this.#kept.push(slot);
  }

  /** Forgets flows that were remembered long enough. */
  forget(nowMs: number): void {
    if (this.dumping) return;
    const { since } = this.table.columns;
    while (this.#kept.length > 0 && (this.#kept.length > MAX_KEPT || nowMs - since[this.#kept.peek()]! >= KEPT_MS)) {
      this.free(this.#kept.shift());
    }
  }

  free(slot: number): void {
    this.texts.release(slot);
    this.table.free(slot);
  }

  /** After `table` was filled from a checkpoint and rows: queues what still waits for a row. Returns how many flows go on. */
  resume(): number {
    const { phase, heard } = this.table.columns;
    let live = 0;
    for (let slot = 0; slot < this.table.end; slot++) {
      if (phase[slot] === PHASE.free) continue;
      heard[slot] = 0;
      this.clearFlag(slot, FLAG.ask);
      if (this.hasFlag(slot, FLAG.dirty)) this.dirty.push(slot);
      if (!this.isLive(slot)) continue;
      this.setFlag(slot, FLAG.restored);
      live++;
    }
    return live;
  }

  /** If the reply tuple is not the mirror of the original one, the side that differs is what it was translated to. */
  #translation(slot: number, key: FlowKey, record: ConntrackRecord): void {
    const ports = hasPorts(record.protocol);
    const { words } = record;
    const source = !sameAddress(words, 0, 12) || (ports && record.srcPort !== record.replyDstPort);
    const destination = !sameAddress(words, 4, 8) || (ports && record.dstPort !== record.replySrcPort);
    if (!source && !destination) return;
    this.table.translate();
    this.setFlag(slot, (source ? FLAG.natSource : 0) | (destination ? FLAG.natDestination : 0));
    const { natBytes, columns } = this.table;
    addressOf(record, 12, natBytes, slot * 32);
    addressOf(record, 8, natBytes, slot * 32 + 16);
    columns.natPorts[slot * 2] = ports ? record.replyDstPort : key.first;
    columns.natPorts[slot * 2 + 1] = ports ? record.replySrcPort : key.second;
  }
}

function sameAddress(words: Uint32Array, a: number, b: number): boolean {
  for (let i = 0; i < 4; i++) if (words[a + i] !== words[b + i]) return false;
  return true;
}
