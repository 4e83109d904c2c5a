/** Scrolls down as fast as pages come, and says what frames and memory say to it. */
import type { CDPSession, Page } from "playwright-core";
import type { ProbedWindow } from "./probe.ts";

export interface ScrollResult {
  readonly seconds: number;
  /** Rows that went by. */
  readonly rows: number;
  readonly frames: readonly number[];
  readonly longTasks: readonly number[];
  /** After garbage was collected. */
  readonly heapBefore: number;
  readonly heapAfter: number;
  readonly elements: number;
}

export async function heapOf(cdp: CDPSession): Promise<number> {
  await cdp.send("HeapProfiler.collectGarbage");
  return (await cdp.send("Runtime.getHeapUsage")).usedSize;
}

export async function scrollDown(page: Page, cdp: CDPSession, seconds: number, mostRows: number): Promise<ScrollResult> {
  const heapBefore = await heapOf(cdp);
  const { rows, frames, longTasks, ms, elements } = await page.evaluate(scroll, { seconds, mostRows });
  return { seconds: ms / 1000, rows, frames, longTasks, heapBefore, heapAfter: await heapOf(cdp), elements };
}

/** Runs in the page. Pages of the list have 400 rows: they are counted as they are asked for. */
async function scroll({ seconds, mostRows }: { seconds: number; mostRows: number }) {
  const log = document.querySelector(".log");
  if (log === null) throw new Error("there is no table");
  const { probe } = window as unknown as ProbedWindow;
  probe.longTasks.length = 0;
  probe.frames.length = 0;
  probe.watch = true;
  const isPage = ({ name }: { name: string }) => /\/api\/flows\?.*cursor=/.test(name);
  let rows = 200;
  const pages = new PerformanceObserver((list) => {
    rows += 400 * list.getEntries().filter(isPage).length;
  });
  pages.observe({ type: "resource" });
  const beganMs = performance.now();
  await new Promise<void>((resolve) => {
    const step = () => {
      log.scrollTop += 1200;
      if (performance.now() - beganMs >= seconds * 1000 || rows >= mostRows) resolve();
      else requestAnimationFrame(step);
    };
    step();
  });
  probe.watch = false;
  pages.disconnect();
  const elements = document.querySelectorAll("*").length;
  return { rows, frames: [...probe.frames], longTasks: [...probe.longTasks], ms: performance.now() - beganMs, elements };
}
