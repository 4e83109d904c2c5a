/** Does the jobs: elections that became due, and what people asked for. One of each kind at a time, at a modest pace. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type ElectionDeps, elect } from "./election.ts";
import { type ElectionTask, type Job, NO_PROGRESS, type Progress, type ReplayTask, type Task } from "./job.ts";
import type { JobLog } from "./job-log.ts";
import { canTake, isOneWalk, LANES, type Lane, laneOf, reportersOf, union } from "./joining.ts";
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

/** Several jobs that are done as one: a replay, or elections of which there is one a reporter. */
interface Work {
  readonly jobs: readonly Job[];
  readonly work: ReplayTask | readonly ElectionTask[];
}

/** How often it is looked for what became due, and where others write into the same store, for what they ask for. */
const POLL_MS = 2000;
/** A server that says nothing of its job for so long has died in it. */
const ABANDONED_MS = 60_000;
const ALIVE_MS = 10_000;
/** For people who watch. */
const REPLAY_ALIVE_MS = 1000;
const RETRY_MS = 15_000;
const MAX_OPEN = 1000;
const WAIT_MS = 50;

export class Reattribute {
  readonly #deps: ReattributeDeps;
  readonly #shared: boolean;
  readonly #pollMs: number;
  /** Which of several servers this is. */
  readonly #server = randomUUID();
  readonly #ending = new AbortController();
  /** Not done yet, by id. */
  readonly #open = new Map<string, Job>();
  /** Over since it was asked what is open: the answer may be older. Null: it has come. */
  #ended: Set<string> | null = null;
  #isLoaded = false;
  #stats = { done: 0, rowsChanged: 0, lastError: null as string | null };
  #timer: NodeJS.Timeout | null = null;
  #loading: Promise<void> = Promise.resolve();
  /** What is under way. */
  readonly #lanes: Record<Lane, Promise<void> | null> = { provisional: null, settled: null, replay: null };

  /** @param config.pollMs 2 s unless a test says otherwise */
  constructor(config: { shared: boolean; pollMs?: number | undefined }, deps: ReattributeDeps) {
    this.#shared = config.shared;
    this.#pollMs = config.pollMs ?? POLL_MS;
    this.#deps = deps;
  }

