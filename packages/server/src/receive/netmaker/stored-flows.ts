/** Asks the store which flow a DESTROY ends, where this server's memory does not know: after a restart, or when another server took its START. */
import { FLOW_ID_SEQUENCES } from "@flowtrail/model";
import type { ClickHouse } from "../../store/clickhouse.ts";
import { FLOWS, FLOWS_OPEN } from "../../store/schema/flow-tables.ts";
import { STORED_TUPLE, sequenceOf } from "./identity.ts";
import { type Question, type StoredFlow, settle } from "./places.ts";
import { type Stretch, startsIn, stretchesOf } from "./stretches.ts";

interface Row {
  reporter_id: string;
  sequence: number;
  tuple: string;
  start_ms: string;
  end_ms: string;
}

interface Asking {
  readonly questions: readonly Question[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const SLACK_MS = 1000;
/** A START is handled so long after its entry was made, at most: the agent's queue is short. */
const LATE_START_MS = 600_000;
/** Where a DESTROY does not say when its flow began. */
const LOOK_BACK_MS = 3_600_000;
const MOST_AT_ONCE = 5000;

/** Others wait for it: a question that takes longer is asked again, with what came meanwhile. */
const MOST_MS = 10_000;

interface StoredFlowsDeps {
  readonly clickhouse: Pick<ClickHouse, "rows">;
  readonly now: () => number;
  /** Flows that ended before it are not kept. */
  readonly oldestMs: (nowMs: number) => number;
}

export class StoredFlows {
  readonly #deps: StoredFlowsDeps;
  #waiting: Asking[] = [];
  #isAsking = false;
  #asked = 0;

  constructor(deps: StoredFlowsDeps) {
    this.#deps = deps;
  }

  /** Questions that were asked. */
  get asked(): number {
    return this.#asked;
  }

  /**
   * Gives each flow of these questions its place. Who asks while another question is under way waits, and is asked for together with others.
   * @throws StoreError
   */
  settle(questions: readonly Question[]): Promise<void> {
    if (questions.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ questions, resolve, reject });
      if (!this.#isAsking) void this.#askAll();
    });
  }

  async #askAll(): Promise<void> {
    this.#isAsking = true;
    while (this.#waiting.length > 0) {
      const group = this.#next();
      try {
        await this.#ask(group.flatMap(({ questions }) => questions));
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#isAsking = false;
  }

  #next(): Asking[] {
    let count = 0;
    const group: Asking[] = [];
    for (const asking of this.#waiting) {
      count += asking.questions.length;
      if (group.length > 0 && count > MOST_AT_ONCE) break;
      group.push(asking);
    }
    this.#waiting = this.#waiting.slice(group.length);
    return group;
  }

  async #ask(questions: readonly Question[]): Promise<void> {
    this.#asked += questions.length;
    const known = groupRows(await this.#rows(questions));
    for (const question of questions) {
      const { hostId, tuple, flow } = question;
      settle(question, known.get(keyOf(hostId, sequenceOf(flow.key), tuple)) ?? []);
    }
  }

  async #rows(questions: readonly Question[]): Promise<Row[]> {
    const { sql: began, bindings } = startsIn(stretchesOf(questions.map((question) => this.#startOf(question))));
    const which = `reporter_id IN {hosts:Array(String)} AND bitAnd(flow_id, ${FLOW_ID_SEQUENCES - 1}) IN {sequences:Array(UInt32)}`;
    const columns = `reporter_id, toUInt32(bitAnd(flow_id, ${FLOW_ID_SEQUENCES - 1})) AS sequence, ${STORED_TUPLE} AS tuple, toUnixTimestamp64Milli(start) AS start_ms,
      toUnixTimestamp64Milli(if(state = 'closed', ifNull(end, last_seen), toDateTime64(0, 3, 'UTC'))) AS end_ms`;
    // What has ended a moment ago is still among the open ones, as a tombstone.
    return this.#deps.clickhouse.rows<Row>(
      `SELECT ${columns} FROM ${FLOWS_OPEN.name} WHERE ${which}
       UNION ALL
       SELECT ${columns} FROM ${FLOWS.name} WHERE ${began} AND ${which}`,
      {
        hosts: [...new Set(questions.map(({ hostId }) => hostId))],
        sequences: [...new Set(questions.map(({ flow }) => sequenceOf(flow.key)))],
        ...bindings,
      },
      { limits: { maxExecutionMs: MOST_MS } },
    );
  }

  /** When the flow may have begun. What is older than what is kept need not be looked for. */
  #startOf({ startMs, endMs }: Question): Stretch {
    const nowMs = this.#deps.now();
    const fromMs = (startMs > 0 ? startMs : endMs - LOOK_BACK_MS) - SLACK_MS;
    const toMs = (startMs > 0 ? Math.min(endMs, startMs + LATE_START_MS) : endMs) + SLACK_MS;
    const oldestMs = this.#deps.oldestMs(nowMs);
    return { fromMs: Math.max(oldestMs, fromMs), toMs: Math.max(oldestMs, toMs) };
  }
}

const keyOf = (hostId: string, sequence: number, tuple: string) => `${sequence} ${tuple} ${hostId}`;

/** Of several revisions of one flow the end counts. */
function groupRows(rows: readonly Row[]): Map<string, StoredFlow[]> {
  const flows = new Map<string, Map<number, number>>();
  for (const { reporter_id, sequence, tuple, start_ms, end_ms } of rows) {
    const key = keyOf(reporter_id, sequence, tuple);
    const ends = flows.get(key) ?? new Map<number, number>();
    flows.set(key, ends);
    const startMs = Number(start_ms);
    ends.set(startMs, Math.max(ends.get(startMs) ?? 0, Number(end_ms)));
  }
  return new Map([...flows].map(([key, ends]) => [key, [...ends].map(([startMs, endMs]) => ({ startMs, endMs }))]));
}
