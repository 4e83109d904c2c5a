/** A tracker of the node 100.64.0.1 in the network `mesh` (100.64.0.0/16, fd0a::/64), told what to hear and asked for rows. */
import {
  type Cidr,
  decodeBatch,
  encodeBatch,
  FlowBatch,
  type JsonRow,
  parseAddress,
  parseCidr,
  rowToJson,
} from "@flowtrail/model";
import type { ConntrackRecord } from "../../capture/conntrack/record.ts";
import { type FlowNames, NO_NAMES } from "../flow-names.ts";
import { type NetworkConfig, NetworkTable } from "../networks.ts";
import { FlowTracker, type RestoreReport, TRACKER_DEFAULTS, type TrackerConfig } from "../tracker.ts";
import { LINUX_TIMEOUTS, makeRecord, type RecordSpec } from "./records.ts";

export const address = (text: string): Uint8Array => {
  const bytes = parseAddress(text);
  if (!bytes) throw new TypeError(`no address: ${text}`);
  return bytes;
};
export const cidr = (text: string): Cidr => {
  const range = parseCidr(text);
  if (!range) throw new TypeError(`no range: ${text}`);
  return range;
};

export const MESH: NetworkConfig = {
  id: "mesh",
  ranges: [cidr("100.64.0.0/16"), cidr("fd0a::/64")],
  egress: [],
  members: [],
};
/** Overlay and underlay. */
export const OWN = ["100.64.0.1", "fd0a::1", "192.0.2.10"].map(address);

/** ms since 1970: 2026-11-22T10:00:00Z. Times of tests are given as ms after it. */
export const T0 = Date.UTC(2026, 10, 22, 10);

const TIMES = ["startMs", "stopMs", "eventMs"] as const;

export class Track {
  readonly tracker: FlowTracker;
  /** What the kernel answers to a refresh, by conntrack id. */
  readonly kernel = new Map<number, RecordSpec>();
  /** Rows of `collect`, as they would be spooled. */
  readonly spooled: Uint8Array[] = [];
  readonly #config: TrackerConfig;

  constructor(config: Partial<TrackerConfig> = {}, networks: readonly NetworkConfig[] = [MESH], names: FlowNames = NO_NAMES) {
    this.#config = {
      ...TRACKER_DEFAULTS,
      reporter: "debian",
      timeouts: LINUX_TIMEOUTS,
      traffic: { icmp: true, dns: true, tunnelPorts: [51820], servers: [] },
      ...config,
    };
    this.tracker = new FlowTracker(this.#config, { refresh: (record) => this.#refresh(record), randomSequence: () => 7, names });
    this.tracker.setNetworks(new NetworkTable(networks, OWN));
  }

  #refresh(record: ConntrackRecord): boolean {
    const spec = this.kernel.get(record.id);
    if (!spec) return false;
    const answer = makeRecord("entry", later(spec));
    if (!fits(record, answer)) return false;
    answer.id = record.id;
    record.words.set(answer.words);
    const { words: _same, ...fields } = answer;
    Object.assign(record, fields);
    return true;
  }

  new(spec: RecordSpec, at: number): void {
    this.tracker.onEvent(makeRecord("new", later(spec)), T0 + at);
  }

  update(spec: RecordSpec, at: number): void {
    this.tracker.onEvent(makeRecord("update", later(spec)), T0 + at);
  }

  destroy(spec: RecordSpec, at: number): void {
    this.tracker.onEvent(makeRecord("destroy", later(spec)), T0 + at);
  }

  dump(entries: readonly RecordSpec[], at: number, complete = true): void {
    this.tracker.onDumpStart(T0 + at);
    for (const spec of entries) this.entry(spec, at);
    this.tracker.onDumpEnd(complete, T0 + at);
  }

  entry(spec: RecordSpec, at: number): void {
    this.tracker.onDumpEntry(makeRecord("entry", later(spec)), T0 + at);
  }

  /** The rows of one flush, times as ms after T0. */
  collect(at: number): JsonRow[] {
    const batch = new FlowBatch(4);
    this.tracker.collect(batch, T0 + at);
    this.spooled.push(encodeBatch(batch));
    return Array.from({ length: batch.length }, (_, row) => sinceT0(rowToJson(batch, row)));
  }

  /** The same node after a restart, with what was spooled since the checkpoint. */
  restarted(checkpoint: Uint8Array | null, spooled: readonly Uint8Array[]): { track: Track; report: RestoreReport } {
    const track = new Track(this.#config);
    const batches = spooled.map((bytes) => decodeBatch(bytes, { maxRows: 1_000_000 }).batch);
    return { track, report: track.tracker.restore(checkpoint, batches) };
  }
}

/** As ConntrackSource.refresh: the id is not enough to know an entry by. */
export function fits(question: ConntrackRecord, answer: ConntrackRecord): boolean {
  return answer.startUs === 0 || question.startUs === 0 || question.startUs === answer.startUs;
}

function later(spec: RecordSpec): RecordSpec {
  const moved = { ...spec };
  for (const name of TIMES) {
    const time = spec[name];
    if (time !== undefined) moved[name] = T0 + time;
  }
  return moved;
}

function sinceT0(row: JsonRow): JsonRow {
  const moved = { ...row };
  for (const name of ["start", "last_seen", "end", "since"] as const) {
    const time = row[name];
    if (typeof time === "string") moved[name] = Date.parse(time) - T0;
  }
  return moved;
}
