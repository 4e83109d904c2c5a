/** What the page's own thread did, by its processor time: unlike the clock's it does not grow when others use the machine. */
import type { Browser, Page } from "playwright-core";

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of processor time. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

export interface TaskTimes {
  readonly tasks: number;
  /** Milliseconds of processor time, of the longest ones. */
  readonly longest: readonly number[];
  readonly seconds: number;
}

const CATEGORIES = ["disabled-by-default-devtools.timeline", "toplevel", "__metadata"];

/** Says what tasks the work made the page do. */
export async function tasksDuring<T>(browser: Browser, page: Page, work: () => Promise<T>): Promise<[T, TaskTimes]> {
  await browser.startTracing(page, { categories: CATEGORIES });
  let result: T;
  let trace: Buffer;
  try {
    result = await work();
  } finally {
    trace = await browser.stopTracing();
  }
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: readonly TraceEvent[] };
  const threads = traceEvents.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain");
  const main = new Set(threads.map(({ pid, tid }) => `${pid}/${tid}`));
  const times = traceEvents
    .filter(({ name, pid, tid }) => name === "RunTask" && main.has(`${pid}/${tid}`))
    .map(({ tdur = 0 }) => tdur / 1000)
    .sort((a, b) => b - a);
  const seconds = times.reduce((sum, ms) => sum + ms, 0) / 1000;
  return [result, { tasks: times.length, longest: times.slice(0, 10), seconds }];
}
