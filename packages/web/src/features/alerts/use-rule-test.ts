/** What a rule would have found, as it is found. */
import type { AlertRule, AlertTestLine } from "@flowtrail/model";
import { useEffect, useRef, useState } from "react";
import { testRule } from "../../lib/api-alerts.ts";

type LineOf<Kind extends AlertTestLine["kind"]> = Extract<AlertTestLine, { kind: Kind }>;
export type Fired = LineOf<"fired">;

export interface RuleTest {
  readonly isRunning: boolean;
  readonly days: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly progress: LineOf<"progress"> | null;
  readonly fired: readonly Fired[];
  /** Null: it is not at its end. */
  readonly done: LineOf<"done"> | null;
  readonly problem: string | null;
}

const DAY_MS = 86_400_000;

/** Null: nothing was tested yet. */
export function useRuleTest() {
  const [test, setTest] = useState<RuleTest | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const stop = () => {
    running.current?.abort();
    setTest((before) => (before === null || !before.isRunning ? before : { ...before, isRunning: false, problem: "Stopped." }));
  };
  const start = async (rule: AlertRule, days: number) => {
    running.current?.abort();
    const abort = new AbortController();
    running.current = abort;
    const toMs = Date.now();
    const begun: RuleTest = {
      ...{ isRunning: true, days, fromMs: toMs - days * DAY_MS, toMs },
      ...{ progress: null, fired: [], done: null, problem: null },
    };
    setTest(begun);
    const change = (next: (before: RuleTest) => Partial<RuleTest>) =>
      setTest((before) => (running.current !== abort || before === null ? before : { ...before, ...next(before) }));
    try {
      for await (const line of testRule(rule, days, abort.signal)) change((before) => withLine(before, line));
    } catch (error) {
      if (!abort.signal.aborted) change(() => ({ problem: error instanceof Error ? error.message : String(error) }));
    } finally {
      change(() => ({ isRunning: false }));
    }
  };
  return { test, start, stop, forget: () => setTest(null) };
}

function withLine(before: RuleTest, line: AlertTestLine): Partial<RuleTest> {
  switch (line.kind) {
    case "progress":
      return { progress: line };
    case "fired":
      return { fired: [...before.fired, line] };
    case "done":
      return { done: line };
    case "error":
      return { problem: line.message };
  }
}
