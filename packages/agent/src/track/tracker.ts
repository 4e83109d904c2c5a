/** The stage: conntrack messages in, rows of flows out, as docs/internals/flow-record.md defines them. */
import { FLOW_ID_SEQUENCES, type FlowBatch, NOTHING_EXCLUDED } from "@flowtrail/model";
import { ConntrackRecord, EVENT_DESTROY, EVENT_NEW } from "../capture/conntrack/record.ts";
import { STATUS_DYING } from "../capture/conntrack/states.ts";
import { CaptureError } from "../capture/errors.ts";
import type { ConntrackListener } from "../capture/source.ts";
import type { ConntrackTimeouts } from "../capture/timeouts.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { TCP } from "./codes.ts";
import { DumpWatch } from "./dump-watch.ts";
import { endReason, idleSinceMs, isOver, lastPacketMs, overReason, verdictOf } from "./ending.ts";
import { FlowKey } from "./flow-key.ts";
import { FLAG, PHASE } from "./flow-layout.ts";
import { type FlowNames, type FlowOwners, NO_NAMES } from "./flow-names.ts";
import { Flows } from "./flows.ts";
import { HeldFlows } from "./held-flows.ts";
import { Naming } from "./naming.ts";
import { NetworkTable, type Place } from "./networks.ts";
import { replayRows } from "./replay.ts";
import { writeRow } from "./row-writer.ts";
import { type DropReason, newStats, type TrackerStats } from "./stats.ts";
import { type TrafficConfig, TrafficRules } from "./traffic-rules.ts";

export interface TrackerConfig {
  /** Name of the reporting node. */
  readonly reporter: string;
  /** Flows beyond these are dropped and counted as `table_full`. */
  readonly maxFlows: number;
  readonly timeouts: ConntrackTimeouts;
  readonly traffic: TrafficConfig;
  /**
   * An open flow gets a row at least so often, though nothing moves: the server stores a flow that nobody speaks of for a day as lost. Looked at
   * when a dump comes by. 0: only when something moves.
   */
  readonly keepAliveMs: number;
  /** Most questions to the kernel for counters in one `collect` (10 µs each). At most half of them are about flows that just opened. */
  readonly maxRefreshes: number;
}

export const TRACKER_DEFAULTS = { maxFlows: 500_000, keepAliveMs: 3_600_000, maxRefreshes: 1000 } as const;

export interface TrackerDeps {
  /** ConntrackSource.refresh */
  refresh(record: ConntrackRecord): boolean;
  /** A random number below FLOW_ID_SEQUENCES, asked for once. */
  randomSequence(): number;
  /** Who knows names; left out: nobody. */
  readonly names?: FlowNames;
  /** Who knows the local programs of flows; null: they are not wanted. */
  readonly owners?: () => FlowOwners | null;
}

export interface RestoreReport {
  /** Flows that go on, as far as is known before the first dump. */
  readonly flows: number;
  /** Rows that were spooled after the checkpoint. */
  readonly rows: number;
  /** Why the checkpoint could not be used; null if it could, or there was none. */
  readonly problem: string | null;
}

export class FlowTracker implements ConntrackListener {
  readonly #config: TrackerConfig;
  readonly #deps: TrackerDeps;
  readonly #stats = newStats();
  readonly #flows: Flows;
  readonly #naming: Naming;
  readonly #dumps = new DumpWatch();
  readonly #key = new FlowKey();
  readonly #question = new ConntrackRecord();
  #timeouts: ConntrackTimeouts;
  #traffic: TrafficConfig;
  #networks = new NetworkTable([], []);
  /** Flows whose first rows wait for their names, the longest waiting first. */
  readonly #held = new HeldFlows();
  #rules: TrafficRules;

  constructor(config: TrackerConfig, deps: TrackerDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#timeouts = config.timeouts;
    this.#traffic = config.traffic;
    this.#rules = new TrafficRules(this.#traffic, this.#networks);
    this.#flows = new Flows(config.maxFlows, deps.randomSequence() % FLOW_ID_SEQUENCES, this.#stats);
    this.#naming = new Naming(this.#flows, this.#stats, deps.names ?? NO_NAMES, deps.owners ?? (() => null));
  }

