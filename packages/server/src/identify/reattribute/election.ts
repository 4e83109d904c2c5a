/**
 * Elects again what a reporter's presence decides about: its agent was dead, is gone, or came back. "For a while less is counted, never
 * more, and in the end all."
 */
import {
  asBatch,
  asReported,
  type Change,
  type Editions,
  type FlowTable,
  type StoredFlow,
  type StoredValues,
} from "../../store/editions.ts";
import type { Identify } from "../identify.ts";
import type { NodeRef } from "../lookup.ts";
import type { Life } from "../primary.ts";
import { Ballot } from "./ballot.ts";
import type { ElectionTask } from "./job.ts";
import { ReportsThere } from "./reports-there.ts";
import type { Tally } from "./tally.ts";
import { walk } from "./walk.ts";

export interface ElectionDeps {
  readonly now: () => number;
  readonly editions: Editions;
  readonly identify: Pick<Identify, "fill">;
  readonly roster: {
    /** By what it declared alone. */
    covers(reporterId: string, life: Life): boolean;
    /** The same of a node's agent; `unclear` where only its rows can tell. */
    presence(node: NodeRef, life: Life): "yes" | "unclear" | "no";
    isReporter(node: NodeRef, reporterId: string): boolean;
    /** Those under whose ids a node's agent may report. */
    reportersOf(node: NodeRef): readonly string[];
  };
  /** How long after a flow's end an agent that starts may still find it. */
  readonly lingerMs: number;
}

/** Clocks run ahead, by so much at most. */
const AHEAD_MS = 24 * 3_600_000;

/**
 * Several reporters' elections in one walk over the rows: each row is read once, and looked at for those of them that it may depend on.
 * @throws StoreError, or the signal's reason
 */
export async function elect(
  tasks: readonly ElectionTask[],
  deps: ElectionDeps,
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  const fromMs = Math.min(...tasks.map((task) => task.fromMs));
  const toMs = Math.max(...tasks.map((task) => task.toMs ?? deps.now() + AHEAD_MS));
  const range = { fromMs, toMs, byStart: false, network: null, onlyContested: true };
  await walk(deps.editions, range, signal, async (table, page) => {
    tally.read(page.length, page.at(-1)?.startMs ?? fromMs);
    const changes = await electPage(tasks, table, page, deps, signal);
    await deps.editions.write(table, changes.changed);
    for (const { flow, set } of changes.changed) tally.changed([], flow.values.primary === true, set.primary === true);
    // Earlier revisions of a flow may have been elected otherwise than its newest one.
    await deps.editions.alignDeltas(changes.decided);
  });
}

interface Elected {
  readonly changed: Change[];
  /** Flows that a reporter's presence decides about. */
  readonly decided: StoredFlow[];
}

async function electPage(
  tasks: readonly ElectionTask[],
  table: FlowTable,
  page: readonly StoredFlow[],
  deps: ElectionDeps,
  signal: AbortSignal,
): Promise<Elected> {
  const rowsOf = dependents(page, deps);
  const ballots = tasks.flatMap((task) => {
    const flows = (rowsOf.get(task.reporterId) ?? []).filter(
      (flow) => flow.reporterId !== task.reporterId && isWithin(task, table, flow),
    );
    return flows.length === 0 ? [] : [new Ballot(task, flows, deps)];
  });
  const there = (reporterIds: Iterable<string>, flows: Iterable<StoredFlow>) =>
    ReportsThere.read([...new Set(reporterIds)], [...new Set(flows)], deps.editions, deps.lingerMs, signal);
  // What only rows can tell is asked for all of them at once.
  const contested = ballots.filter((ballot) => ballot.contested.length > 0);
  const reports = await there(
    contested.flatMap(({ unclear }) => [...unclear]),
    contested.flatMap((ballot) => ballot.contested),
  );
  for (const ballot of contested) ballot.settle(reports);
  const missing = ballots.filter(({ missed }) => missed.length > 0);
  const own = await there(
    missing.map(({ task }) => task.reporterId),
    missing.flatMap(({ missed }) => missed),
  );
  const sets = new Map<StoredFlow, StoredValues>();
  const decided = new Set<StoredFlow>();
  for (const ballot of ballots) {
    for (const { flow, set } of ballot.results(own)) {
      decided.add(flow);
      sets.set(flow, set);
    }
  }
  const changed = [...sets].flatMap(([flow, set]) =>
    flow.values.primary === set.primary && flow.values.rank === set.rank ? [] : [{ flow, set }],
  );
  return { changed, decided: [...decided] };
}

/** As the page of a single one would be asked for. */
function isWithin({ fromMs, toMs }: ElectionTask, table: FlowTable, { startMs, values }: StoredFlow): boolean {
  return (
    startMs <= (toMs ?? Number.POSITIVE_INFINITY) && (table === "flows_open" || Date.parse(String(values.last_seen)) >= fromMs)
  );
}

/** By reporter: the flows for which it makes a difference, or may, whether it is present. */
function dependents(flows: readonly StoredFlow[], { identify, roster }: ElectionDeps): Map<string, StoredFlow[]> {
  const rows = new Map<string, Set<StoredFlow>>();
  const reporters = new Map<NodeRef, readonly string[]>();
  // Nobody is expected: each node that could be is asked for.
  identify.fill(asBatch(flows, asReported), (node, _, row) => {
    const ids = reporters.get(node) ?? roster.reportersOf(node);
    reporters.set(node, ids);
    for (const id of ids) {
      const known = rows.get(id) ?? new Set();
      rows.set(id, known.add(flows[row] as StoredFlow));
    }
    return false;
  });
  return new Map([...rows].map(([id, found]) => [id, [...found]]));
}
