/** Runs one sink, while this server holds its lease: reads on from its place, hands over, moves the place. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouse } from "../../store/clickhouse.ts";
import type { Lease } from "../../store/leases.ts";
import type { Logger } from "../../store/logger.ts";
import type { StoreNodes } from "../../store/nodes.ts";
import type { SinkEvent, Transport } from "../ports.ts";
import { NodeStream } from "../stream/node-stream.ts";
import { ensureOpenedView } from "../stream/opened-view.ts";
import { type Source, sourcesOf } from "../stream/source.ts";
import { BackfillRun } from "./backfill-run.ts";
import { Cursor } from "./cursor.ts";
import { Deliver, shortText, type Trouble } from "./deliver.ts";
import { type LagDeps, lagOf } from "./lag.ts";
import type { ParkedRecords } from "./parked.ts";
import type { SinkPlaces } from "./places.ts";
import { retryParked } from "./retry-parked.ts";
import { Rate, type SinkStatus } from "./status.ts";
import type { StoredSink } from "./stored-sink.ts";

export interface RunnerDeps {
  readonly clickhouse: ClickHouse;
  readonly nodes: StoreNodes;
  readonly places: SinkPlaces;
  readonly parked: ParkedRecords;
  readonly lease: Lease;
  readonly retention: LagDeps["retention"];
  /** One for each caller. @throws when its secrets can't be opened, or the kind is not known */
  readonly transport: (sink: StoredSink) => Transport;
  readonly now: () => number;
  readonly logger: Logger;
}

const IDLE_MS = 1000;
const LEASE_LOOK_MS = 500;
const STATUS_MS = 10_000;
const RETRY_LOOK_MS = 5000;
const FAILED_MS = 5000;

export class SinkRunner {
  readonly sink: StoredSink;
  readonly #deps: RunnerDeps;
  readonly #ending = new AbortController();
  readonly #rate: Rate;
  #run: Promise<void> = Promise.resolve();
  #trouble: Trouble | null = null;
  #lastTakenMs: number | null = null;
  #status: SinkStatus | null = null;
  #statusVersion = 0;
  #retryDue = 0;
  #unnamed = 0;

  constructor(sink: StoredSink, deps: RunnerDeps) {
    this.sink = sink;
    this.#deps = deps;
    this.#rate = new Rate(deps.now());
  }