  /** Monotonic counters since the start, and gauges of the moment. */
  get stats(): Readonly<TrackerStats> {
    this.#stats.slots = this.#flows.table.size;
    this.#stats.tableBytes = this.#flows.table.bytes;
    return this.#stats;
  }

  /** From now on; a flow keeps the place that it got when it was first seen, and one that had none may get one with the next dump. */
  setNetworks(networks: NetworkTable): void {
    this.#networks = networks;
    this.#rules = new TrafficRules(this.#traffic, networks);
  }

  setTraffic(traffic: TrafficConfig): void {
    this.#traffic = traffic;
    this.#rules = new TrafficRules(traffic, this.#networks);
    this.#leaveSwitchedOff();
  }

  /** What may be told of the domains of flows has changed; null: nothing, EXCLUDED_DOMAIN: nothing of the flow. */
  renameDomains(shown: (network: string, domain: string) => string | null): void {
    this.#naming.rename(shown);
  }

  setTimeouts(timeouts: ConntrackTimeouts): void {
    this.#timeouts = timeouts;
  }

  /** Where a packet that made no connection belongs, or why it is not stored. */
  placeOf(key: FlowKey): Place | DropReason {
    return this.#rules.judge(key, null);
  }

  /** Writes the id of a row that is none of a connection. */
  newId(seenMs: number, words: Uint32Array): void {
    this.#flows.newId(seenMs, words, 0);
  }

  onEvent(record: ConntrackRecord, arrivalMs: number): void {
    this.#key.setRecord(record);
    if (record.event === EVENT_NEW) this.#onNew(record, arrivalMs);
    else if (record.event === EVENT_DESTROY) this.#onDestroy(record, arrivalMs);
    else this.#onUpdate(record, arrivalMs);
  }

  onDumpStart(_arrivalMs: number): void {
    this.#dumps.begin();
    this.#flows.dumping = true;
  }

