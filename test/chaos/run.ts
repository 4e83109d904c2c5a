/** One run: traffic, a fault in the middle of it, and the comparison when everything had its time to arrive. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ChaosBed } from "./bed.ts";
import type { Fault } from "./fault.ts";
import { judge, readStore, type Verdict } from "./verdict.ts";

export interface RunResult extends Omit<Verdict, "lost" | "broken" | "doubled"> {
  readonly fault: string;
  readonly lost: number;
  readonly broken: number;
  readonly doubled: number;
  /** From the end of the fault until everything that ended before is in the store. */
  readonly recoveryMs: number;
  /** What else went wrong, in words. */
  readonly mistakes: readonly string[];
}

const BEFORE_MS = 1500;
const AFTER_MS = 1500;
/** Everything is there within this time, or it is lost. */
const PATIENCE_MS = 120_000;
const LOOK_MS = 400;
/** Then what the kernel still keeps is made to end. */
const ENDS_MS = 10_000;
const SHOWN = 3;

/** @param goesOn traffic does not stop for the comparison: what began until then is compared */
export async function runFault(bed: ChaosBed, fault: Fault, rate: number, goesOn: boolean): Promise<RunResult> {
  const first = bed.ledger.numbers.length;
  const fromMs = Date.now();
  bed.excuses = [];
  bed.excused.clear();
  const mistakes: string[] = [];
  bed.setRate(rate);
  await sleep(BEFORE_MS);
  try {
    await fault.begin(bed);
    if (fault.rate !== undefined) bed.setRate(Math.max(rate, fault.rate));
    await sleep(bed.random.whole(...fault.lastsMs));
    bed.setRate(rate);
  } catch (error) {
    mistakes.push(wordsOf(error));
  }
  try {
    await fault.end?.(bed);
  } catch (error) {
    mistakes.push(wordsOf(error));
  }
  const mendedMs = bed.ledger.now();
  await sleep(AFTER_MS);
  if (!goesOn) bed.setRate(0);
  const last = goesOn ? bed.ledger.numbers.length : Number.POSITIVE_INFINITY;
  const range = () => [fromMs - 10_000 - (fault.offMs ?? 0), Date.now() + 10_000 + (fault.offMs ?? 0)] as const;
  const numbers = () => bed.ledger.numbers.slice(first, last);
  const isComplete = async (beforeMs?: number) => {
    const stored = await readStore(bed, ...range());
    return stored !== null && judge(bed, numbers(), stored, beforeMs).lost.length === 0;
  };
  await wait(() => isComplete(mendedMs));
  const recoveryMs = bed.ledger.now() - mendedMs;
  await untilEnded(bed, numbers);
  await wait(() => isComplete());
  const stored = await readStore(bed, ...range());
  if (stored === null) mistakes.push(`the store could not be read, so that all of it counts as lost: ${bed.exportProblem}`);
  const verdict = judge(bed, numbers(), stored ?? new Map<number, never>());
  try {
    await fault.after?.(bed);
  } catch (error) {
    mistakes.push(wordsOf(error));
  }
  mistakes.push(
    ...bed.tap.mistakes.splice(0).slice(0, SHOWN),
    ...told(bed, "lost", verdict.lost),
    ...told(bed, "doubled", verdict.doubled),
  );
  return {
    ...verdict,
    fault: fault.name,
    lost: verdict.lost.length,
    broken: verdict.broken.length,
    doubled: verdict.doubled.length,
    recoveryMs,
    mistakes,
  };
}

/** Everything that the bed has ever seen, once more: nothing has vanished since, nothing has come twice. */
export async function judgeAll(bed: ChaosBed, sinceMs: number, excusedBefore: number): Promise<Verdict> {
  const day = 26 * 3_600_000;
  const stored = (await readStore(bed, sinceMs - day, Date.now() + day)) ?? new Map<number, never>();
  bed.excuses = [{ reason: "in its run", fromMs: 0, toMs: Number.POSITIVE_INFINITY, atMost: () => excusedBefore }];
  bed.excused.clear();
  return judge(bed, bed.ledger.numbers, stored);
}

function told({ ledger }: ChaosBed, what: string, numbers: readonly number[]): string[] {
  return numbers.slice(0, SHOWN).map((number) => {
    const { born, died, acknowledged, bornMs, diedMs } = ledger;
    return (
      `${what}: flow ${number}: kernel ${born.at(number)} NEW (${bornMs.at(number)} ms), ${died.at(number)} DESTROY (${diedMs.at(number)} ms), ` +
      `acknowledged ${acknowledged.at(number)} times`
    );
  });
}

async function untilEnded(bed: ChaosBed, numbers: () => readonly number[]): Promise<void> {
  const { ledger } = bed;
  const isOver = () => numbers().every((number) => ledger.died.at(number) >= ledger.born.at(number));
  // The kernel forgets what has timed out when somebody looks at it.
  for (const endMs = performance.now() + ENDS_MS; !isOver() && performance.now() < endMs; await sleep(LOOK_MS))
    bed.conntrack("-L");
  if (!isOver()) bed.conntrack("-F");
  for (const endMs = performance.now() + ENDS_MS; !isOver() && performance.now() < endMs; ) await sleep(LOOK_MS);
}

/** Waits until it is so, or patience is at its end. */
async function wait(isSo: () => Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; await sleep(LOOK_MS)) if (await isSo()) return;
}

export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
