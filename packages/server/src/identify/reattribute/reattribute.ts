/** Does the jobs: elections that became due, and what people asked for. One at a time, at a modest pace. */
import { randomUUID } from "node:crypto";
import { type ElectionDeps, elect } from "./election.ts";
import { type ElectionTask, type Job, NO_PROGRESS, type Progress, type ReplayTask } from "./job.ts";
import type { JobLog } from "./job-log.ts";
import { type ReplayDeps, replay } from "./replay.ts";
import { Tally } from "./tally.ts";

export interface ReattributeDeps extends ElectionDeps, ReplayDeps {
  readonly log: JobLog;
  readonly logger: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

export interface ReattributeStats {
  readonly pending: number;
  /** Since the start. */
  readonly done: number;
  readonly rowsChanged: number;
  readonly lastError: string | null;
}

export interface ElectionWish extends Omit<ElectionTask, "kind"> {
  readonly dueMs: number;
}

const POLL_MS = 2000;
/** Where other servers add to the same list. */
const SHARED_POLL_MS = 5000;
/** A server that says nothing of its job for so long has died in it. */
const ABANDONED_MS = 60_000;
const ALIVE_MS = 10_000;
const RETRY_MS = 15_000;
const MAX_OPEN = 1000;
/** Elections of one reporter that are so near to each other are done as one. */
const NEAR_MS = 60_000;

export class Reattribute {
  readonly #deps: ReattributeDeps;
  readonly #shared: boolean;
  /** Which of several servers this is. */
  readonly #server = randomUUID();
  readonly #ending = new AbortController();
  /** Not done yet, by id. */
  readonly #open = new Map<string, Job>();
  #stats = { done: 0, rowsChanged: 0, lastError: null as string | null };
  #loadedMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(config: { shared: boolean }, deps: ReattributeDeps) {
    this.#shared = config.shared;
    this.#deps = deps;
  }

  get stats(): ReattributeStats {
    return { pending: [...this.#open.values()].filter(({ task }) => task.kind === "election").length, ...this.#stats };
  }

  start(): void {
    this.#plan(POLL_MS);
  }

  /** What is under way goes on at the next start. */
  async stop(): Promise<void> {
    this.#ending.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#running;
  }

  /** Resolves when they can't be forgotten any more. @throws StoreError */
  async elect(wishes: readonly ElectionWish[]): Promise<void> {
    const now = this.#deps.now();
    await this.#add(
      wishes.map(({ reporterId, fromMs, toMs, dueMs }) =>
        // Several servers that noticed the same ask for it once.
        this.#job(
          `${reporterId} ${fromMs} ${toMs} ${Math.ceil(dueMs / NEAR_MS)}`,
          { kind: "election", reporterId, fromMs, toMs },
          "",
          dueMs,
          now,
        ),
      ),
    );
  }

  /** @throws StoreError */
  async replay(task: ReplayTask, who: string): Promise<Job> {
    const now = this.#deps.now();
    const job = this.#job(randomUUID(), task, who, now, now);
    await this.#add([job]);
    this.#plan(0);
    return job;
  }

  /** Null: there is none. @throws StoreError */
  async get(id: string): Promise<Job | null> {
    return this.#open.get(id) ?? this.#deps.log.get(id);
  }

  /** Newest first. @throws StoreError */
  replays(limit: number): Promise<Job[]> {
    return this.#deps.log.replays(limit);
  }