  get stats(): ReattributeStats {
    return { pending: [...this.#open.values()].filter(({ task }) => task.kind === "election").length, ...this.#stats };
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#loading = this.#loading.then(() => this.#load()).then(() => this.#look());
    }, this.#pollMs);
    this.#timer.unref();
  }

  /** What is under way goes on at the next start. */
  async stop(): Promise<void> {
    this.#ending.abort();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#loading;
    await Promise.all(Object.values(this.#lanes));
  }

  /** Resolves with their ids when they can't be forgotten any more. @throws StoreError */
  async elect(wishes: readonly ElectionWish[]): Promise<string[]> {
    const asked = new Map<string, Job>();
    const ids = wishes.map(({ dueMs, ...wish }) => {
      const task = { kind: "election", ...wish } as const;
      const known = this.#shared
        ? undefined
        : // As this very call widened them: what is open is still as it was before.
          [...new Map([...this.#open, ...asked]).values()].find((job) => job.dueMs === dueMs && canTake(job, task));
      const together = known?.task.kind === "election" ? union(known.task, task) : null;
      const job = known && together ? { ...known, task: together } : this.#job(randomUUID(), task, "", dueMs);
      asked.set(job.id, job);
      return job.id;
    });
    await this.#add([...asked.values()]);
    return ids;
  }

  /** True when all of these elections are done, false if that takes longer. */
  async areDone(ids: readonly string[], timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (ids.some((id) => this.#open.has(id))) {
      if (performance.now() > deadline || this.#ending.signal.aborted) return false;
      this.#look();
      await sleep(WAIT_MS);
    }
    return true;
  }

  /** @throws StoreError */
  async replay(task: ReplayTask, who: string): Promise<Job> {
    const job = this.#job(randomUUID(), task, who, this.#deps.now());
    await this.#add([job]);
    this.#look();
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

  #job(id: string, task: Task, who: string, dueMs: number): Job {
    const nowMs = this.#deps.now();
    const times = { requestedMs: nowMs, changedMs: nowMs, dueMs };
    return { id, task, state: "waiting", who, ...times, server: "", progress: NO_PROGRESS, error: "" };
  }

  async #add(jobs: readonly Job[]): Promise<void> {
    const changedMs = this.#deps.now();
    const changed = jobs.map((job) => ({ ...job, changedMs }));
    // At once: one that is widened must not begin as it was before.
    for (const job of changed) this.#open.set(job.id, job);
    await this.#deps.log.write(changed);
  }

  /** What earlier runs left, and other servers ask for. What this one knows better stays as it is. */
  async #load(): Promise<void> {
    if (this.#isLoaded && !this.#shared) return;
    const ended = new Set<string>();
    this.#ended = ended;
    try {
      const jobs = await this.#deps.log.open(MAX_OPEN);
      for (const job of jobs) {
        if (!ended.has(job.id) && job.changedMs > (this.#open.get(job.id)?.changedMs ?? 0)) this.#open.set(job.id, job);
      }
      if (this.#shared) {
        const found = new Set(jobs.map(({ id }) => id));
        const others = [...this.#open.keys()].filter((id) => !found.has(id));
        for (const id of await this.#deps.log.over(others)) this.#open.delete(id);
      }
      // There may be more than it was asked for.
      this.#isLoaded = jobs.length < MAX_OPEN;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#ended = null;
    }
  }

  #end(jobs: readonly Job[]): void {
    for (const { id } of jobs) {
      this.#open.delete(id);
      this.#ended?.add(id);
    }
  }

  /** Begins what is ready, where nothing is under way. */
  #look(): void {
    for (const lane of LANES) {
      if (this.#lanes[lane] !== null || this.#ending.signal.aborted) continue;
      const job = this.#ready(lane)[0];
      if (job === undefined) continue;
      this.#lanes[lane] = this.#do(this.#together(job))
        .catch((error: unknown) => this.#failed(error))
        .then(() => {
          this.#lanes[lane] = null;
          this.#look();
        });
    }
  }

  #ready(lane: Lane): Job[] {
    const nowMs = this.#deps.now();
    const due = [...this.#open.values()].filter(({ dueMs }) => dueMs <= nowMs);
    const first = lane === "settled" ? reportersOf(due, "provisional") : new Set<string>();
    return due.filter(
      ({ task, state, server, changedMs }) =>
        laneOf(task) === lane &&
        // Not both at once on the same rows. One that failed is due later, and holds up nothing.
        !(task.kind === "election" && first.has(task.reporterId)) &&
        (state === "waiting" || server === this.#server || changedMs < nowMs - ABANDONED_MS),
    );
  }

  /**
   * An election with all others that are ready and near. When many agents begin at once, as after an outage, each row is gone
   * through once, and not once for each of them.
   */
  #together(first: Job): Work {
    if (first.task.kind !== "election") return { jobs: [first], work: first.task };
    const nowMs = this.#deps.now();
    const jobs = [first];
    const tasks = new Map([[first.task.reporterId, first.task]]);
    for (const job of this.#ready(laneOf(first.task))) {
      const { task } = job;
      if (job === first || task.kind !== "election") continue;
      const own = tasks.get(task.reporterId);
      const joined = own === undefined ? task : union(own, task);
      if (joined === null || !isOneWalk([...tasks.values(), task], nowMs)) continue;
      jobs.push(job);
      tasks.set(task.reporterId, joined);
    }
    return { jobs, work: [...tasks.values()] };
  }

  async #do({ jobs, work }: Work): Promise<void> {
    const tally = new Tally();
    const tell = () => this.#tell(jobs, "running", tally.progress);
    const alive = setInterval(
      () => void tell().catch((error: unknown) => this.#failed(error)),
      "kind" in work ? REPLAY_ALIVE_MS : ALIVE_MS,
    );
    try {
      await tell();
      if ("kind" in work) await replay(work, this.#deps, tally, this.#ending.signal);
      else await elect(work, this.#deps, tally, this.#ending.signal);
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      await this.#giveUp({ jobs, work }, tally.progress, error);
      return;
    } finally {
      clearInterval(alive);
    }
    await this.#tell(jobs, "done", tally.progress);
    this.#end(jobs);
    const { rowsRead, rowsChanged } = tally.progress;
    if ("kind" in work) {
      this.#deps.logger.info({ task: work, rowsRead, rowsChanged }, "a replay of the inventory is done");
      return;
    }
    const { done, rowsChanged: before } = this.#stats;
    this.#stats = { ...this.#stats, done: done + jobs.length, rowsChanged: before + rowsChanged };
    const fields = { reporters: work.length, first: work[0], rowsRead, rowsChanged };
    this.#deps.logger.info(fields, "reports were elected again");
  }

  /** A person sees that a replay failed, and asks again. Elections are tried until they are done. */
  async #giveUp({ jobs, work }: Work, progress: Progress, error: unknown): Promise<void> {
    this.#failed(error);
    if (!("kind" in work)) {
      for (const job of jobs) this.#open.set(job.id, { ...job, dueMs: this.#deps.now() + RETRY_MS });
      return;
    }
    await this.#tell(jobs, "failed", progress, message(error));
    this.#end(jobs);
  }

  async #tell(jobs: readonly Job[], state: Job["state"], progress: Progress, error = ""): Promise<void> {
    const changedMs = this.#deps.now();
    const told = jobs.map((job) => ({ ...job, state, progress, error, server: this.#server, changedMs }));
    for (const job of told) if (this.#open.has(job.id)) this.#open.set(job.id, job);
    await this.#deps.log.write(told);
  }

  #failed(error: unknown): void {
    if (this.#ending.signal.aborted) return;
    this.#stats = { ...this.#stats, lastError: message(error) };
    this.#deps.logger.warn({ err: error }, "stored reports could not be looked at again, it is tried again");
  }
}

const message = (error: unknown) => (error instanceof Error ? error.message : String(error));
