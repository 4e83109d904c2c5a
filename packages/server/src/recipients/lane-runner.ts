/**
 * Tells one recipient what waits for it, one message after the other: each recipient has one of its own, so that none waits for another. What
 * became of a message is stored before the next one goes.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type BackOff, backOffMs } from "../outgoing/back-off.ts";
import { type LaneRules, lastHour, nextOf } from "./lane.ts";
import type { Notice } from "./notice.ts";
import type { Outcome } from "./outcome.ts";

export interface LaneConfig {
  /** Between attempts of one notice. */
  readonly retry: BackOff;
  /** Of all of a recipient, when one after the other fails. */
  readonly pause: BackOff;
  /** After its first attempt a notice is tried for so long. */
  readonly giveUpMs: number;
  /** More of one recipient wait in the store, and are read when there is room. */
  readonly maxInMemory: number;
}

export interface LaneDeps {
  readonly now: () => number;
  readonly random: () => number;
  readonly logger: { warn(fields: object, message: string): void };
  /** Null: it was removed or switched off. */
  readonly rules: () => LaneRules | null;
  readonly isMine: () => boolean;
  /** @throws what a signal says, and nothing else */
  readonly send: (notices: readonly Notice[], signal: AbortSignal) => Promise<Outcome>;
  /** @throws StoreError */
  readonly store: (notices: readonly Notice[]) => Promise<void>;
}

const STORE_AGAIN_MS = 2000;
/** A clock that is set is noticed within this. */
const LONGEST_SLEEP_MS = 60_000;
const MAX_FINISHED = 5000;

