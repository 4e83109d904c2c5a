/**
 * Deletes somebody's records on request: on all nodes, for good, and what comes late of the time before is refused. A job is in the store
 * and is gone on with by the next server if this one dies; every step may be done again. See docs/decisions/0018-audit.md.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type FlowBatch, FlowtrailError, type JsonRow, readPseudonym } from "@flowtrail/model";
import type { ClickHouse } from "../store/clickhouse.ts";
import type { ErasureLog } from "../store/erasure-log.ts";
import type { Logger } from "../store/logger.ts";
import type { StoreNodes } from "../store/nodes.ts";
import { type Hold, inForce } from "../store/retention/holds.ts";
import { AUDIT } from "../store/schema/audit-table.ts";
import { alertPlaces } from "./alert-places.ts";
import type { EraseJob } from "./job.ts";
import { inventoryPlace, isKnownNow, namesOf, ownNames, valuePlaces } from "./names.ts";
import { type NamingAlert, namedBy } from "./naming.ts";
import { NodeRows } from "./node-rows.ts";
import { type Place, placesOf } from "./places.ts";
import { type EraseReport, type Kept, reportText, type TableCount } from "./report.ts";
import { isOf, isRowOf, namesFor, type Subject, withoutCalled } from "./subject.ts";

export interface EraseConfig {
  /** Others may ask for a deletion, too: they are looked for so often. Null: nobody else can. */
  readonly followMs: number | null;
  /** After it, what was on its way when a deletion was asked for is in the store. */
  readonly settleMs: number;
  readonly retryMs: number;
}

export interface EraseDeps {
  readonly log: ErasureLog;
  readonly clickhouse: Pick<ClickHouse, "rows">;
  readonly nodes: StoreNodes;
  /** As they are set now, here or on another server. @throws StoreError */
  readonly holds: () => Promise<readonly Hold[]>;
  /** Those known here. */
  readonly knownHolds: () => readonly Hold[];
  /** What else there is of somebody, that stays. @throws StoreError */
  readonly alsoKept: (subject: Subject) => Promise<readonly Kept[]>;
  /** What else rows may call somebody: pseudonyms. */
  readonly called: (name: string) => readonly string[];
  /** Rows that are in memory, for who follows live. */
  readonly forget: (isGone: (row: JsonRow) => boolean) => void;
  /** Alerts that are in memory: they must not be written back. */
  readonly forgetAlerts: (isGone: (alert: KnownAlert) => boolean) => void;
  /** What was done becomes part of the audit log. */
  readonly note: (job: EraseJob) => Promise<void>;
  readonly now: () => number;
  readonly logger: Logger;
}

export interface KnownAlert extends NamingAlert {
  readonly sinceMs: number;
  readonly fromMs: number;
  readonly lastMs: number;
}

/** There is no such deletion. */
export class EraseError extends FlowtrailError<{ code: "NOT_FOUND" }> {}

/** What comes in while it is looked for again is deleted, too. */
const MOST_ROUNDS = 3;

export class Erase {
  readonly #config: EraseConfig;
  readonly #deps: EraseDeps;
  readonly #rows: NodeRows;
  readonly #stopping = new AbortController();
  #jobs: readonly EraseJob[] = [];
  #running: Promise<void> = Promise.resolve();
  readonly #begun = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #following: Promise<void> = Promise.resolve();
  #refused = 0;

  constructor(config: EraseConfig, deps: EraseDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#rows = new NodeRows(deps.nodes);
  }

