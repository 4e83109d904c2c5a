/** Sends the spool's batches to the server, in order, until it has said that they are durable there; several at once where several wait. */
import { promisify } from "node:util";
import { zstdCompress } from "node:zlib";
import { ARROW_CONTENT_TYPE, HEADER_BATCH, HEADER_CLOCK, HEADER_NODE, HEADER_SPOOL } from "@flowtrail/model";
import type { Spool } from "../spool/spool.ts";
import type { SpooledBatch } from "../spool/types.ts";
import type { AgentLogger } from "../status/logger.ts";
import { Throttle } from "../status/throttle.ts";
import { judge, type Rejection, type Verdict } from "./answer.ts";
import { Backoff } from "./backoff.ts";
import { ShipError } from "./errors.ts";
import type { HttpClient } from "./http.ts";
import { halves } from "./split.ts";

export interface ShipConfig {
  readonly node: string;
  /** Longest pause between attempts while the server is away. */
  readonly maxPauseMs: number;
}

export interface ShipClock {
  now(): number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface ShipDeps {
  readonly spool: Pick<Spool, "epoch" | "depth" | "nextFew" | "acknowledge" | "keepAside">;
  readonly http: Pick<HttpClient, "request">;
  /** Asked for each attempt, so that a changed token is used at once; null without one. Throws ShipError. */
  readonly token: () => string | null;
  /** Resolves when another token is to be used than this one, or when the signal aborts. */
  readonly tokenChanged?: (from: string | null, signal: AbortSignal) => Promise<void>;
  /** Where people put a new token. */
  readonly tokenPlace?: string;
  readonly clock: ShipClock;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  readonly log: AgentLogger;
}

/** Monotonic since start. */
export interface ShipStats {
  batches: number;
  /** Rows by what the server did with them. */
  accepted: number;
  duplicate: number;
  rejected: number;
  /** Rows set aside because the server refused their batch. */
  setAside: number;
  /** Batches sent in halves. */
  split: number;
  attempts: number;
  failures: number;
  bytesRaw: number;
  bytesSent: number;
}

/** How it goes at the moment. */
export type ShipState = "idle" | "sending" | "server away" | "unauthorized" | "wrong server" | "spool unreadable";

/** A part of a batch: `sequence`, or `sequence.1`, `sequence.1.2`, … */
interface Part {
  readonly label: string;
  readonly bytes: Uint8Array;
  readonly rows: number;
  /** Compressed; made once for all attempts. */
  body?: Uint8Array;
}

const compress = promisify(zstdCompress);
const FIRST_PAUSE_MS = 1000;
/** Nothing but a person can help there: asking often would only fill logs. */
const LONG_FIRST_PAUSE_MS = 10_000;
const LONG_MAX_PAUSE_MS = 300_000;
/** A server in trouble may name a time, but not one at which nobody remembers it. */
const MAX_RETRY_AFTER_MS = 600_000;
const LOG_EVERY_MS = 60_000;
const REJECTIONS_SHOWN = 3;
/**
 * The server answers after it has written, which it does for all agents together about twice a second: one batch at a time would be slower than
 * they come.
 */
const MAX_AT_ONCE = 16;
const MAX_BYTES_AT_ONCE = 8 * 1024 * 1024;

export class Shipper {
  readonly #config: ShipConfig;
  readonly #deps: ShipDeps;
  readonly #away: Backoff;
  readonly #helpless: Backoff;
  readonly #refused: Backoff;
  readonly #throttle: Throttle;
  readonly stats: ShipStats = {
    batches: 0,
    accepted: 0,
    duplicate: 0,
    rejected: 0,
    setAside: 0,
    split: 0,
    attempts: 0,
    failures: 0,
    bytesRaw: 0,
    bytesSent: 0,
  };
  #state: ShipState = "idle";
  #lastError = "";
  #lastSuccessMs = 0;
  #running: Promise<void> = Promise.resolve();
  /** Aborted: the current request is given up, and nothing more is begun. */
  readonly #end = new AbortController();
  /** Aborted: pauses end, and the first failure is the last. */
  readonly #drain = new AbortController();
  #wake: () => void = () => undefined;
  /** With the last attempt. */
  #sentWith: string | null = null;

  constructor(config: ShipConfig, deps: ShipDeps) {
    const longest = { firstMs: LONG_FIRST_PAUSE_MS, maxMs: LONG_MAX_PAUSE_MS };
    this.#config = config;
    this.#deps = deps;
    this.#away = new Backoff({ firstMs: Math.min(FIRST_PAUSE_MS, config.maxPauseMs), maxMs: config.maxPauseMs }, deps.random);
    this.#helpless = new Backoff(longest, deps.random);
    this.#refused = new Backoff({ firstMs: FIRST_PAUSE_MS, maxMs: LONG_MAX_PAUSE_MS }, deps.random);
    this.#throttle = new Throttle(LOG_EVERY_MS, () => deps.clock.now());
  }

