/** The jobs in the store: each step is a new version, the highest counts. */
import type { ClickHouse } from "../../store/clickhouse.ts";
import { insertObjects } from "../../store/deliveries.ts";
import { REATTRIBUTIONS } from "../../store/schema/coverage-tables.ts";
import type { Job, JobState, Progress, Task } from "./job.ts";

interface Row {
  id: string;
  state: string;
  requested_ms: string;
  changed_ms: string;
  due_ms: string;
  who: string;
  server: string;
  task: string;
  progress: string;
  error: string;
}

const STATES: readonly JobState[] = ["waiting", "running", "done", "failed"];
/** What is over outranks whatever another server still says of it. */
const OVER = 2 ** 52;
/** They are part of the request's address. */
const IDS_AT_ONCE = 100;
const COLUMNS = `id, state, toUnixTimestamp64Milli(requested) AS requested_ms, toUnixTimestamp64Milli(changed) AS changed_ms,
  toUnixTimestamp64Milli(due) AS due_ms, who, server, task, progress, error`;

export class JobLog {
  readonly #clickhouse: ClickHouse;

  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  /** @throws StoreError */
  async write(jobs: readonly Job[]): Promise<void> {
    const iso = (ms: number) => new Date(ms).toISOString();
    const rows = jobs.map((job) => ({
      id: job.id,
      version: job.changedMs + (job.state === "done" || job.state === "failed" ? OVER : 0),
      kind: job.task.kind,
      state: job.state,
      requested: iso(job.requestedMs),
      changed: iso(job.changedMs),
      due: iso(job.dueMs),
      who: job.who,
      server: job.server,
      task: JSON.stringify(job.task),
      progress: JSON.stringify(job.progress),
      error: job.error,
    }));
    await insertObjects(this.#clickhouse, REATTRIBUTIONS.name, rows);
  }

  /** What is not done yet, in the order in which it is due. @throws StoreError */
  open(limit: number): Promise<Job[]> {
    return this.#ask("state IN ('waiting', 'running') ORDER BY due, id", { limit });
  }

  /** Which of these are over. @throws StoreError */
  async over(ids: readonly string[]): Promise<string[]> {
    const over: string[] = [];
    for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
      const rows = await this.#clickhouse.rows<{ id: string }>(
        `SELECT id FROM ${REATTRIBUTIONS.name} FINAL WHERE state IN ('done', 'failed') AND id IN {ids:Array(String)}`,
        { ids: ids.slice(at, at + IDS_AT_ONCE) },
      );
      over.push(...rows.map(({ id }) => id));
    }
    return over;
  }

  /** @throws StoreError */
  async get(id: string): Promise<Job | null> {
    const [job] = await this.#ask("id = {id:String}", { id, limit: 1 });
    return job ?? null;
  }

  /** What people asked for, newest first. @throws StoreError */
  replays(limit: number): Promise<Job[]> {
    return this.#ask("kind = 'replay' ORDER BY requested DESC", { limit });
  }

  async #ask(where: string, bindings: Readonly<Record<string, unknown>>): Promise<Job[]> {
    const rows = await this.#clickhouse.rows<Row>(
      `SELECT ${COLUMNS} FROM ${REATTRIBUTIONS.name} FINAL WHERE ${where} LIMIT {limit:UInt32}`,
      bindings,
    );
    return rows.map((row) => ({
      id: row.id,
      task: JSON.parse(row.task) as Task,
      state: STATES.find((state) => state === row.state) ?? "failed",
      who: row.who,
      requestedMs: Number(row.requested_ms),
      changedMs: Number(row.changed_ms),
      dueMs: Number(row.due_ms),
      server: row.server,
      progress: JSON.parse(row.progress) as Progress,
      error: row.error,
    }));
  }
}