export class LaneRunner {
  readonly #recipient: string;
  readonly #config: LaneConfig;
  readonly #deps: LaneDeps;
  #notices: readonly Notice[] = [];
  #sentMs: readonly number[] = [];
  #failures = 0;
  #untilMs = 0;
  #gathers = false;
  /** In a message that is being sent. */
  #underWay: ReadonlySet<string> = new Set();
  /** With their versions: what is read of them was read before. */
  readonly #finished = new Map<string, number>();
  readonly #forgotten = new Set<string>();
  #stop: AbortController | null = null;
  #wake: () => void = () => undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(recipient: string, config: LaneConfig, deps: LaneDeps) {
    this.#recipient = recipient;
    this.#config = config;
    this.#deps = deps;
  }

  get waiting(): number {
    return this.#notices.length;
  }

  start(): void {
    const stop = new AbortController();
    this.#stop = stop;
    this.#running = this.#run(stop.signal).catch((error: unknown) => {
      if (!stop.signal.aborted)
        this.#deps.logger.warn({ err: error, recipient: this.#recipient }, "a recipient is told nothing until the next start");
    });
  }

  async stop(): Promise<void> {
    this.#stop?.abort();
    this.#wake();
    await this.#running;
  }

  /** New ones. Those that there is no room for are read from the store later. */
  add(notices: readonly Notice[]): void {
    const known = new Set(this.#notices.map(({ id }) => id));
    const news = notices.filter(({ id, version }) => !known.has(id) && (this.#finished.get(id) ?? 0) < version);
    const room = this.#config.maxInMemory - this.#notices.length;
    if (news.length === 0 || room <= 0) return;
    this.#notices = [...this.#notices, ...news].sort((a, b) => a.place - b.place).slice(0, this.#config.maxInMemory);
    this.#wake();
  }

  /** As the store has it, read a moment ago: what a person dropped, or another server sent, is not sent. @param isAll nothing was left out */
  reconcile(read: readonly Notice[], isAll: boolean, knownBefore: ReadonlySet<string>): void {
    const byId = new Map(read.map((notice) => [notice.id, notice]));
    this.#notices = this.#notices.flatMap((notice) => {
      const newer = byId.get(notice.id);
      if (this.#underWay.has(notice.id)) return [notice];
      if (newer !== undefined) return [newer.version > notice.version ? newer : notice];
      return isAll && knownBefore.has(notice.id) ? [] : [notice];
    });
    this.add(read);
    // Its rules may be others now.
    this.#wake();
  }

  get ids(): ReadonlySet<string> {
    return new Set(this.#notices.map(({ id }) => id));
  }

  /** A person says so: without the pause after failures. */
  retryNow(notice: Notice): void {
    this.#finished.delete(notice.id);
    this.#notices = this.#notices.filter(({ id }) => id !== notice.id);
    this.#untilMs = 0;
    this.#failures = 0;
    this.add([notice]);
    this.#wake();
  }

  /** False: it is being sent right now. */
  forget(id: string): boolean {
    if (this.#underWay.has(id)) return false;
    this.#notices = this.#notices.filter((notice) => notice.id !== id);
    return true;
  }

  /** Deleted on request: what becomes of one that is being sent is not stored. */
  forgetAll(isGone: (notice: Notice) => boolean): void {
    for (const notice of this.#notices) if (this.#underWay.has(notice.id) && isGone(notice)) this.#forgotten.add(notice.id);
    this.#notices = this.#notices.filter((notice) => !isGone(notice));
  }

  /** Another server tells it now. */
  clear(): void {
    this.#notices = this.#notices.filter(({ id }) => this.#underWay.has(id));
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { now, rules: rulesOf, isMine } = this.#deps;
      const rules = rulesOf();
      if (rules === null || !isMine()) {
        await this.#sleep(null, signal);
        continue;
      }
      this.#sentMs = lastHour(this.#sentMs, now());
      const lane = { notices: this.#notices, sentMs: this.#sentMs, untilMs: this.#untilMs, gathers: this.#gathers };
      const next = nextOf(lane, rules, now());
      if ("send" in next) await this.#send(next.send, signal);
      else {
        this.#gathers = next.gathers;
        await this.#sleep(next.waitUntilMs, signal);
      }
    }
  }

  async #sleep(untilMs: number | null, signal: AbortSignal): Promise<void> {
    const ms = Math.min(LONGEST_SLEEP_MS, untilMs === null ? LONGEST_SLEEP_MS : Math.max(1, untilMs - this.#deps.now()));
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, signal.aborted ? 0 : ms);
      timer.unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #send(notices: readonly Notice[], signal: AbortSignal): Promise<void> {
    const { now, send } = this.#deps;
    this.#underWay = new Set(notices.map(({ id }) => id));
    try {
      const startedMs = now();
      const outcome = await send(notices, signal);
      this.#sentMs = [...this.#sentMs, now()];
      await this.#note(
        notices.filter(({ id }) => !this.#forgotten.has(id)).map((notice) => this.#after(notice, outcome, startedMs)),
        signal,
      );
      this.#gathers = outcome.error !== null && this.#gathers;
      this.#pause(outcome);
    } finally {
      this.#underWay = new Set();
      this.#forgotten.clear();
    }
  }

  #pause({ error, isFinal, retryAfterMs }: Outcome): void {
    const { now, random } = this.#deps;
    // A refusal for good says nothing of the next one.
    this.#failures = error === null || isFinal ? 0 : this.#failures + 1;
    if (this.#failures > 1 || retryAfterMs !== null)
      this.#untilMs = now() + backOffMs(Math.max(1, this.#failures), this.#config.pause, { askedMs: retryAfterMs, random });
  }

  #after(notice: Notice, { error, isFinal, retryAfterMs }: Outcome, startedMs: number): Notice {
    const { now, random } = this.#deps;
    const nowMs = now();
    const triedMs = notice.triedMs ?? startedMs;
    const common = { ...notice, version: notice.version + 1, attempts: notice.attempts + 1, triedMs };
    if (error === null) return { ...common, state: "sent" };
    const nextMs = nowMs + backOffMs(common.attempts, this.#config.retry, { askedMs: retryAfterMs, random });
    const isOver = isFinal || nextMs > triedMs + this.#config.giveUpMs;
    return { ...common, state: isOver ? "parked" : "waiting", nextMs, error, failedMs: nowMs };
  }

  /** Stored before anything else is sent: what was told must not be told again after a restart. */
  async #note(notices: readonly Notice[], signal: AbortSignal): Promise<void> {
    const { store, logger } = this.#deps;
    for (;;) {
      try {
        await store(notices);
        break;
      } catch (error) {
        logger.warn(
          { err: error, recipient: this.#recipient },
          "what became of a message could not be stored, it is tried again",
        );
        if (signal.aborted) return;
        await delay(STORE_AGAIN_MS, undefined, { signal });
      }
    }
    const changed = new Map(notices.map((notice) => [notice.id, notice]));
    for (const { id, version, state } of notices) if (state !== "waiting") this.#finished.set(id, version);
    for (const id of this.#finished.keys()) {
      if (this.#finished.size <= MAX_FINISHED) break;
      this.#finished.delete(id);
    }
    this.#notices = this.#notices.flatMap((notice) => {
      const now = changed.get(notice.id) ?? notice;
      return now.state === "waiting" ? [now] : [];
    });
  }
}
