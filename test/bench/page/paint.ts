/** How long it takes until rows can be read: opened for the first time, again, and with another question. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { installProbe, type ProbedWindow } from "./probe.ts";

const LONGEST_MS = 120_000;
export const VIEWPORT = { width: 1440, height: 900 } as const;

export async function newPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(LONGEST_MS);
  await page.addInitScript(installProbe);
  return page;
}

/** Milliseconds until the first rows, each time with nothing in the browser's cache. */
export async function coldPaints(browser: Browser, url: string, runs: number): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const context = await browser.newContext({ viewport: VIEWPORT });
    times.push(await paint(await newPage(context), url));
    await context.close();
  }
  return times;
}

/** The same with the page's files in the cache. */
export async function warmPaints(browser: Browser, url: string, runs: number): Promise<number[]> {
  const context = await browser.newContext({ viewport: VIEWPORT });
  const page = await newPage(context);
  await paint(page, url);
  const times: number[] = [];
  for (let run = 0; run < runs; run++) times.push(await paint(page, url));
  await context.close();
  return times;
}

async function paint(page: Page, url: string): Promise<number> {
  await page.goto(url, { waitUntil: "commit" });
  const handle = await page.waitForFunction(() => (window as unknown as ProbedWindow).probe?.paintedMs);
  return (await handle.jsonValue()) as number;
}

/** Milliseconds from another question to the frame that shows its rows. */
export async function filterPaints(page: Page, queries: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  for (const q of queries) times.push(await page.evaluate(askAndWait, q));
  return times;
}

/** Runs in the page. */
function askAndWait(q: string): Promise<number> {
  const url = new URL(window.location.href);
  url.searchParams.set("q", q);
  const grid = document.querySelector("[role=grid]");
  if (grid === null) throw new Error("there is no table");
  return new Promise((resolve) => {
    const beganMs = performance.now();
    let wasBusy = false;
    const observer = new MutationObserver(() => {
      const isBusy = grid.getAttribute("aria-busy") === "true";
      wasBusy ||= isBusy;
      if (!wasBusy || isBusy) return;
      observer.disconnect();
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - beganMs)));
    });
    observer.observe(grid, { attributes: true, attributeFilter: ["aria-busy"] });
    history.pushState(null, "", url);
    window.dispatchEvent(new PopStateEvent("popstate"));
  });
}
