/** Which jobs are done beside each other, and which as one. */
import type { ElectionTask, Job, Task } from "./job.ts";

/**
 * What is done beside each other: uploads wait for provisional elections, and people for replays, while an election of a month may be
 * under way.
 */
export type Lane = "provisional" | "settled" | "replay";
export const LANES: readonly Lane[] = ["provisional", "settled", "replay"];

/** Elections of one reporter that are so near to each other are done as one. */
const NEAR_MS = 60_000;
/** Elections of different reporters are one walk if it is no longer than twice the shortest of them, and this. */
const MUCH_LONGER_MS = 600_000;

export function laneOf(task: Task): Lane {
  if (task.kind === "replay") return "replay";
  return task.isProvisional ? "provisional" : "settled";
}

/** Reporters of the elections among them that are of a lane. */
export function reportersOf(jobs: readonly Job[], lane: Lane): Set<string> {
  return new Set(jobs.flatMap(({ task }) => (task.kind === "election" && laneOf(task) === lane ? [task.reporterId] : [])));
}

/** Has it not begun, and would the other one be a part of it? */
export function canTake({ state, task }: Job, other: ElectionTask): boolean {
  return state === "waiting" && task.kind === "election" && !task.isProvisional && union(task, other) !== null;
}

/** Do they lie so near to each other that a walk over all of them is not much longer than over the shortest? */
export function isOneWalk(tasks: readonly ElectionTask[], nowMs: number): boolean {
  const ends = tasks.map(({ toMs }) => Math.min(toMs ?? nowMs, nowMs));
  const shortestMs = Math.min(...tasks.map(({ fromMs }, i) => (ends[i] ?? nowMs) - fromMs));
  const allMs = Math.max(...ends) - Math.min(...tasks.map(({ fromMs }) => fromMs));
  return allMs <= 2 * Math.max(0, shortestMs) + MUCH_LONGER_MS;
}

/** Both as one; null if they are not alike, or far apart. */
export function union(a: ElectionTask, b: ElectionTask): ElectionTask | null {
  if (a.reporterId !== b.reporterId || a.isProvisional !== b.isProvisional) return null;
  const [aToMs, bToMs] = [a.toMs ?? Number.POSITIVE_INFINITY, b.toMs ?? Number.POSITIVE_INFINITY];
  if (a.fromMs > bToMs + NEAR_MS || b.fromMs > aToMs + NEAR_MS) return null;
  const toMs = Math.max(aToMs, bToMs);
  return { ...a, fromMs: Math.min(a.fromMs, b.fromMs), toMs: Number.isFinite(toMs) ? toMs : null };
}
