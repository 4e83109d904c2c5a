/** Makes sample rows in a running server's store, in the background: one run at a time. */
import { setTimeout as sleep } from "node:timers/promises";
import { FlowtrailError } from "@flowtrail/model";
import type { Rollups } from "../store/rollups/rollups.ts";
import type { SeedProgress } from "./seed.ts";
import { runSeed, type SeedDeps, type SeedRequest, type SeedSummary } from "./seeding.ts";

export type SeedErrorData = { code: "SEED_RUNNING"; rows: number; done: number };
export class SeedError extends FlowtrailError<SeedErrorData> {}

export interface SeedStatus extends SeedProgress {
  readonly state: "none" | "running" | "done" | "failed";
  readonly error: string | null;
  /** When it is done. */
  readonly summary: SeedSummary | null;
}

export interface SeederDeps extends SeedDeps {
  readonly logger: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

const LOOK_MS = 2_000;
/** Rollups are behind by so much at any time. */
const BEHIND_MS = 3_600_000;

/** Tells a running server's rollups that there is something new from `fromMs` on, and waits until they have taken it in. */
export async function rollupsKnow(rollups: Pick<Rollups, "note" | "stats">, fromMs: number, signal: AbortSignal): Promise<void> {
  rollups.note(fromMs);
  // What they still have to do is known to them after their next look.
  for (let quiet = 0; quiet < 3; ) {
    await sleep(LOOK_MS, undefined, { signal });
    const { pending, behindMs } = rollups.stats;
    quiet = pending === 0 && behindMs < BEHIND_MS ? quiet + 1 : 0;
  }
}

const NONE: SeedStatus = { state: "none", done: 0, rows: 0, error: null, summary: null };

export class Seeder {
  readonly #deps: SeederDeps;
  readonly #ending = new AbortController();
  #status = NONE;
  #request: SeedRequest | null = null;
  #run: Promise<void> = Promise.resolve();

  constructor(deps: SeederDeps) {
    this.#deps = deps;
  }

  get status(): SeedStatus {
    return this.#status;
  }

  /**
   * Begins a run; the one that is under way is told of when it is asked for again.
   * @throws SeedError SEED_RUNNING while another one is under way
   */
  begin(request: SeedRequest): SeedStatus {
    if (this.#status.state === "running") {
      if (JSON.stringify(this.#request) === JSON.stringify(request)) return this.#status;
      const { rows, done } = this.#status;
      throw new SeedError({ code: "SEED_RUNNING", rows, done }, `another seed of ${rows} rows is under way: ${done} are made`);
    }
    this.#request = request;
    this.#status = { ...NONE, state: "running", rows: request.rows };
    this.#run = this.#work(request);
    return this.#status;
  }

  /** Ends what is under way after the part that is being made. The same request goes on there. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#run;
  }

  async #work(request: SeedRequest): Promise<void> {
    const { logger } = this.#deps;
    const onProgress = (progress: SeedProgress) => {
      this.#status = { ...this.#status, ...progress };
    };
    try {
      const summary = await runSeed(request, this.#deps, { onProgress, signal: this.#ending.signal });
      this.#status = { ...this.#status, state: "done", done: request.rows, summary };
      logger.info({ rows: request.rows, seed: request.seed, already: summary.already }, "sample rows were made");
    } catch (error) {
      const message = this.#ending.signal.aborted
        ? "the server was stopped"
        : error instanceof Error
          ? error.message
          : String(error);
      this.#status = { ...this.#status, state: "failed", error: message };
      if (!this.#ending.signal.aborted) logger.warn({ err: error }, "sample rows could not be made");
    }
  }
}
