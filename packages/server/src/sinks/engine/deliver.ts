/**
 * Hands some events over, whatever it takes: sends again what was not taken, finds out by halves which one an endpoint refuses, and parks that.
 * Resolves when each of them was taken or parked.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { backOffMs } from "../../outgoing/back-off.ts";
import type { SendResult, SinkEvent, Transport, Why } from "../ports.ts";

export interface Parkable extends Why {
  readonly event: SinkEvent;
}

export interface DeliverDeps {
  readonly transport: Pick<Transport, "send">;
  /** Durably. */
  readonly park: (refused: readonly Parkable[]) => Promise<void>;
  readonly onTaken: (events: number) => void;
  /** An endpoint refused some and did not say which: they can't be parked. */
  readonly onUnnamed: (events: number, why: Why) => void;
  /** Null: it works (again). */
  readonly onTrouble: (trouble: Trouble | null) => void;
  readonly random: () => number;
  readonly now: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Trouble extends Why {
  readonly failures: number;
  readonly nextMs: number;
}

const BACK_OFF = { firstMs: 1000, maxMs: 120_000 } as const;
/** After half of a request was taken. */
const BUSY_MS = 250;
/** An endpoint that refuses so many and takes none in between may refuse us, and not them: */
const REFUSED_ALL = 20;
/** it is asked so often (about four minutes) before they are parked all the same. */
const ASKED_AGAIN = 8;

export class Deliver {
  readonly #deps: DeliverDeps;
  #failures = 0;
  #refusedInARow = 0;

  constructor(deps: DeliverDeps) {
    this.#deps = deps;
  }

  /** @throws what the signal was aborted with; what `park` throws */
  async all(events: readonly SinkEvent[], signal: AbortSignal, { park }: Pick<DeliverDeps, "park"> = this.#deps): Promise<void> {
    // Pieces that are sent one after the other: the whole, until it is refused.
    const pieces: (readonly SinkEvent[])[] = [events];
    for (let piece = pieces.pop(); piece !== undefined; piece = pieces.pop()) {
      if (piece.length === 0) continue;
      const left = await this.#one(piece, park, signal);
      if (left === "halves") {
        const half = Math.ceil(piece.length / 2);
        pieces.push(piece.slice(half), piece.slice(0, half));
      } else if (left.length > 0) pieces.push(left);
    }
  }

  /** @returns what is to be sent again, or that it has to be told apart */
  async #one(
    events: readonly SinkEvent[],
    park: DeliverDeps["park"],
    signal: AbortSignal,
  ): Promise<readonly SinkEvent[] | "halves"> {
    signal.throwIfAborted();
    const result = await this.#send(events, signal);
    signal.throwIfAborted();
    switch (result.kind) {
      case "taken":
        this.#works(events.length - (result.unnamed?.count ?? 0));
        if (result.unnamed !== undefined) this.#deps.onUnnamed(result.unnamed.count, result.unnamed);
        return [];
      case "partly":
        return this.#partly(events, result, park, signal);
      case "refused":
        if (events.length > 1) return "halves";
        this.#refusedInARow += 1;
        if (this.#refusesAll) return this.#wait(events, result, null, signal);
        this.#failures = 0;
        await park(events.map((event) => ({ event, reason: result.reason, message: result.message })));
        return [];
      case "not_now":
        return this.#wait(events, result, result.retryAfterMs, signal);
    }
  }

  async #partly(
    events: readonly SinkEvent[],
    { refused, again, retryAfterMs }: Extract<SendResult, { kind: "partly" }>,
    park: DeliverDeps["park"],
    signal: AbortSignal,
  ): Promise<readonly SinkEvent[]> {
    const left = again.flatMap((index) => events[index] ?? []);
    const taken = events.length - refused.length - left.length;
    if (taken > 0) this.#works(taken);
    else if (refused.length > 0) this.#refusedInARow += refused.length;
    const [first] = refused;
    if (first !== undefined && taken === 0 && this.#refusesAll) return this.#wait(events, first, retryAfterMs, signal);
    const parked = refused.flatMap(({ index, reason, message }) => {
      const event = events[index];
      return event === undefined ? [] : [{ event, reason, message }];
    });
    if (parked.length > 0) await park(parked);
    if (left.length === 0) return [];
    if (taken > 0) {
      // It works, only not as fast.
      await this.#pause(Math.max(retryAfterMs ?? 0, BUSY_MS), signal);
      return left;
    }
    const why = { reason: "busy", message: `${left.length} of ${events.length} records are to be sent again` };
    return this.#wait(left, why, retryAfterMs, signal);
  }

  get #refusesAll(): boolean {
    return this.#refusedInARow > REFUSED_ALL && this.#failures < ASKED_AGAIN;
  }

  async #wait(
    events: readonly SinkEvent[],
    { reason, message }: Why,
    askedMs: number | null,
    signal: AbortSignal,
  ): Promise<readonly SinkEvent[]> {
    this.#failures += 1;
    const waitMs = backOffMs(this.#failures, BACK_OFF, { askedMs, random: this.#deps.random });
    this.#deps.onTrouble({ reason, message, failures: this.#failures, nextMs: this.#deps.now() + waitMs });
    await this.#pause(waitMs, signal);
    return events;
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return (this.#deps.sleep ?? pause)(ms, signal);
  }

  #works(events: number): void {
    this.#failures = 0;
    this.#refusedInARow = 0;
    this.#deps.onTaken(events);
    this.#deps.onTrouble(null);
  }

  async #send(events: readonly SinkEvent[], signal: AbortSignal): Promise<SendResult> {
    try {
      return await this.#deps.transport.send(events, signal);
    } catch (error) {
      signal.throwIfAborted();
      return { kind: "not_now", reason: "failed", message: shortText(error), retryAfterMs: null };
    }
  }
}

export function shortText(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, " ").slice(0, 500);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false });
}
