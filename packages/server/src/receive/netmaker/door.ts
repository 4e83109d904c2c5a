/** Envelopes of Netmaker's agents → rows that are named and durably stored, and an answer for each, whatever it holds. */
import { setTimeout as sleep } from "node:timers/promises";
import { DecodeError, FlowBatch, flowIdWords } from "@flowtrail/model";
import type { Delivery, ReceiveDeps } from "../ports.ts";
import { withoutContent } from "../rows.ts";
import { addEvent, eventProblem } from "./convert.ts";
import { type Dialect, EventDecoder } from "./decode.ts";
import { EnvelopeHosts, UnknownHosts } from "./hosts.ts";
import { sequenceOf } from "./identity.ts";
import { Letters } from "./letters.ts";
import { FlowPlaces, type KnownFlow, type Question } from "./places.ts";
import { Bucket, Rate } from "./rates.ts";
import { makeStats, type NetmakerStats } from "./stats.ts";
import { netmakerVersion } from "./version.ts";

export interface DoorConfig {
  /** Events a second of one host; who sends more waits for its answers. */
  readonly hostRate: number;
  /** An answer is held back so long while the store can't take its rows: an agent that is refused three times drops them. */
  readonly holdMs: number;
  /** Others write into the same store. */
  readonly shared: boolean;
}

export interface DoorDeps extends Omit<ReceiveDeps, "declare"> {
  readonly logger: { warn(fields: object, message: string): void };
  /** Has a node an agent of ours, with a token? */
  readonly hasToken: (nodeId: string) => boolean;
  /** Is it the store's state, and not the rows? */
  readonly isTransient: (error: unknown) => boolean;
  readonly storedFlows: { settle(questions: readonly Question[]): Promise<void> };
}

export interface EnvelopeAnswer {
  readonly success: boolean;
  readonly error: string;
}

/** Flows whose start is remembered: about 30 MB. */
const REMEMBERED_FLOWS = 200_000;
const MAX_EVENTS = 20_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;
/** Anybody may say that he is this host, on any number of streams: whoever it is must not wait for all of them. */
const LONGEST_HOST_WAIT_MS = 20_000;

/** An envelope as rows, before they are named. */
interface ReadEnvelope {
  readonly batch: FlowBatch;
  /** By row. */
  readonly flows: readonly KnownFlow[];
  readonly questions: readonly Question[];
  readonly hosts: ReadonlyMap<string, Host>;
  readonly letters: Letters;
  readonly nowMs: number;
}

/** What an envelope holds of one host. */
interface Host {
  reporter: string;
  rows: number;
  firstStartMs: number | null;
  readonly version: string;
}

export class NetmakerDoor {
  readonly #config: DoorConfig;
  readonly #deps: DoorDeps;
  readonly #decoder = new EventDecoder();
  readonly #places: FlowPlaces;
  /** By host. */
  readonly #rate: Rate;
  /** By the signal of each stream. */
  readonly #streams = new WeakMap<AbortSignal, Bucket>();
  readonly #unknown = new UnknownHosts();
  readonly #stats = makeStats();
  #sequence = 0;

  constructor(config: DoorConfig, deps: DoorDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#places = new FlowPlaces({ capacity: REMEMBERED_FLOWS, shared: config.shared });
    this.#rate = new Rate(config.hostRate);
  }

