/** Netmaker's REST API as a source of the inventory: asked now and then, and what it said last stays in force while it is away. */
import type { InventorySource, SourceDeps, SourceState } from "../source.ts";
import { NetmakerClient } from "./client.ts";
import { NetmakerError } from "./errors.ts";
import { netmakerInventory } from "./inventory.ts";
import { NetmakerParts } from "./parts.ts";

export interface NetmakerConfig {
  readonly url: string;
  readonly tokenFile: string;
  readonly caFile?: string | undefined;
  readonly intervalMs: number;
  /** Of one question. */
  readonly timeoutMs?: number;
  readonly maxAnswerBytes?: number;
  /** A start waits for the first answer no longer than this. */
  readonly firstAnswerMs?: number;
  /** First pause after a failure; it doubles with each that follows. */
  readonly firstPauseMs?: number;
}

const DEFAULTS = { timeoutMs: 15_000, maxAnswerBytes: 32 * 2 ** 20, firstAnswerMs: 5000, firstPauseMs: 5000 };
/** Of a whole poll, however many questions it has. */
const POLL_MS = 5 * 60_000;
const MAX_PAUSE_MS = 5 * 60_000;
/** Pauses differ by so much, so that several servers do not ask at the same moment for ever. */
const JITTER = 0.1;
const TOLD_PROBLEMS = 3;

export class NetmakerSource implements InventorySource {
  readonly #config: NetmakerConfig & typeof DEFAULTS;
  readonly #deps: SourceDeps & { readonly random: () => number };
  readonly #client: NetmakerClient;
  readonly #parts = new NetmakerParts();
  #stopping = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #handedOver: string | null = null;
  #lastSyncMs: number | null = null;
  #error: string | null = null;
  #nextTryMs: number | null = null;
  #failures = 0;

  constructor(config: NetmakerConfig, deps: SourceDeps & { random?: () => number }) {
    this.#config = { ...DEFAULTS, ...config };
    this.#deps = { random: Math.random, ...deps };
    const { tokenFile, caFile, timeoutMs, maxAnswerBytes } = this.#config;
    this.#client = new NetmakerClient({ url: new URL(config.url), tokenFile, caFile, timeoutMs, maxAnswerBytes });
  }

  get state(): SourceState {
    return {
      name: "netmaker",
      kind: "netmaker",
      where: this.#config.url,
      lastSyncMs: this.#lastSyncMs,
      error: this.#error,
      nextTryMs: this.#nextTryMs,
    };
  }

  /** Resolves with the first answer, or a moment later: flows come in all the same while Netmaker is slow or away. */
  async start(): Promise<void> {
    this.#stopping = new AbortController();
    const warning = await this.#client.tokenWarning();
    if (warning !== null) this.#deps.logger.warn({}, warning);
    const first = this.#poll();
    let patience: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      patience = setTimeout(resolve, this.#config.firstAnswerMs);
    });
    await Promise.race([first, enough]);
    clearTimeout(patience);
  }

  stop(): void {
    this.#stopping.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#nextTryMs = null;
  }

  /** Asks for everything once, and plans the next time. Never throws. */
  async #poll(): Promise<void> {
    const { signal } = this.#stopping;
    const pauseMs = await this.#ask(AbortSignal.any([signal, AbortSignal.timeout(POLL_MS)]));
    if (signal.aborted) return;
    this.#nextTryMs = this.#deps.now() + pauseMs;
    this.#timer = setTimeout(() => void this.#poll(), pauseMs);
    this.#timer.unref();
  }

  /** @returns how long to wait before the next time, ms */
  async #ask(signal: AbortSignal): Promise<number> {
    const { intervalMs } = this.#config;
    try {
      const credentials = await this.#client.credentials();
      const { snapshot, problems } = await this.#parts.read((path) => this.#client.get(path, credentials, signal));
      this.#failures = 0;
      if (snapshot !== null) {
        this.#lastSyncMs = this.#deps.now();
        this.#handOver(netmakerInventory(snapshot));
      }
      this.#tell(problems, snapshot === null);
      return this.#jittered(intervalMs);
    } catch (error) {
      if (this.#stopping.signal.aborted) return 0;
      this.#tell([error instanceof Error ? error.message : String(error)], true);
      return this.#pauseAfter(error);
    }
  }

  #handOver(inventory: ReturnType<typeof netmakerInventory>): void {
    const text = JSON.stringify(inventory);
    if (text === this.#handedOver) return;
    this.#handedOver = text;
    this.#deps.logger.info({ url: this.#config.url, networks: inventory.networks.length }, "Netmaker's inventory was read");
    this.#deps.onChange(inventory);
  }

  #tell(problems: readonly string[], nothingNew: boolean): void {
    const told = problems.slice(0, TOLD_PROBLEMS);
    if (problems.length > told.length) told.push(`and ${problems.length - told.length} more`);
    const error = told.length === 0 ? null : told.join("\n");
    if (error === this.#error) return;
    this.#error = error;
    const { url } = this.#config;
    if (error === null) this.#deps.logger.info({ url }, "Netmaker's inventory is whole again");
    else if (!nothingNew)
      this.#deps.logger.warn({ url, error }, "parts of Netmaker's inventory can't be used, the others are in force");
    else this.#deps.logger.warn({ url, error }, "Netmaker's inventory can't be read, what it said last stays in force");
  }

  #pauseAfter(error: unknown): number {
    const asked = error instanceof NetmakerError && error.data.code === "NETMAKER_STATUS" ? error.data.retryAfterMs : null;
    const pauseMs = Math.min(this.#config.firstPauseMs * 2 ** Math.min(this.#failures++, 20), MAX_PAUSE_MS);
    return this.#jittered(Math.max(pauseMs, asked ?? 0));
  }

  #jittered(pauseMs: number): number {
    return Math.round(pauseMs * (1 + JITTER * (2 * this.#deps.random() - 1)));
  }
}
