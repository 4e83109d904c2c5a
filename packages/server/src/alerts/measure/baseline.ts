/** What is usual: the mean of the same time in the last weeks. */
import type { TimeRange } from "@flowtrail/model";
import type { Group, GroupsQuestion, WatchTools } from "../watcher.ts";

const WEEK_MS = 7 * 86_400_000;

export interface Baseline {
  /** Weeks that there is traffic of at all; of fewer than half of those asked for nothing is said. */
  readonly weeks: number;
  usual(values: Group["values"]): number;
}

/** @throws QuestionError, StoreError */
export async function baseline(
  question: GroupsQuestion,
  weeks: number,
  measured: (group: Group, window: TimeRange) => number,
  tools: Pick<WatchTools, "groups">,
): Promise<Baseline> {
  const sums = new Map<string, number>();
  let known = 0;
  for (let week = 1; week <= weeks; week++) {
    const { fromMs, toMs } = question.window;
    const window = { fromMs: fromMs - week * WEEK_MS, toMs: toMs - week * WEEK_MS };
    // Without a filter: whether there was anybody to tell of it.
    const [all] = await tools.groups({ filter: { kind: "all" }, by: [], measures: ["reports"], window, limit: 1 });
    if ((all?.sums.reports ?? 0) === 0) continue;
    known++;
    for (const group of await tools.groups({ ...question, window })) {
      const key = JSON.stringify(group.values);
      sums.set(key, (sums.get(key) ?? 0) + measured(group, window));
    }
  }
  return { weeks: known, usual: (values) => (known === 0 ? 0 : (sums.get(JSON.stringify(values)) ?? 0) / known) };
}