  onDumpEntry(record: ConntrackRecord, arrivalMs: number): void {
    this.#key.setRecord(record);
    let slot = this.#match(record);
    const live = slot >= 0 && this.#flows.isLive(slot);
    if (!live) {
      if (slot >= 0 && this.#isOlderThanEnd(slot, record)) return;
      // Its DESTROY was sent while the dump came by (nf_ct_delete sends first and unlinks then), and tells more.
      if (record.status & STATUS_DYING) return;
      slot = this.#openFound(record, arrivalMs, arrivalMs, this.#dumps.number === 1);
    }
    if (slot >= 0) this.#look(slot, record, arrivalMs);
  }

  onDumpEnd(complete: boolean, arrivalMs: number): void {
    this.#flows.dumping = false;
    this.#dumps.end(complete, arrivalMs);
  }

  onOverrun(_arrivalMs: number): void {
    this.#dumps.doubt();
  }

  onDrained(_arrivalMs: number): void {
    // Rows are made by `collect`, at the agent's pace.
  }

  /**
   * Writes one row for every flow that changed since the last call (opened, moved, ended) and forgets what has ended for good. It stops when the batch
   * has `maxRows`: the next call goes on there.
   */
  collect(batch: FlowBatch, nowMs: number, maxRows = Number.POSITIVE_INFINITY): void {
    const flows = this.#flows;
    this.#giveUpGone(nowMs);
    this.#naming.takeLate();
    this.#held.release(flows, nowMs);
    let refreshes = this.#config.maxRefreshes;
    const forEnds = Math.floor(refreshes / 2);
    while (flows.dirty.length > 0 && batch.length < maxRows) {
      const slot = flows.dirty.shift();
      if (flows.hasFlag(slot, FLAG.untold | FLAG.excluded)) {
        flows.leaveOut(slot, nowMs);
        continue;
      }
      if (flows.hasFlag(slot, FLAG.ask)) {
        flows.clearFlag(slot, FLAG.ask);
        const opened = flows.table.columns.phase[slot] === PHASE.open;
        if (refreshes > (opened ? forEnds : 0)) {
          refreshes--;
          this.#refresh(slot, nowMs);
        }
      }
      this.#naming.name(slot);
      if (flows.hasFlag(slot, FLAG.excluded)) {
        flows.leaveOut(slot, nowMs);
        continue;
      }
      if (this.#naming.isAwaited(slot)) {
        this.#held.hold(flows, slot, nowMs);
        continue;
      }
      writeRow(batch, flows, slot, this.#config.reporter);
      flows.written(slot, nowMs);
      this.#stats.rows++;
    }
    flows.forget(nowMs);
  }

  /** All flows that must survive a restart. Take it right after what was collected is safely spooled. */
  checkpoint(): Uint8Array<ArrayBuffer> {
    return encodeCheckpoint(this.#flows);
  }

  /** Before the source starts: the checkpoint, then every batch that was spooled after it, in order. */
  restore(checkpoint: Uint8Array | null, spooledSince: Iterable<FlowBatch>): RestoreReport {
    const problem = checkpoint === null ? null : decodeCheckpoint(checkpoint, this.#flows);
    const rows = replayRows(spooledSince, this.#flows);
    this.#stats.openFlows = this.#flows.resume();
    this.#dumps.doubt();
    return { flows: this.#stats.openFlows, rows, problem };
  }

  #onNew(record: ConntrackRecord, arrivalMs: number): void {
    const flows = this.#flows;
    const known = this.#match(record);
    if (known >= 0 && flows.isLive(known)) {
      if (!flows.hasFlag(known, FLAG.restored)) {
        // The dump had it before its event was read, or the event was told twice (another listener asked for NETLINK_BROADCAST_ERROR).
        this.#stats.repeated++;
        this.#hear(known);
        return;
      }
      // The former agent's entry is gone, as this one is new.
      flows.giveUp(known);
    }
    const place = this.#place(record, true);
    if (place === null) return;
    // "The kernel's event stamp where there is one (Linux ≥ 6.14), else the time of arrival."
    const stamped = record.eventUs > 0;
    const slot = this.#open(record, place, stamped ? Math.floor(record.eventUs / 1000) : arrivalMs, arrivalMs, true);
    if (slot < 0) return;
    flows.setFlag(slot, stamped ? FLAG.ask : FLAG.ask | FLAG.startByArrival);
    this.#naming.own(slot, true);
  }

  #onUpdate(record: ConntrackRecord, arrivalMs: number): void {
    const flows = this.#flows;
    const endMs = record.eventUs > 0 ? Math.floor(record.eventUs / 1000) : arrivalMs;
    let slot = this.#match(record);
    if (slot < 0 || !flows.isLive(slot) || flows.hasFlag(slot, FLAG.restored)) slot = this.#askAbout(slot, arrivalMs);
    if (slot < 0) return;
    this.#hear(slot);
    flows.note(slot, record);
    const ageMs = arrivalMs - flows.table.columns.start[slot]!;
    if (flows.judge(slot, verdictOf(record, false, ageMs))) flows.markDirty(slot);
    if (flows.table.columns.phase[slot] !== PHASE.open || record.protocol !== TCP || !isOver(record.tcpState)) return;
    flows.close(slot, endMs, overReason(record.tcpState));
    flows.setFlag(slot, FLAG.ask);
  }

  /**
   * An UPDATE, which does not say when its entry began, about a flow that we have not heard of: as its NEW was dropped, or since a former agent
   * knew an entry like it. If the kernel has it no more, its DESTROY is on its way and tells all.
   */
  #askAbout(known: number, arrivalMs: number): number {
    if ((known < 0 && this.#place(null, false) === null) || !this.#ask(0)) return -1;
    let slot = this.#match(this.#question);
    if (slot < 0 || !this.#flows.isLive(slot)) slot = this.#openFound(this.#question, arrivalMs, arrivalMs, false);
    if (slot >= 0) this.#flows.count(slot, this.#question, arrivalMs);
    return slot;
  }

  #onDestroy(record: ConntrackRecord, arrivalMs: number): void {
    let slot = this.#match(record);
    if (slot >= 0 && !this.#flows.isLive(slot)) {
      this.#stats.repeated++;
      return;
    }
    // Its NEW was dropped, or it began before us and ended before a dump came by: it is reported all the same.
    if (slot < 0) slot = this.#openFound(record, lastPacketMs(record, this.#timeouts, arrivalMs), arrivalMs, false);
    if (slot >= 0) this.#end(slot, record, arrivalMs);
  }

  #end(slot: number, record: ConntrackRecord, arrivalMs: number): void {
    const flows = this.#flows;
    const { columns } = flows.table;
    flows.complete(slot, record);
    flows.note(slot, record);
    this.#hear(slot);
    const lookedMs = columns.seen[slot]!;
    const counted = flows.hasFlag(slot, FLAG.counted);
    const moved = flows.count(slot, record, lookedMs) && counted;
    // Counters that moved after we last looked: so did a packet, whatever timeout it ran under by then (see tcpMaxRetrans).
    const earliestMs = moved ? lookedMs : columns.start[slot]!;
    const endMs = Math.max(lastPacketMs(record, this.#timeouts, arrivalMs), earliestMs);
    flows.judge(slot, verdictOf(record, true, 0));
    if (columns.phase[slot] === PHASE.open) flows.close(slot, endMs, endReason(record));
    else columns.seen[slot] = Math.max(lookedMs, endMs);
    flows.finish(slot);
  }

  /** What a dump says about a flow that is known. */
  #look(slot: number, record: ConntrackRecord, arrivalMs: number): void {
    const flows = this.#flows;
    const { columns } = flows.table;
    const wasOver = isOver(columns.protocolState[slot]!);
    const moved = this.#tell(slot, record, arrivalMs);
    const { keepAliveMs } = this.#config;
    const silent = keepAliveMs > 0 && columns.phase[slot] === PHASE.open && arrivalMs - columns.rowS[slot]! * 1000 >= keepAliveMs;
    if (moved || silent) flows.markDirty(slot);
    // The event that says so is more exact, and may still be in the queue: the second time it is not.
    if (!wasOver || columns.phase[slot] !== PHASE.open || record.protocol !== TCP || !isOver(record.tcpState)) return;
    flows.close(slot, idleSinceMs(record, this.#timeouts, arrivalMs), overReason(record.tcpState));
  }

  #refresh(slot: number, nowMs: number): void {
    const { table } = this.#flows;
    table.readKey(slot, this.#key);
    if (this.#ask(table.columns.kernelStartUs[slot]!) && this.#flows.isSame(slot, this.#question))
      this.#tell(slot, this.#question, nowMs);
  }

  /** Takes over what the kernel says about an entry now. Returns true if something changed that a row tells. */
  #tell(slot: number, record: ConntrackRecord, atMs: number): boolean {
    const flows = this.#flows;
    this.#hear(slot);
    flows.note(slot, record);
    const moved = flows.count(slot, record, atMs);
    return flows.judge(slot, verdictOf(record, false, atMs - flows.table.columns.start[slot]!)) || moved;
  }

  /** Asks the kernel for the entry of the key, that began at this stamp if it is not 0; the answer is in `#question`. */
  #ask(startUs: number): boolean {
    this.#key.ask(this.#question, startUs);
    this.#stats.refreshes++;
    try {
      if (this.#deps.refresh(this.#question)) return true;
      this.#stats.refreshesGone++;
    } catch (error) {
      // Rows go out with the counters known so far; the next dump tells more, or fails for all to see.
      if (!(error instanceof CaptureError)) throw error;
      this.#stats.refreshErrors++;
    }
    return false;
  }

  /**
   * The slot of this very entry, a live one if there is, −1 if it is new to us. A live flow that had its identity before has ended: its DESTROY is
   * in the queue, or the dumps will lack it.
   */
  #match(record: ConntrackRecord): number {
    const flows = this.#flows;
    let match = -1;
    for (let slot = flows.table.find(this.#key); slot >= 0; slot = flows.table.findOlder(this.#key, slot)) {
      if (!flows.isSame(slot, record)) continue;
      if (flows.isLive(slot)) return slot;
      if (match < 0) match = slot;
    }
    return match;
  }

  #hear(slot: number): void {
    this.#flows.table.columns.heard[slot] = this.#dumps.number;
    this.#flows.clearFlag(slot, FLAG.restored);
  }

  /** Where the key's connection belongs; null if it is not stored. */
  #place(record: ConntrackRecord | null, counting: boolean): Place | null {
    const place = this.#rules.judge(this.#key, record);
    if (typeof place !== "string") return place;
    if (counting) this.#stats.drops[place]++;
    return null;
  }

  /** Opens a flow whose beginning we did not hear. @param unknownStartMs its start if the kernel does not know either */
  #openFound(record: ConntrackRecord, unknownStartMs: number, arrivalMs: number, counting: boolean): number {
    const place = this.#place(record, counting);
    if (place === null) return -1;
    const stamped = record.startUs > 0;
    const slot = this.#open(record, place, stamped ? Math.floor(record.startUs / 1000) : unknownStartMs, arrivalMs, counting);
    if (slot >= 0 && !stamped) this.#flows.setFlag(slot, FLAG.startInexact);
    return slot;
  }

  #open(record: ConntrackRecord, place: Place, startMs: number, arrivalMs: number, counting: boolean): number {
    const slot = this.#flows.open(this.#key, record, place, startMs, arrivalMs);
    if (slot >= 0) this.#hear(slot);
    else if (counting) this.#stats.drops.table_full++;
    return slot;
  }

  /** Flows that were told of before they were switched off (their network, their range, their protocol) get a last row, others none. */
  #leaveSwitchedOff(): void {
    const flows = this.#flows;
    const { exclude = NOTHING_EXCLUDED, networksOff, icmp, dns } = this.#traffic;
    if (!exclude.hasRanges && (networksOff?.size ?? 0) === 0 && icmp && dns) return;
    for (let slot = 0; slot < flows.table.end; slot++) {
      if (!flows.isLive(slot)) continue;
      flows.table.readKey(slot, this.#key);
      if (this.#rules.switchedOff(this.#key, flows.networkOf(slot)) === null && !this.#isTranslatedToExcluded(slot)) continue;
      if (flows.table.columns.revision[slot] === 0) flows.setFlag(slot, FLAG.untold);
      flows.giveUp(slot);
    }
  }

  #isTranslatedToExcluded(slot: number): boolean {
    const isTranslated = this.#flows.hasFlag(slot, FLAG.natSource | FLAG.natDestination);
    return isTranslated && this.#rules.excludedEnd(this.#flows.table.natBytes, slot * 32) !== null;
  }

  /** Flows that the dumps lack. */
  #giveUpGone(nowMs: number): void {
    const before = this.#dumps.sweep(nowMs);
    const flows = this.#flows;
    const { heard } = flows.table.columns;
    for (let slot = before > 0 ? 0 : flows.table.end; slot < flows.table.end; slot++) {
      if (flows.isLive(slot) && heard[slot]! < before) flows.giveUp(slot);
    }
  }

  /** Is this entry of a dump a flow that has ended since? A part of a dump may have been made before events that we have read already. */
  #isOlderThanEnd(slot: number, record: ConntrackRecord): boolean {
    const { kernelStartUs, heard } = this.#flows.table.columns;
    if (record.startUs > 0 && kernelStartUs[slot]! > 0) return this.#flows.isSame(slot, record);
    return heard[slot] === this.#dumps.number;
  }
}