  get state(): ShipState {
    return this.#state;
  }

  /** Of the last failure; empty when all is well. */
  get lastError(): string {
    return this.#lastError;
  }

  /** When the server last took something, ms since 1970; 0 = never. */
  get lastSuccessMs(): number {
    return this.#lastSuccessMs;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** There is something new in the spool. */
  notify(): void {
    this.#wake();
  }

  /** Sends what it can within the time, gives up at the first failure, and ends. What is left stays in the spool. */
  async stop(withinMs: number): Promise<void> {
    this.#drain.abort();
    this.#wake();
    const deadline = new AbortController();
    await Promise.race([this.#running, this.#deps.clock.sleep(withinMs, deadline.signal)]);
    deadline.abort();
    this.#end.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#end.signal.aborted) {
      const few = this.#next();
      if (few === "unreadable") {
        if (!(await this.#pause(this.#helpless.nextMs()))) return;
      } else if (few.length === 0) {
        if (this.#drain.signal.aborted) return;
        this.#state = "idle";
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      } else if (!(await this.#deliverFew(few))) return;
    }
  }

  #next(): SpooledBatch[] | "unreadable" {
    try {
      // While something is wrong, one batch finds out whether it still is.
      return this.#deps.spool.nextFew(this.#lastError === "" ? MAX_AT_ONCE : 1, MAX_BYTES_AT_ONCE);
    } catch (error) {
      this.#trouble("spool unreadable", error instanceof Error ? error.message : String(error));
      return "unreadable";
    }
  }

  /** Tries several at once, then sees to those that were not taken, one after the other. False: we are to end. */
  async #deliverFew(few: readonly SpooledBatch[]): Promise<boolean> {
    const taken = few.length > 1 ? await Promise.all(few.map((batch) => this.#isTaken(batch))) : [];
    for (const [i, batch] of few.entries()) {
      if (!taken[i] && !(await this.#deliver(batch))) return false;
      this.#deps.spool.acknowledge(batch.sequence);
      this.stats.batches++;
    }
    return true;
  }

  async #isTaken(batch: SpooledBatch): Promise<boolean> {
    const part: Part = { ...batch, label: String(batch.sequence) };
    const verdict = await this.#attempt(part);
    if (verdict.kind !== "accepted") return false;
    this.#onAccepted(verdict, part);
    return true;
  }

  /** True: the batch is off our hands. False: we are to end. */
  async #deliver(batch: SpooledBatch): Promise<boolean> {
    const parts: Part[] = [{ ...batch, label: String(batch.sequence) }];
    for (let part = parts[0]; part !== undefined; part = parts[0]) {
      const verdict = await this.#attempt(part);
      if (this.#end.signal.aborted && verdict.kind !== "accepted") return false;
      if (verdict.kind === "accepted") {
        this.#onAccepted(verdict, part);
        parts.shift();
      } else if (verdict.kind === "too_large") {
        const two = halves(part.bytes);
        if (two === null) await this.#putAside(parts, part, "HTTP 413: too large for the server, and can't be split any further");
        else {
          this.stats.split++;
          parts.splice(0, 1, ...two.map((half, i) => ({ ...half, label: `${part.label}.${i + 1}` })));
        }
      } else if (verdict.kind === "refused") {
        await this.#putAside(parts, part, verdict.why);
      } else if (!(await this.#pause(this.#pauseAfter(verdict), verdict.kind === "unauthorized"))) return false;
    }
    return true;
  }

  async #attempt(part: Part): Promise<Verdict> {
    this.stats.attempts++;
    if (this.#state === "idle") this.#state = "sending";
    try {
      part.body ??= await compress(part.bytes);
      const answer = await this.#deps.http.request({
        method: "POST",
        path: "ingest/v1/flows",
        headers: this.#headers(part),
        body: part.body,
        signal: this.#end.signal,
      });
      this.stats.bytesRaw += part.bytes.length;
      this.stats.bytesSent += part.body.length;
      return judge(answer, this.#deps.clock.now());
    } catch (error) {
      if (error instanceof ShipError && (error.code === "SHIP_TOKEN_FILE" || error.code === "SHIP_NOT_ENROLLED"))
        return { kind: "unauthorized", why: error.message };
      return { kind: "later", why: error instanceof Error ? error.message : String(error), afterMs: null };
    }
  }

  #headers({ label }: Part): Record<string, string> {
    const { spool, clock, token } = this.#deps;
    this.#sentWith = null;
    const secret = token();
    this.#sentWith = secret;
    return {
      "content-type": ARROW_CONTENT_TYPE,
      "content-encoding": "zstd",
      [HEADER_BATCH]: `${spool.epoch}-${label}`,
      [HEADER_CLOCK]: String(Math.trunc(clock.now())),
      [HEADER_SPOOL]: `${spool.depth.batches};${spool.depth.bytes}`,
      ...(secret === null ? { [HEADER_NODE]: this.#config.node } : { authorization: `Bearer ${secret}` }),
    };
  }

  #onAccepted({ accepted, duplicate, rejected }: Verdict & { kind: "accepted" }, { label }: Part): void {
    this.stats.accepted += accepted;
    this.stats.duplicate += duplicate;
    this.stats.rejected += rejected.length;
    if (rejected.length > 0) this.#sayRejected(label, rejected);
    if (this.#lastError !== "") this.#deps.log.info({ spool: this.#deps.spool.depth }, "the server takes batches again");
    for (const state of ["server away", "unauthorized", "wrong server", "spool unreadable"]) this.#throttle.forget(state);
    this.#state = "sending";
    this.#lastError = "";
    this.#lastSuccessMs = this.#deps.clock.now();
    for (const backoff of [this.#away, this.#helpless, this.#refused]) backoff.reset();
  }

  #sayRejected(label: string, rejected: readonly Rejection[]): void {
    this.#throttle.once("rejected", () =>
      this.#deps.log.warn(
        { batch: label, rejected: rejected.length, first: rejected.slice(0, REJECTIONS_SHOWN) },
        "the server rejected rows: they are not stored",
      ),
    );
  }

  /** Off our hands, and kept for people. One such batch is an accident; if they come one after the other, something else is wrong, and time may mend it. */
  async #putAside(parts: Part[], part: Part, why: string): Promise<void> {
    this.#deps.spool.keepAside(part.label, part.bytes, why);
    this.stats.setAside += part.rows;
    this.#throttle.once("aside", () =>
      this.#deps.log.error(
        { batch: part.label, why },
        "the server refused a batch: it is kept in the folder `aside` of the spool, and not sent again",
      ),
    );
    parts.shift();
    const pauseMs = this.#refused.nextMs();
    if (this.#refused.failures > 1) await this.#pause(pauseMs);
  }

  /** Notes and says what is wrong, and gives the pause before the next attempt. */
  #pauseAfter(verdict: Verdict & { kind: "later" | "unauthorized" | "stranger" }): number {
    const { kind, why } = verdict;
    this.stats.failures++;
    switch (kind) {
      case "later":
        this.#trouble("server away", why);
        // The server's word is the least that we wait; all agents got the same, so something random is added.
        return Math.max(this.#away.nextMs(), Math.min(verdict.afterMs ?? 0, MAX_RETRY_AFTER_MS) * (1 + this.#deps.random() / 10));
      case "unauthorized":
        this.#trouble("unauthorized", `${why}. ${this.#mend()}`);
        return this.#helpless.nextMs();
      case "stranger":
        this.#trouble("wrong server", why);
        return this.#helpless.nextMs();
    }
  }

  /** The commands that help. */
  #mend(): string {
    const { tokenPlace } = this.#deps;
    const place = tokenPlace === undefined ? "the token file" : tokenPlace;
    return `On the server: flowtrail token create --node ${this.#config.node}; put what it prints into ${place}`;
  }

  #trouble(state: ShipState, why: string): void {
    this.#state = state;
    this.#lastError = why;
    const { depth } = this.#deps.spool;
    this.#throttle.once(state, () =>
      this.#deps.log[state === "server away" ? "warn" : "error"]({ why, spool: depth }, ADVICE[state] ?? ""),
    );
  }

  /** False: we are to end. */
  async #pause(ms: number, forToken = false): Promise<boolean> {
    if (this.#drain.signal.aborted) return false;
    const { clock, tokenChanged } = this.#deps;
    const over = new AbortController();
    const either = AbortSignal.any([this.#drain.signal, over.signal]);
    const waits = [clock.sleep(ms, either)];
    if (forToken && tokenChanged !== undefined) waits.push(tokenChanged(this.#sentWith, either));
    await Promise.race(waits);
    over.abort();
    return !this.#end.signal.aborted;
  }
}

const ADVICE: Readonly<Partial<Record<ShipState, string>>> = {
  "server away": "the server can't be reached or is busy: batches wait in the spool",
  unauthorized:
    "the server does not accept this node's token: make a new one on the server (flowtrail token create --node NAME) and put it into the token file; batches wait in the spool",
  "wrong server": "what answers at --server is not a Flowtrail server: correct the URL; batches wait in the spool",
  "spool unreadable": "the spool can't be read: look for disk errors",
};
