/**
 * Elects again what a reporter's presence decides about: its agent was dead, is gone, or came back. "For a while less is counted, never
 * more, and in the end all."
 */
import { asBatch, asReported, type Change, type Editions, type StoredFlow } from "../../store/editions.ts";
import type { Identify } from "../identify.ts";
import type { NodeRef } from "../lookup.ts";
import { type Life, lifeOf } from "../primary.ts";
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

/** @throws StoreError, or the signal's reason */
export async function elect(
  { reporterId, fromMs, toMs, isProvisional }: ElectionTask,
  deps: ElectionDeps,
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  const range = { fromMs, toMs: toMs ?? deps.now() + AHEAD_MS, byStart: false, network: null, onlyContested: true };
  await walk(deps.editions, range, signal, async (table, page) => {
    tally.read(page.length, page.at(-1)?.startMs ?? fromMs);
    const others = page.filter((flow) => flow.reporterId !== reporterId);
    const { changes, decided } = await electPage(reporterId, others, deps, signal, isProvisional);
    await deps.editions.write(table, changes);
    for (const { flow, set } of changes) tally.changed([], flow.values.primary === true, set.primary === true);
    // Earlier revisions of a flow may have been elected otherwise than its newest one.
    await deps.editions.alignDeltas(decided);
  });
}

interface Elected {
  readonly changes: Change[];
  /** Flows that the reporter's presence decides about. */
  readonly decided: StoredFlow[];
}

async function electPage(
  reporterId: string,
  flows: readonly StoredFlow[],
  { identify, roster, editions, lingerMs }: ElectionDeps,
  signal: AbortSignal,
  isProvisional: boolean,
): Promise<Elected> {
  const elected: Elected = { changes: [], decided: [] };
  if (flows.length === 0) return elected;
  const unclear = new Set<string>();
  const fill = (some: readonly StoredFlow[], isPresent: boolean, isThere: (node: NodeRef) => boolean) => {
    const batch = asBatch(some, asReported);
    identify.fill(batch, (node, life) => {
      if (roster.isReporter(node, reporterId)) return isPresent;
      const presence = roster.presence(node, life);
      if (presence !== "unclear") return presence === "yes";
      for (const id of roster.reportersOf(node)) unclear.add(id);
      return isThere(node);
    });
    return batch;
  };
  const present = fill(flows, true, () => true);
  const absent = fill(flows, false, () => true);
  // Two views of which only rows can tell must not both give way to the other one.
  if (!isProvisional && unclear.size > 0) {
    const strict = fill(flows, false, () => false);
    const contested = new Set(flows.filter((_, row) => strict.columns.primary.get(row) !== absent.columns.primary.get(row)));
    const reports = new Map<string, ReportsThere>();
    for (const id of unclear) reports.set(id, await ReportsThere.read(id, [...contested], editions, lingerMs, signal));
    for (const [row, flow] of flows.entries()) {
      if (!contested.has(flow)) continue;
      const isThere = (node: NodeRef) => roster.reportersOf(node).some((id) => reports.get(id)?.has(flow));
      for (const [batch, isPresent] of [
        [present, true],
        [absent, false],
      ] as const) {
        const { rank, primary } = fill([flow], isPresent, isThere).columns;
        batch.columns.primary.set(row, primary.get(0) ?? false);
        batch.columns.rank.set(row, rank.get(0) ?? 0);
      }
    }
  }
  // Where it makes no difference others decide, and have elections of their own.
  const isDecided = (row: number) => absent.columns.primary.get(row) === true && present.columns.primary.get(row) === false;
  const isCovered = (row: number) => roster.covers(reporterId, lifeOf(absent, row));
  // What it did report counts, whatever it said to cover: it found it when it started, or clocks differ.
  const missed = isProvisional ? [] : flows.filter((_, row) => isDecided(row) && !isCovered(row));
  const there = await ReportsThere.read(reporterId, missed, editions, lingerMs, signal);
  for (const [row, flow] of flows.entries()) {
    if (!isDecided(row) || (isProvisional && !isCovered(row))) continue;
    const primary = !isCovered(row) && !there.has(flow);
    const rank = absent.columns.rank.get(row) ?? 0;
    elected.decided.push(flow);
    if (flow.values.primary !== primary || flow.values.rank !== rank) elected.changes.push({ flow, set: { primary, rank } });
  }
  return elected;
}
