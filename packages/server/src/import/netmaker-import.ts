/** Rows of Netmaker's own log → the store. Any number of times the same rows: each flow is there once, under the id that the door gives it. */
import { FlowBatch } from "@flowtrail/model";
import type { InventoryHistory } from "../identify/history/history.ts";
import type { Identify } from "../identify/identify.ts";
import { addEvent, eventProblem } from "../receive/netmaker/convert.ts";
import type { NetmakerEvent } from "../receive/netmaker/event.ts";
import type { CoverageNote, ReceiveDeps } from "../receive/ports.ts";
import type { ClickHouse } from "../store/clickhouse.ts";
import { joinEvents } from "./join.ts";
import { eventOfRow } from "./row.ts";
import { storedReports } from "./stored-reports.ts";

export interface ImportDeps extends Pick<ReceiveDeps, "now" | "oldestMs" | "privacy" | "submit"> {
  readonly admit: (note: CoverageNote) => Promise<void>;
  readonly clickhouse: Pick<ClickHouse, "rows">;
  readonly identify: Identify;
  readonly history: Pick<InventoryHistory, "current">;
}

export interface ImportAnswer {
  /** Flows that were stored. */
  readonly stored: number;
  /** Of these, those of which the end is not known: they are `lost` unless it comes with later rows. */
  readonly unfinished: number;
  /** Rows of flows that are in the store. */
  readonly already: number;
  /** Rows that are told with another row of their flow. */
  readonly joined: number;
  readonly rejected: readonly { readonly row: number; readonly code: string; readonly message: string }[];
}

export class NetmakerImport {
  readonly #deps: ImportDeps;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: ImportDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves when all of it is durable. One at a time: what is there is asked for before it is written.
   * @param dryRun stores nothing, and answers the same
   * @throws StoreError
   */
  take(rows: readonly unknown[], { dryRun }: { dryRun: boolean }): Promise<ImportAnswer> {
    const taken = this.#turn.then(() => this.#take(rows, dryRun));
    this.#turn = taken.catch(() => undefined);
    return taken;
  }

  async #take(rows: readonly unknown[], dryRun: boolean): Promise<ImportAnswer> {
    const { now, oldestMs, clickhouse } = this.#deps;
    const nowMs = now();
    const times = { nowMs, oldestMs: oldestMs(nowMs) };
    const events: NetmakerEvent[] = [];
    const rejected: ImportAnswer["rejected"][number][] = [];
    for (const [row, json] of rows.entries()) {
      const event = eventOfRow(json);
      const problem = typeof event === "string" ? { code: "BAD_VALUE", message: event } : eventProblem(event, times);
      if (problem !== null) rejected.push({ row, code: problem.code, message: problem.message });
      else if (typeof event !== "string") events.push(event);
    }
    const { flows, already, joined } = joinEvents(events, await storedReports(clickhouse, events, nowMs), nowMs);
    const unfinished = flows.filter(({ event }) => event.kind === "start").length;
    if (flows.length > 0 && !dryRun) await this.#store(flows, times);
    return { stored: flows.length, unfinished, already, joined, rejected };
  }

  async #store(flows: ReturnType<typeof joinEvents>["flows"], times: { nowMs: number; oldestMs: number }): Promise<void> {
    const { identify, privacy, submit, history } = this.#deps;
    const batch = new FlowBatch(flows.length);
    const { columns } = batch;
    const hostOf = new Map(
      history.current().networks.flatMap(({ nodes }) => nodes.map(({ id, host = id }) => [id, host] as const)),
    );
    for (const { event, place } of flows) {
      const { name } = identify.node(event.hostId);
      const row = addEvent(batch, event, place, {
        ...times,
        reporterName: name === event.hostId ? null : name,
        isOwnNode: (node) => (hostOf.has(node) ? hostOf.get(node) === event.hostId : null),
      });
      // It is long ago: what did not end in Netmaker's log has an end that nobody knows.
      if (event.kind === "start") columns.state.set(row, "lost");
    }
    // Together: what is elected again because of them is one election.
    await Promise.all(notesOf(batch).map((note) => this.#deps.admit(note)));
    identify.fill(batch);
    const rows = privacy.apply(batch);
    if (rows.length > 0) await submit({ rows, deliveries: [], deadLetters: [] });
  }
}

/** Each reporter covered the time of its rows, and that was then: it is nobody who reports now. */
function notesOf({ columns, length }: FlowBatch): CoverageNote[] {
  const notes = new Map<string, CoverageNote & { coveredFromMs: number; coveredToMs: number }>();
  for (let row = 0; row < length; row++) {
    const reporterId = columns.reporter_id.get(row) ?? "";
    const [startMs, endMs] = [columns.start.get(row) ?? 0, columns.last_seen.get(row) ?? 0];
    const { coveredFromMs = startMs, coveredToMs = endMs } = notes.get(reporterId) ?? {};
    const [fromMs, toMs] = [Math.min(coveredFromMs, startMs), Math.max(coveredToMs, endMs)];
    notes.set(reporterId, {
      reporterId,
      reporter: columns.reporter.get(row) ?? reporterId,
      epoch: "",
      sequence: toMs,
      receivedMs: toMs,
      coveredFromMs: fromMs,
      coveredToMs: toMs,
      firstStartMs: fromMs,
      imported: true,
    });
  }
  return [...notes.values()];
}
