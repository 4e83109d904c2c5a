/** Runs what somebody asked to be handed over from a date on, beside the live stream: another connection, another place, a bounded speed. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Transport } from "../ports.ts";
import { type BackfillOrder, type BackfillState, backfillPage, beginning } from "./backfill.ts";
import { type Deliver, shortText } from "./deliver.ts";
import type { RunnerDeps } from "./runner.ts";
import type { StoredSink } from "./stored-sink.ts";

type Deps = Pick<RunnerDeps, "clickhouse" | "places" | "transport" | "logger">;

const LOOK_MS = 2000;
const FAILED_MS = 10_000;

export class BackfillRun {
  readonly #sink: StoredSink;
  readonly #deps: Deps;
  readonly #deliverTo: (transport: Pick<Transport, "send">) => Deliver;
  readonly #run: Promise<void>;

  /** Begins at once, ends with the signal. */
  constructor(sink: StoredSink, deps: Deps, deliverTo: (transport: Pick<Transport, "send">) => Deliver, signal: AbortSignal) {
    this.#sink = sink;
    this.#deps = deps;
    this.#deliverTo = deliverTo;
    this.#run = this.#until(signal);
  }

  async ended(): Promise<void> {
    await this.#run;
  }

  async #until(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let waitMs = LOOK_MS;
      try {
        await this.#look(signal);
      } catch (error) {
        if (signal.aborted) return;
        waitMs = FAILED_MS;
        this.#deps.logger.warn({ sink: this.#sink.id, why: shortText(error) }, "a backfill stopped, it goes on in a moment");
      }
      await sleep(waitMs, undefined, { signal }).catch(() => undefined); // only ever ended by the signal
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { places, transport: make } = this.#deps;
    const sink = this.#sink;
    const order = (await places.read(sink, "order"))?.value as BackfillOrder | undefined;
    if (order === undefined) return;
    const kept = await places.read(sink, "backfill");
    const own = kept?.value as BackfillState | undefined;
    let state = own?.id === order.id ? own : beginning(order);
    if (state.state === "done" || (state.state === "cancelled" && own?.id === order.id)) return;
    let version = kept?.version ?? 0;
    const write = async (change: Partial<BackfillState>) => {
      state = { ...state, ...change };
      version = await places.write(sink, "backfill", version, state);
    };
    if (order.cancelled) return write({ state: "cancelled" });
    const transport = make(sink);
    try {
      await transport.open(signal);
      const deliver = this.#deliverTo(transport);
      let isCancelled = false;
      let isOver = false;
      while (!isOver && !isCancelled) {
        const beganMs = performance.now();
        const max = Math.min(transport.batch.maxEvents, Math.max(1, order.perSecond * 5));
        const { events, key } = await backfillPage(this.#deps.clickhouse, sink.sink, order, state.key, max, signal);
        await deliver.all(events, signal);
        isOver = key === null;
        const progress = key === null ? 1 : (key.startMs - order.fromMs) / Math.max(1, order.toMs - order.fromMs);
        await write({ state: isOver ? "done" : "running", key, sent: state.sent + events.length, progress });
        const restMs = (events.length / order.perSecond) * 1000 - (performance.now() - beganMs);
        if (!isOver && restMs > 0) await sleep(restMs, undefined, { signal });
        const now = (await places.read(sink, "order"))?.value as BackfillOrder | undefined;
        isCancelled = now?.id !== order.id || now.cancelled;
      }
      if (isCancelled && !isOver) await write({ state: "cancelled" });
    } finally {
      await transport.close();
    }
  }
}
