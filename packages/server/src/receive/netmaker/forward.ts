/** Passes what came in on to Netmaker's own collector, so that trying us risks nothing. What that does never delays us: what does not fit is dropped and counted. */
import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { type FlowEnvelope, FlowEnvelopeSchema, FlowService } from "./flow_pb.ts";

export interface ForwardStats {
  /** Events that the other collector answered. */
  readonly forwarded: number;
  /** Events that it did not take, or that did not fit into the queue. */
  readonly dropped: number;
  readonly waitingBytes: number;
  readonly lastError: string | null;
}

export interface ForwardDeps {
  readonly logger: { warn(fields: object, message: string): void };
}

const MAX_WAITING_BYTES = 32 * 2 ** 20;
/** Of several envelopes that wait one is made. */
const MAX_EVENTS = 1000;
const TRIES = 3;
const PAUSE_MS = 1000;
const ANSWER_MS = 10_000;

export class Forward {
  readonly #url: string;
  readonly #deps: ForwardDeps;
  readonly #stopping = new AbortController();
  #queue: Uint8Array[] = [];
  #running: Promise<void> | null = null;
  #stream: Stream | null = null;
  #counts = { forwarded: 0, dropped: 0, waitingBytes: 0 };
  #lastError: string | null = null;

  /** @param url http:// (h2c) or https:// */
  constructor(url: string, deps: ForwardDeps) {
    this.#url = url;
    this.#deps = deps;
  }

  get stats(): ForwardStats {
    return { ...this.#counts, lastError: this.#lastError };
  }

  /** Takes events, or drops them: at once in any case. */
  offer(events: readonly Uint8Array[]): void {
    const bytes = sizeOf(events);
    if (this.#stopping.signal.aborted || this.#counts.waitingBytes + bytes > MAX_WAITING_BYTES) {
      this.#counts.dropped += events.length;
      return;
    }
    this.#counts.waitingBytes += bytes;
    for (const event of events) this.#queue.push(event);
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  /** Drops what waits. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (this.#queue.length > 0 && !signal.aborted) {
      const events = this.#queue.slice(0, MAX_EVENTS);
      this.#queue = this.#queue.slice(events.length);
      const isDone = await this.#send(events);
      this.#counts.waitingBytes -= sizeOf(events);
      this.#counts[isDone ? "forwarded" : "dropped"] += events.length;
    }
  }

  async #send(events: readonly Uint8Array[]): Promise<boolean> {
    const { signal } = this.#stopping;
    for (let attempt = 0; attempt < TRIES && !signal.aborted; attempt++) {
      try {
        this.#stream ??= new Stream(this.#url);
        const { success, error } = await this.#stream.send(events);
        if (success) {
          this.#lastError = null;
          return true;
        }
        this.#failed(error);
      } catch (error) {
        this.#close();
        this.#failed((error as Error).message);
      }
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
    return false;
  }

  #failed(message: string): void {
    if (this.#lastError === null && !this.#stopping.signal.aborted) {
      this.#deps.logger.warn({ forward: this.#url }, `Netmaker's own collector does not take what is passed on: ${message}`);
    }
    this.#lastError = message;
  }

  #close(): void {
    this.#stream?.close();
    this.#stream = null;
  }
}

function sizeOf(events: readonly Uint8Array[]): number {
  return events.reduce((sum, { length }) => sum + length, 0);
}

/** One stream to the other collector, one envelope at a time. */
class Stream {
  readonly #abort = new AbortController();
  readonly #answers: AsyncIterator<{ success: boolean; error: string }>;
  #next = Promise.withResolvers<FlowEnvelope>();

  constructor(url: string) {
    const client = createClient(FlowService, createGrpcTransport({ baseUrl: url, pingIntervalMs: ANSWER_MS }));
    this.#answers = client.streamFlows(this.#envelopes(), { signal: this.#abort.signal })[Symbol.asyncIterator]();
  }

  async *#envelopes() {
    while (!this.#abort.signal.aborted) {
      const envelope = await this.#next.promise;
      this.#next = Promise.withResolvers();
      yield envelope;
    }
  }

  /** @throws ConnectError, also when no answer comes in time; Error if there is no stream any more */
  async send(events: readonly Uint8Array[]): Promise<{ success: boolean; error: string }> {
    this.#next.resolve(create(FlowEnvelopeSchema, { events: [...events] }));
    const timer = setTimeout(() => this.close(), ANSWER_MS);
    try {
      const { value, done } = await this.#answers.next();
      // Ended without an error: it is of no more use than after one.
      if (done === true) throw new Error("the stream ended");
      return value;
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#abort.abort();
    this.#next.resolve(create(FlowEnvelopeSchema));
  }
}
