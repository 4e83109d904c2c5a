/** When a rule would have fired: the same looks at windows of the past, with limits, and nobody is told. */
import { type AlertRule, type AlertTestLine, FlowtrailError } from "@flowtrail/model";
import type { Caps } from "../query/inquiry-caps.ts";
import { QuestionError } from "../query/inquiry-errors.ts";
import { type AskingDeps, toolsOf } from "./asking.ts";
import { AlertError } from "./groups.ts";
import type { Tracked } from "./lifecycle.ts";
import { type Looking, replay, strideOf } from "./replay.ts";
import { watchedRule } from "./rule-schema.ts";
import type { Group, Watchers, WatchTools } from "./watcher.ts";

export interface HistoryTest {
  readonly rule: AlertRule;
  readonly days: number;
}

export interface HistoryTestDeps {
  readonly asking: AskingDeps;
  readonly watchers: Watchers;
  readonly caps: Caps;
  readonly now: () => number;
}

const DAY_MS = 86_400_000;
/** Of a test in all. */
const MOST_WINDOWS = 4000;
const MOST_MS = 5 * 60_000;
const MOST_TOLD = 5000;
const PROGRESS_EVERY_MS = 500;

/** Ends when it took too long: what was found until then is told. */
class OutOfTime extends FlowtrailError<{ code: "OUT_OF_TIME" }> {}

/** @param tell for each line, in order. @throws AlertError BAD_RULE: it can't be tested; the signal's reason */
export async function testOnHistory(
  { rule, days }: HistoryTest,
  { asking, watchers, caps, now }: HistoryTestDeps,
  tell: (line: AlertTestLine) => void,
  signal: AbortSignal,
): Promise<void> {
  const { watcher, watched } = watchedRule(rule, watchers);
  if (watcher.notOnHistory !== null) throw new AlertError({ code: "BAD_RULE", field: "watch" }, watcher.notOnHistory);
  const [nowMs, began] = [now(), performance.now()];
  const range = { fromMs: nowMs - days * DAY_MS, toMs: nowMs };
  const notes = new Set<string>();
  let [rowsRead, windows, fired, toldMs] = [0, 0, 0, 0];
  let partial: string | null = null;
  const fire = (alert: Tracked) => {
    fired++;
    if (fired <= MOST_TOLD) tell(firedLine(alert));
  };
  const asked = async <T>(ask: (tools: WatchTools) => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    if (performance.now() - began > MOST_MS) throw new OutOfTime({ code: "OUT_OF_TIME" }, `looked for ${MOST_MS / 60_000} min`);
    const shared = new Map<string, Promise<readonly Group[]>>();
    const made = toolsOf(asking, { nowMs, isTest: true, who: "tests", caps, signal, shared });
    const found = await ask(made.tools);
    rowsRead += made.inquiry.meta.rows_read ?? 0;
    for (const note of made.notes) notes.add(note);
    return found;
  };
  const { mayFind } = watcher;
  const looking: Looking = {
    look: (window) => asked((tools) => watcher.look(watched, window, tools, signal)),
    mayFind: mayFind && ((stretch) => asked((tools) => mayFind(watched, stretch, tools)).catch(orTooMuch)),
  };
  const onStep = (done: number, of: number, over: readonly Tracked[]) => {
    windows = done;
    for (const alert of over) fire(alert);
    const atMs = performance.now();
    if (atMs - toldMs < PROGRESS_EVERY_MS) return;
    toldMs = atMs;
    tell({ kind: "progress", windows: done, of, rows_read: rowsRead });
  };
  try {
    const { alerts } = await replay(rule, range, strideOf(range, rule, MOST_WINDOWS), looking, onStep);
    for (const alert of alerts) if (alert.endedMs === null) fire(alert);
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    partial = `${error.message}: the rest of the ${days} days was not looked at. Fewer days, a longer window or a narrower filter help`;
  }
  const ms = Math.round(performance.now() - began);
  tell({ kind: "done", fired, windows, rows_read: rowsRead, ms, partial, notes: [...notes] });
}

/** What is too much to be asked at once is looked at in pieces. */
function orTooMuch(error: unknown): true {
  if (error instanceof QuestionError && error.data.code !== "QUERY_BUSY") return true;
  throw error;
}

const iso = (ms: number) => new Date(ms).toISOString();

function firedLine({ sinceMs, lastMs, endedMs, finding }: Tracked): AlertTestLine {
  const { fromMs, toMs, ...found } = finding;
  const ended = endedMs === null ? null : iso(endedMs);
  return { kind: "fired", since: iso(sinceMs), last: iso(lastMs), ended, ...found, from: iso(fromMs), to: iso(toMs) };
}
