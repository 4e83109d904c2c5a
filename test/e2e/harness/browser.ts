/** Debian's Chromium, as a person would use it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import { expect } from "vitest";

const BUILT = join(
  process.env.FLOWTRAIL_WEB_DIR ?? fileURLToPath(new URL("../../../packages/web/dist/", import.meta.url)),
  "index.html",
);
const SCREENSHOTS = fileURLToPath(new URL("../../../docs/screenshots/", import.meta.url));

export async function launch(): Promise<Browser> {
  if (!existsSync(BUILT)) throw new Error("the page is not built: node scripts/prepare.mjs --web");
  const args = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--no-first-run"];
  return chromium.launch({ executablePath: "/usr/bin/chromium", args });
}

/** Polls until what is expected of it holds: several test files share two cores. */
export function soon<T>(look: () => Promise<T> | T) {
  return expect.poll(look, { timeout: 20_000 });
}

/** A page that remembers whatever the browser complained about: a broken script, a style that the security policy refused. */
export class TestPage {
  readonly page: Page;
  readonly complaints: string[] = [];
  /** What the server said where it failed: the browser does not repeat it. */
  readonly #failures: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("response", async (response) => {
      if (response.status() < 500) return;
      const said = await response.text().catch((error: unknown) => String(error)); // the page may have gone on
      this.#failures.push(`${response.status()} ${response.url()}: ${said}`);
    });
    page.on("console", (message) => {
      const text = `${message.text()} ${message.location().url}`;
      if (message.type() === "error" || message.type() === "warning") this.complaints.push(text);
    });
  }

  static async open(browser: Browser, url: string, options: BrowserContextOptions & { atMs?: number } = {}): Promise<TestPage> {
    const { atMs, ...contextOptions } = options;
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      timezoneId: "UTC",
      colorScheme: "light",
      permissions: ["clipboard-read", "clipboard-write"],
      ...contextOptions,
    });
    context.setDefaultTimeout(20_000);
    const test = new TestPage(await context.newPage());
    if (atMs !== undefined) await test.page.clock.setFixedTime(atMs);
    await test.page.goto(url);
    return test;
  }

  /** Another address of the page, as the back button leads to it: nothing is loaded again. */
  async go(href: string): Promise<void> {
    await this.page.evaluate((to) => {
      window.history.pushState(null, "", to);
      window.dispatchEvent(new PopStateEvent("popstate"));
    }, href);
  }

  /** Waits until the query bar holds this: what opens before the page has read its address would begin with the question before. */
  async asks(q: string): Promise<void> {
    const reads = (text: string) => document.querySelector<HTMLInputElement>("[role=combobox][aria-label=Query]")?.value === text;
    await this.page.waitForFunction(reads, q);
  }

  /** Parts of the traffic log that a test does not look at: each asks the server again with every question. */
  async without(...parts: ("histogram" | "facets.shown")[]): Promise<void> {
    await this.page.evaluate((names) => {
      for (const name of names) localStorage.setItem(`flowtrail.${name}`, "false");
    }, parts);
    await this.page.reload();
  }

  /** Fails if the browser has complained since the last time; `but`: of what it may. */
  expectNoComplaints(but?: RegExp): void {
    const complaints = this.complaints.splice(0).filter((text) => but === undefined || !but.test(text));
    expect(complaints, this.#failures.splice(0).join("\n")).toEqual([]);
  }

  get rows(): Locator {
    return this.page.locator("tbody tr[aria-rowindex]");
  }

  /** The first row that holds this text. */
  row(text: string | RegExp): Locator {
    return this.rows.filter({ hasText: text }).first();
  }

  /** The texts of a row's cells, one line each. */
  async cells(row: Locator): Promise<string[]> {
    const texts = await row.locator("td").allInnerTexts();
    return texts.map((text) => text.replaceAll(/\s+/g, " ").trim());
  }

  /** Waits until the table holds so many rows. */
  async hasRows(count: number): Promise<void> {
    const isThere = (wanted: number) => document.querySelectorAll("tbody tr[aria-rowindex]").length === wanted;
    await this.page.waitForFunction(isThere, count).catch(() => {}); // what was there instead is said below
    expect(await this.rows.count()).toBe(count);
  }

  /** Written for the documentation; looked at by people. */
  async screenshot(name: string): Promise<void> {
    await this.page.evaluate(() => document.fonts.ready);
    await this.page.screenshot({ path: `${SCREENSHOTS}${name}.png`, animations: "disabled" });
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}