  get stats(): NetmakerStats {
    return { ...this.#stats, rememberedFlows: this.#places.size };
  }

  /**
   * Resolves when all that can be taken is durable. One event that can't be stored is refused alone.
   * @param signal of the stream: one for each
   * @throws whatever `signal` was aborted with: then there is nobody to answer
   */
  async take(events: readonly Uint8Array[], signal: AbortSignal): Promise<EnvelopeAnswer> {
    this.#stats.envelopes++;
    // Before they are read: what is refused costs, too.
    const isSlowed = await this.#keepStreamRate(events.length, signal);
    if (events.length > MAX_EVENTS) return this.#refuse(`more than ${MAX_EVENTS} events in an envelope`);
    const envelope = this.#read(events);
    if ((await this.#keepHostRate(envelope, signal)) || isSlowed) this.#stats.slowed++;
    try {
      await this.#store(envelope, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#deps.logger.warn({ err: error, events: events.length }, "an envelope of a Netmaker agent could not be stored");
      return this.#refuse("the store can't take it now");
    }
    const { letters } = envelope;
    for (const [code, count] of letters.counts) this.#stats.rejected[code] = (this.#stats.rejected[code] ?? 0) + count;
    this.#stats.events += envelope.batch.length;
    return { success: true, error: letters.first === null ? "" : `${letters.count} events refused; ${letters.first}` };
  }

  #refuse(error: string): EnvelopeAnswer {
    this.#stats.refused++;
    return { success: false, error };
  }

  #read(events: readonly Uint8Array[]): ReadEnvelope {
    const nowMs = this.#deps.now();
    const batch = new FlowBatch(Math.max(1, events.length));
    const flows: KnownFlow[] = [];
    const questions: Question[] = [];
    const hosts = new Map<string, Host>();
    const letters = new Letters(events, nowMs);
    const limits = { nowMs, oldestMs: this.#deps.oldestMs(nowMs) };
    const contexts = new EnvelopeHosts(this.#deps, this.#unknown, limits);
    const { event } = this.#decoder;
    for (const [place, bytes] of events.entries()) {
      const dialect = this.#decode(bytes, place, letters);
      if (dialect === null) continue;
      const context = eventProblem(event, limits) ?? contexts.of(event.hostId);
      if ("code" in context) {
        letters.add(place, context.code, context.message, event);
        continue;
      }
      const { flow, question } = this.#places.find(event, nowMs);
      if (question !== null) questions.push(question);
      const row = addEvent(batch, event, flow, context);
      flows.push(flow);
      this.#stats.dialects[dialect]++;
      const host = hosts.get(event.hostId) ?? newHost(netmakerVersion(dialect));
      host.reporter = batch.columns.reporter.get(row) ?? event.hostId;
      host.rows++;
      host.firstStartMs = Math.min(flow.startMs, host.firstStartMs ?? flow.startMs);
      hosts.set(event.hostId, host);
    }
    return { batch, flows, questions, hosts, letters, nowMs };
  }

  #decode(bytes: Uint8Array, place: number, letters: Letters): Dialect | null {
    try {
      return this.#decoder.decode(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      letters.add(place, "BAD_VALUE", error.message, null);
      return null;
    }
  }

  /** True if it had to wait. */
  async #keepStreamRate(events: number, signal: AbortSignal): Promise<boolean> {
    const nowMs = this.#deps.now();
    const bucket = this.#streams.get(signal) ?? new Bucket(this.#config.hostRate, nowMs);
    this.#streams.set(signal, bucket);
    return pause(bucket.take(Math.max(1, events), nowMs), signal);
  }

  /** True if it had to wait. */
  async #keepHostRate({ hosts, nowMs }: ReadEnvelope, signal: AbortSignal): Promise<boolean> {
    let waitMs = 0;
    for (const [host, { rows }] of hosts) waitMs = Math.max(waitMs, this.#rate.take(host, rows, nowMs));
    return pause(Math.min(waitMs, LONGEST_HOST_WAIT_MS), signal);
  }

  async #store(envelope: ReadEnvelope, signal: AbortSignal): Promise<void> {
    const { batch, questions, letters, hosts } = envelope;
    if (batch.length === 0 && letters.count === 0) return;
    const retry = new Patience(this.#config.holdMs, this.#deps.isTransient, signal);
    if (questions.length > 0) {
      await retry.until(() => this.#deps.storedFlows.settle(questions));
      this.#stats.lookups += questions.length;
    }
    // Two in one millisecond are two.
    const sequence = Math.max(envelope.nowMs, this.#sequence + 1);
    this.#sequence = sequence;
    const deliveries = [...hosts].map(([id, host]) => deliveryOf(id, host, letters, { sequence, nowMs: envelope.nowMs }));
    for (const delivery of deliveries) await retry.until(() => this.#deps.admit(delivery, false));
    // At the last moment: all questions about these flows have their answers.
    if (questions.length > 0) place(envelope);
    this.#deps.identify.fill(batch);
    const rows = this.#deps.privacy.apply(batch);
    const deadLetters = this.#deps.privacy.keepsContent ? letters.letters : letters.letters.map(withoutContent);
    await retry.until(() => this.#deps.submit({ rows, deliveries, deadLetters }));
    this.#stats.held += retry.failures > 0 ? 1 : 0;
    for (const delivery of deliveries) this.#deps.onDelivery(delivery);
    this.#deps.onStored(rows);
  }
}

/** True if there was anything to wait for. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  if (ms > 0) await sleep(ms, undefined, { signal });
  return ms > 0;
}

/** Tries again what fails by the state of the store, for a while. */
class Patience {
  readonly #untilMs: number;
  readonly #isTransient: (error: unknown) => boolean;
  readonly #signal: AbortSignal;
  failures = 0;

  constructor(holdMs: number, isTransient: (error: unknown) => boolean, signal: AbortSignal) {
    this.#untilMs = performance.now() + holdMs;
    this.#isTransient = isTransient;
    this.#signal = signal;
  }

  async until(work: () => Promise<void>): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      this.#signal.throwIfAborted();
      try {
        await work();
        return;
      } catch (error) {
        this.failures++;
        if (!this.#isTransient(error) || performance.now() + pauseMs >= this.#untilMs) throw error;
      }
      await sleep(pauseMs, undefined, { signal: this.#signal });
    }
  }
}

/** Gives each row the place that its flow has by now. */
function place({ batch, flows }: ReadEnvelope): void {
  const { flow_id, start, start_exact, end, last_seen } = batch.columns;
  const words = new Uint32Array(2);
  for (const [row, flow] of flows.entries()) {
    flowIdWords(flow.startMs, sequenceOf(flow.key), words, 0);
    flow_id.setWords(row, words[0] ?? 0, words[1] ?? 0);
    start.set(row, flow.startMs);
    start_exact.set(row, flow.startExact);
    for (const column of [end, last_seen])
      if ((column.get(row) ?? Number.POSITIVE_INFINITY) < flow.startMs) column.set(row, flow.startMs);
  }
}

const newHost = (version: string): Host => ({ reporter: "", rows: 0, firstStartMs: null, version });

/** Their agents number nothing and declare nothing: no gaps can be seen, but that they were here. */
function deliveryOf(
  reporterId: string,
  host: Host,
  { count }: Letters,
  { sequence, nowMs }: { sequence: number; nowMs: number },
): Delivery {
  return {
    reporterId,
    reporter: host.reporter,
    epoch: "",
    sequence,
    part: "",
    receivedMs: nowMs,
    rows: host.rows,
    rejected: count,
    coveredFromMs: null,
    coveredToMs: null,
    firstStartMs: host.firstStartMs,
    spoolBatches: 0,
    spoolBytes: 0,
    drops: {},
    gauges: {},
    clockSkewMs: null,
    agentVersion: host.version,
    addresses: {},
  };
}