  /** Goes on with what another run, or another server, did not finish. @throws StoreError */
  async start(): Promise<void> {
    await this.#refresh();
    for (const job of this.#jobs) this.#run(job);
    this.#follow();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#following;
    await this.#running;
  }

  /** Rows that came late and were not taken. */
  get stats(): { readonly refused: number; readonly running: number } {
    return { refused: this.#refused, running: this.#jobs.filter(({ state }) => state === "running").length };
  }

  /** Newest first. @throws StoreError */
  async list(): Promise<readonly EraseJob[]> {
    await this.#refresh();
    return this.#jobs;
  }

  /** @throws EraseError, StoreError */
  async get(id: string): Promise<EraseJob> {
    const found = (await this.list()).find((job) => job.id === id);
    if (found === undefined) throw new EraseError({ code: "NOT_FOUND" }, `there is no deletion ${id}`);
    return found;
  }

  /** What would be deleted, and what would be kept. @throws StoreError */
  async preview(asked: Subject, who: string): Promise<EraseReport> {
    const subject = this.#known(asked);
    const holds = await this.#deps.holds();
    const places = await this.#places(subject, await namesOf(subject, this.#deps.clickhouse), holds);
    const tables = await this.#count(places);
    return this.#report({
      subject,
      dry_run: true,
      who,
      requestedMs: this.#deps.now(),
      finishedMs: null,
      tables,
      left: null,
      holds,
    });
  }

  /** Begins. Asked for again while it is under way, it is the same. @throws StoreError */
  async begin(asked: Subject, who: string): Promise<EraseJob> {
    const subject = this.#known(asked);
    await this.#refresh();
    const same = this.#jobs.find((job) => job.state === "running" && isSame(job.subject, subject));
    if (same !== undefined) return same;
    const requestedMs = this.#deps.now();
    const progress = { names: [], found: [], done: [], tables: 0 };
    const job: EraseJob = {
      id: randomUUID(),
      requestedMs,
      changedMs: requestedMs,
      state: "running",
      who,
      subject,
      progress,
      report: null,
      error: null,
    };
    await this.#write(job);
    this.#run(job);
    return job;
  }