  #job(id: string, task: Job["task"], who: string, dueMs: number, nowMs: number): Job {
    const { progress } = { progress: NO_PROGRESS };
    return { id, task, state: "waiting", who, requestedMs: nowMs, changedMs: nowMs, dueMs, server: "", progress, error: "" };
  }

  async #add(jobs: readonly Job[]): Promise<void> {
    const fresh = jobs.filter(({ id }) => !this.#open.has(id));
    await this.#deps.log.write(fresh);
    for (const job of fresh) this.#open.set(job.id, job);
  }

  #plan(waitMs: number): void {
    if (this.#ending.signal.aborted) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#running = this.#running
        .then(() => this.#round())
        .catch((error: unknown) => this.#failed(error))
        .then(() => {
          if (this.#timer === null) this.#plan(this.#shared ? SHARED_POLL_MS : POLL_MS);
        });
    }, waitMs);
    this.#timer.unref();
  }

  async #round(): Promise<void> {
    const { now, log } = this.#deps;
    if (this.#shared || this.#loadedMs === Number.NEGATIVE_INFINITY) {
      const jobs = await log.open(MAX_OPEN);
      this.#loadedMs = now();
      this.#open.clear();
      for (const job of jobs) this.#open.set(job.id, job);
    }
    for (;;) {
      const job = [...this.#open.values()].find((one) => this.#isReady(one));
      if (job === undefined || this.#ending.signal.aborted) return;
      await this.#do(job);
    }
  }

  #isReady({ dueMs, state, server, changedMs }: Job): boolean {
    const nowMs = this.#deps.now();
    return dueMs <= nowMs && (state === "waiting" || server === this.#server || changedMs < nowMs - ABANDONED_MS);
  }

  async #do(job: Job): Promise<void> {
    const tally = new Tally();
    const together = job.task.kind === "election" ? this.#joined(job, job.task) : { jobs: [job], task: job.task };
    await this.#tell(together.jobs, "running", tally.progress);
    let told = performance.now();
    const alive = setInterval(
      () => {
        if (performance.now() - told < ALIVE_MS / 2) return;
        told = performance.now();
        this.#tell(together.jobs, "running", tally.progress).catch((error: unknown) => this.#failed(error));
      },
      job.task.kind === "replay" ? 1000 : ALIVE_MS,
    );
    try {
      const { signal } = this.#ending;
      const { task } = together;
      if (task.kind === "election") await elect(task, this.#deps, tally, signal);
      else await replay(task, this.#deps, tally, signal);
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      this.#failed(error);
      // A person sees that it failed, and asks again. Elections are tried until they are done.
      if (job.task.kind === "replay") await this.#finish(together.jobs, "failed", tally.progress, message(error));
      else for (const one of together.jobs) this.#open.set(one.id, { ...one, dueMs: this.#deps.now() + RETRY_MS });
      return;
    } finally {
      clearInterval(alive);
    }
    await this.#finish(together.jobs, "done", tally.progress, "");
    const { rowsRead, rowsChanged } = tally.progress;
    if (job.task.kind === "election")
      this.#stats = {
        ...this.#stats,
        done: this.#stats.done + together.jobs.length,
        rowsChanged: this.#stats.rowsChanged + rowsChanged,
      };
    this.#deps.logger.info(
      { task: together.task, rowsRead, rowsChanged },
      job.task.kind === "election" ? "reports were elected again" : "an inventory replay is done",
    );
  }

  /** With all others of the same reporter that are ready and near. */
  #joined(first: Job, { kind, reporterId, fromMs, toMs }: ElectionTask): { jobs: Job[]; task: ElectionTask } {
    const jobs = [first];
    let [from, to] = [fromMs, toMs ?? Number.POSITIVE_INFINITY];
    const others = [...this.#open.values()].filter((job) => job !== first && this.#isReady(job));
    for (const job of others) {
      if (job.task.kind !== "election" || job.task.reporterId !== reporterId) continue;
      const otherTo = job.task.toMs ?? Number.POSITIVE_INFINITY;
      if (job.task.fromMs > to + NEAR_MS || otherTo < from - NEAR_MS) continue;
      jobs.push(job);
      [from, to] = [Math.min(from, job.task.fromMs), Math.max(to, otherTo)];
    }
    return { jobs, task: { kind, reporterId, fromMs: from, toMs: Number.isFinite(to) ? to : null } };
  }

  async #tell(jobs: readonly Job[], state: Job["state"], progress: Progress, error = ""): Promise<void> {
    const changedMs = this.#deps.now();
    const told = jobs.map((job) => ({ ...job, state, progress, error, server: this.#server, changedMs }));
    for (const job of told) if (this.#open.has(job.id)) this.#open.set(job.id, job);
    await this.#deps.log.write(told);
  }

  async #finish(jobs: readonly Job[], state: Job["state"], progress: Progress, error: string): Promise<void> {
    await this.#tell(jobs, state, progress, error);
    for (const { id } of jobs) this.#open.delete(id);
  }

  #failed(error: unknown): void {
    if (this.#ending.signal.aborted) return;
    this.#stats = { ...this.#stats, lastError: message(error) };
    this.#deps.logger.warn({ err: error }, "stored reports could not be looked at again, it is tried again");
  }
}

const message = (error: unknown) => (error instanceof Error ? error.message : String(error));