  /** Null while another server runs it, or before it was looked at. */
  get status(): SinkStatus | null {
    if (this.#status === null || !this.#deps.lease.isMine) return null;
    const { now } = this.#deps;
    return {
      ...this.#status,
      state: this.#trouble === null ? "running" : "trouble",
      trouble: this.#trouble,
      last_taken_ms: this.#lastTakenMs ?? this.#status.last_taken_ms,
      per_second: this.#rate.perSecond(now()),
    };
  }

  start(): void {
    this.#run = this.#whileWanted(this.#ending.signal);
  }

  /** What is under way is given up; it is sent again by whoever goes on. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#run;
  }

  async #whileWanted(ending: AbortSignal): Promise<void> {
    while (!ending.aborted) {
      if (!this.#deps.lease.isMine) {
        await pause(LEASE_LOOK_MS, ending);
        continue;
      }
      const term = new AbortController();
      const watch = setInterval(() => this.#deps.lease.isMine || term.abort(), LEASE_LOOK_MS);
      const signal = AbortSignal.any([ending, term.signal]);
      try {
        await this.#hold(signal);
      } catch (error) {
        if (!signal.aborted) {
          this.#setTrouble({ reason: "server", message: shortText(error), failures: 1, nextMs: this.#deps.now() + FAILED_MS });
          this.#deps.logger.warn({ err: error, sink: this.sink.id }, "a sink stopped, it is started again in a moment");
        }
      } finally {
        clearInterval(watch);
      }
      if (!signal.aborted) await pause(FAILED_MS, ending);
    }
  }

  async #hold(signal: AbortSignal): Promise<void> {
    const { places, transport: make } = this.#deps;
    const sources = sourcesOf(this.sink.sink);
    if (sources.some(({ name }) => name === "opened")) await ensureOpenedView(this.#deps.nodes);
    const streams = this.#streams(sources);
    const cursor = new Cursor(places, this.sink);
    await cursor.load(new Map([...streams].map(([source, nodes]) => [source.name, nodes.map((node) => () => node.now())])));
    const told = await places.read(this.sink, "status");
    this.#statusVersion = told?.version ?? 0;
    this.#lastTakenMs ??= (told?.value as SinkStatus | undefined)?.last_taken_ms ?? null;
    const transport = make(this.sink);
    const ended = new AbortController();
    const both = AbortSignal.any([signal, ended.signal]);
    const backfill = new BackfillRun(this.sink, this.#deps, (to) => this.#deliverTo(to), both);
    // Beside the rest: an endpoint that is down keeps that busy, and its lag has to be told.
    const telling = this.#tellStatus(streams, cursor, both);
    try {
      await this.#opened(transport, signal);
      const deliver = this.#deliverTo(transport);
      while (!signal.aborted) {
        const progressed = await this.#round(streams, cursor, transport, deliver, signal);
        await cursor.write();
        await this.#retry(deliver, signal);
        if (!progressed) await pause(IDLE_MS, signal);
      }
    } finally {
      ended.abort();
      await Promise.all([backfill.ended(), telling]);
      await transport.close().catch((error: unknown) => this.#deps.logger.debug({ err: error }, "closing a sink"));
      // Also by who lost the lease: the place was reached.
      await cursor.write(true).catch((error: unknown) => {
        this.#deps.logger.warn(
          { err: error, sink: this.sink.id },
          "a sink's place could not be written: a few records come again",
        );
      });
    }
  }

  #streams(sources: readonly Source[]): Map<Source, NodeStream[]> {
    const { nodes } = this.#deps;
    return new Map(sources.map((source) => [source, nodes.all.map((node) => new NodeStream(node, source, nodes.local))]));
  }

  async #round(
    streams: ReadonlyMap<Source, readonly NodeStream[]>,
    cursor: Cursor,
    { batch }: Transport,
    deliver: Deliver,
    signal: AbortSignal,
  ): Promise<boolean> {
    let progressed = false;
    const wait = { least: batch.lingerMs > 0 ? batch.maxEvents : 1, lingerMs: batch.lingerMs };
    for (const [{ name }, nodes] of streams) {
      for (const [at, stream] of nodes.entries()) {
        const from = cursor.at(name, at);
        const { events, place, more } = await stream.read(from, batch.maxEvents, wait, signal);
        await deliver.all(events, signal);
        cursor.move(name, at, place, events.length);
        progressed ||= more;
      }
    }
    return progressed;
  }

  async #retry(deliver: Deliver, signal: AbortSignal): Promise<void> {
    const nowMs = this.#deps.now();
    if (nowMs < this.#retryDue) return;
    this.#retryDue = nowMs + RETRY_LOOK_MS;
    await retryParked(this.sink, this.#deps, deliver, signal);
  }

  async #tellStatus(streams: ReadonlyMap<Source, readonly NodeStream[]>, cursor: Cursor, signal: AbortSignal): Promise<void> {
    const { now, places, logger } = this.#deps;
    for (; !signal.aborted; await pause(STATUS_MS, signal)) {
      try {
        const lag = await lagOf(streams, cursor, this.#deps, signal);
        this.#status = {
          at_ms: now(),
          state: this.#trouble === null ? "running" : "trouble",
          ...lag,
          lost: cursor.lost,
          unnamed: this.#unnamed,
          taken: cursor.taken,
          per_second: this.#rate.perSecond(now()),
          last_taken_ms: this.#lastTakenMs,
          trouble: this.#trouble,
        };
        this.#statusVersion = await places.write(this.sink, "status", this.#statusVersion, this.#status);
      } catch (error) {
        if (!signal.aborted) logger.warn({ err: error, sink: this.sink.id }, "a sink's lag could not be told");
      }
    }
  }

  async #opened(transport: Transport, signal: AbortSignal): Promise<void> {
    const opening: Pick<Transport, "send"> = {
      send: async () => {
        await transport.open(signal);
        return { kind: "taken" };
      },
    };
    // With the same patience as for a hand-over.
    await this.#deliverTo(opening, () => undefined).all([NOTHING], signal);
  }

  #deliverTo(
    transport: Pick<Transport, "send">,
    onTaken = (events: number): void => {
      this.#lastTakenMs = this.#deps.now();
      this.#rate.add(events, this.#deps.now());
    },
  ): Deliver {
    const { parked, now, logger } = this.#deps;
    return new Deliver({
      transport,
      park: (refused) => parked.park(this.sink.id, refused),
      onTaken,
      onUnnamed: (events, { reason, message }) => {
        this.#unnamed += events;
        logger.warn({ sink: this.sink.id, events, reason, message }, "an endpoint refused records, and did not say which");
      },
      onTrouble: (trouble) => this.#setTrouble(trouble),
      random: Math.random,
      now,
    });
  }

  #setTrouble(trouble: Trouble | null): void {
    const was = this.#trouble;
    this.#trouble = trouble;
    if ((was === null) === (trouble === null)) return;
    const { logger } = this.#deps;
    if (trouble === null) logger.info({ sink: this.sink.id }, "a sink's endpoint takes records again");
    else logger.warn({ sink: this.sink.id, ...trouble }, "a sink's endpoint does not take records, they wait in the store");
  }
}

/** Stands for no event: only a transport that is being opened is given it. */
const NOTHING: SinkEvent = { id: "", kind: "ended", version: "0", revised: false, storedMs: 0, flow: {} };

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined); // only ever ended by the signal
}