  /** A batch without the rows that are of before a deletion. What a hold is for is taken. */
  without(batch: FlowBatch): FlowBatch {
    if (this.#jobs.length === 0) return batch;
    const { start, last_seen, network } = batch.columns;
    const holds = inForce(this.#deps.knownHolds());
    // The key of pseudonyms may have been made, or changed, since.
    const jobs = this.#jobs.map(({ requestedMs, subject }) => ({ requestedMs, subject: this.#known(subject) }));
    const isGone = (row: number) => {
      const startMs = start.get(row) ?? 0;
      if (!jobs.some(({ requestedMs, subject }) => startMs < requestedMs && isOf(subject, batch, row))) return false;
      const lastMs = last_seen.get(row) ?? startMs;
      return !holds.some(
        (hold) => startMs < hold.toMs && lastMs >= hold.fromMs && (hold.network ?? network.get(row)) === network.get(row),
      );
    };
    const kept = batch.filter((row) => !isGone(row));
    this.#refused += batch.length - kept.length;
    return kept.length === batch.length ? batch : kept;
  }

  #run(job: EraseJob): void {
    if (job.state === "done" || this.#begun.has(job.id)) return;
    this.#begun.add(job.id);
    this.#running = this.#running
      .then(() => this.#until(job))
      .catch((error: unknown) => {
        if (!this.#stopping.signal.aborted)
          this.#deps.logger.error({ err: error, job: job.id }, "a deletion of records came to a halt");
      });
  }

  /** Tries until it is done. */
  async #until(job: EraseJob): Promise<void> {
    const { signal } = this.#stopping;
    let current = job;
    while (!signal.aborted) {
      try {
        await this.#erase(current, (next) => {
          current = next;
        });
        return;
      } catch (error) {
        if (signal.aborted) return;
        const message = error instanceof Error ? error.message : String(error);
        this.#deps.logger.warn({ err: error, job: job.id }, "records could not be deleted, it is tried again");
        current = { ...current, error: message };
        this.#take(current);
        await delay(this.#config.retryMs, undefined, { signal }).catch(() => undefined); // it ends
      }
    }
  }

  async #erase(begun: EraseJob, step: (job: EraseJob) => void): Promise<void> {
    const { clickhouse, logger, now } = this.#deps;
    const { signal } = this.#stopping;
    let job = begun;
    const save = async (change: Partial<EraseJob>) => {
      job = { ...job, error: null, ...change, changedMs: Math.max(now(), job.changedMs + 1) };
      step(job);
      await this.#write(job);
    };
    const { subject } = job;
    // Other servers refuse what comes late as soon as they know.
    await delay(this.#config.settleMs, undefined, { signal });
    if (job.progress.names.length === 0) {
      const names = await namesOf(subject, clickhouse);
      const places = await this.#places(subject, names, await this.#deps.holds());
      await save({ progress: { names, found: await this.#count(places), done: [], tables: places.length } });
    }
    const { found } = job.progress;
    const names = [...new Set([...job.progress.names, ...namesFor(subject)])];
    let holds = await this.#deps.holds();
    let places = await this.#places(subject, names, holds);
    for (const { table } of places) {
      if (job.progress.done.includes(table)) continue;
      // A hold may have been set a moment ago.
      const newest = await this.#deps.holds();
      if (JSON.stringify(newest) !== JSON.stringify(holds)) places = await this.#places(subject, names, newest);
      holds = newest;
      const place = places.find((one) => one.table === table);
      if (place !== undefined) await this.#rows.delete(place, signal);
      const done = [...job.progress.done, table];
      const hadRows = found.some((one) => one.table === table && one.rows > 0);
      if (hadRows) await save({ progress: { ...job.progress, done } });
      else job = { ...job, progress: { ...job.progress, done } };
    }
    this.#forget(job);
    const left = await this.#again(subject, names);
    const done = {
      subject,
      dry_run: false,
      who: job.who,
      requestedMs: job.requestedMs,
      finishedMs: now(),
      tables: found,
      left,
      holds,
    };
    await save({ state: "done", report: await this.#report(done) });
    await this.#deps.note(job);
    logger.info(
      { job: job.id, rows: job.report?.deleted_rows, held: job.report?.held_rows },
      "records of somebody were deleted on request",
    );
  }

  /** Rollups may have been computed in between, of what was there then. */
  async #again(subject: Subject, names: readonly string[]): Promise<number> {
    for (let round = 1; ; round++) {
      const places = await this.#places(subject, names, await this.#deps.holds());
      const tables = await this.#count(places);
      const left = tables.reduce((sum, { rows }) => sum + rows, 0);
      if (left === 0 || round > MOST_ROUNDS) return left;
      for (const place of places.filter(({ table }) => tables.some((one) => one.table === table && one.rows > 0)))
        await this.#rows.delete(place, this.#stopping.signal);
    }
  }

  /** Flows first: while there are any, sums may be computed of them. */
  async #places(subject: Subject, names: readonly string[], holds: readonly Hold[]): Promise<Place[]> {
    const { clickhouse } = this.#deps;
    const values = await ownNames(subject, names, clickhouse);
    const known = inventoryPlace(subject);
    return [
      ...placesOf(subject, holds, (table) => this.#rows.tableOf(table)),
      ...valuePlaces(subject, values, holds),
      ...alertPlaces(subject, names, holds, (table) => this.#rows.tableOf(table)),
      ...(known === null || (await isKnownNow(subject, clickhouse)) ? [] : [known]),
    ];
  }

  async #count(places: readonly Place[]): Promise<TableCount[]> {
    const counts: TableCount[] = [];
    for (const place of places) counts.push(await this.#rows.count(place));
    return counts;
  }

  async #report(of: {
    readonly subject: Subject;
    readonly dry_run: boolean;
    readonly who: string;
    readonly requestedMs: number;
    readonly finishedMs: number | null;
    readonly tables: readonly TableCount[];
    readonly left: number | null;
    readonly holds: readonly Hold[];
  }): Promise<EraseReport> {
    const { subject, dry_run, who, requestedMs, finishedMs, tables, left, holds } = of;
    const sum = (name: "rows" | "held") => tables.reduce((total, count) => total + count[name], 0);
    const held_rows = sum("held");
    const report = {
      subject: withoutCalled(subject),
      dry_run,
      requested: new Date(requestedMs).toISOString(),
      finished: finishedMs === null ? null : new Date(finishedMs).toISOString(),
      who,
      tables,
      deleted_rows: sum("rows"),
      held_rows,
      holds: held_rows === 0 ? [] : inForce(holds).map(({ id, reason }) => ({ id, reason })),
      kept: await this.#kept(subject),
      left_rows: left,
    };
    return { ...report, text: reportText(report) };
  }

  async #kept(subject: Subject): Promise<Kept[]> {
    const { clickhouse, alsoKept } = this.#deps;
    const text = subject.kind === "address" ? subject.address : subject.name;
    const [audit] = await clickhouse.rows<{ n: string }>(
      `SELECT uniqExact(id) AS n FROM ${AUDIT.name} WHERE positionCaseInsensitiveUTF8(concat(who_name, ' ', target, ' ', details), {text:String}) > 0`,
      { text },
    );
    return [
      {
        what: "entries of the audit log that name it",
        count: Number(audit?.n ?? 0),
        why: "what people and programs did here is evidence, is never changed, and goes with its age (retention.audit_days)",
      },
      ...((await isKnownNow(subject, clickhouse))
        ? [
            {
              what: "what the inventory tells now",
              count: null,
              why: "its source tells it: remove it there, then delete the records again",
            },
          ]
        : []),
      { what: "sums that name nobody (by network, port, domain, time)", count: null, why: "they are of all together" },
      { what: "backups that were made before", count: null, why: "delete them, or delete the records again after a restore" },
      ...(await alsoKept(subject)),
    ];
  }

  #known(subject: Subject): Subject {
    if (subject.kind === "address") return subject;
    return { ...subject, called: [...new Set([...(subject.called ?? []), ...this.#deps.called(subject.name)])] };
  }

  #forget({ requestedMs, subject, progress }: EraseJob): void {
    this.#deps.forget((row) => Date.parse(String(row.start)) < requestedMs && isRowOf(subject, row));
    const isNamed = namedBy(subject, progress.names);
    const holds = inForce(this.#deps.knownHolds());
    const isHeld = ({ fromMs, lastMs, labels }: KnownAlert) =>
      holds.some(
        ({ network, ...hold }) =>
          fromMs < hold.toMs && lastMs >= hold.fromMs && (network === null || (labels.network ?? network) === network),
      );
    this.#deps.forgetAlerts((alert) => alert.sinceMs < requestedMs && isNamed(alert) && !isHeld(alert));
  }

  async #write(job: EraseJob): Promise<void> {
    const { names } = job.progress;
    const progress = { ...job.progress, names: names.filter((name) => readPseudonym(name) === null) };
    await this.#deps.log.write({ ...job, subject: withoutCalled(job.subject), progress });
    this.#take(job);
  }

  #take(job: EraseJob): void {
    this.#jobs = [job, ...this.#jobs.filter(({ id }) => id !== job.id)].sort((a, b) => b.requestedMs - a.requestedMs);
  }

  async #refresh(): Promise<void> {
    const read = (await this.#deps.log.all()).map((job) => ({ ...job, subject: this.#known(job.subject) }));
    const known = new Map(this.#jobs.map((job) => [job.id, job]));
    const isOver = (job: EraseJob) => (known.get(job.id)?.changedMs ?? 0) > job.changedMs && known.get(job.id)?.state === "done";
    for (const job of read) if (!known.has(job.id)) this.#forget(job);
    this.#jobs = read.map((job) => (isOver(job) ? (known.get(job.id) ?? job) : job));
  }

  #follow(): void {
    const { followMs } = this.#config;
    if (followMs === null || this.#stopping.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#following = this.#refresh()
        .catch((error: unknown) => this.#deps.logger.warn({ err: error }, "deletions of records could not be looked for"))
        .then(() => this.#follow());
    }, followMs);
    this.#timer.unref();
  }
}

function isSame(a: Subject, b: Subject): boolean {
  if (a.kind === "address") return b.kind === "address" && a.address === b.address && a.network === b.network;
  return b.kind === a.kind && a.name === b.name;
}
