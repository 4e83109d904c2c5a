/** Goes through the screens over a day, a week and a month of the seeded rows, and says what each step took, read and failed at. */
import type { Page } from "playwright-core";

export interface Step {
  readonly window: string;
  readonly name: string;
  /** Until the screen showed it and no question ran any more. */
  readonly ms: number;
  readonly questions: number;
  /** As the answers tell it, all together. */
  readonly rowsRead: number;
  /** The question that took longest, by its path. */
  readonly slowest: { readonly path: string; readonly ms: number } | null;
  /** Answers that are no answer, and what the browser complained about. */
  readonly problems: readonly string[];
}

const DAY_MS = 86_400_000;
const WINDOWS = [
  ["24 h", DAY_MS],
  ["7 d", 7 * DAY_MS],
  ["30 d", 30 * DAY_MS],
] as const;
/** Of what the page asks by itself while nothing happens. */
const QUIET_MS = 700;

interface Meta {
  readonly rows_read?: number;
  readonly elapsed_ms?: number;
}

/** @param untilMs where the rows end */
export async function walk(page: Page, origin: string, untilMs: number): Promise<readonly Step[]> {
  const walker = new Walker(page);
  for (const [name, spanMs] of WINDOWS) {
    const time = `v=1&from=${new Date(untilMs - spanMs).toISOString()}&to=${new Date(untilMs).toISOString()}`;
    await walker.go(name, origin, time);
  }
  return walker.steps;
}

class Walker {
  readonly steps: Step[] = [];
  readonly #page: Page;
  #running = 0;
  #lastMs = 0;
  #met: { path: string; meta: Meta }[] = [];
  #problems: string[] = [];

  constructor(page: Page) {
    this.#page = page;
    const isApi = (url: string) => url.includes("/api/");
    page.on("request", (request) => {
      if (!isApi(request.url())) return;
      this.#running++;
      request.response().then(
        async (response) => {
          if (response !== null) await this.#answered(request.url(), response.status(), await response.text().catch(() => ""));
          this.#ended();
        },
        () => this.#ended(), // left by the page
      );
    });
    page.on("pageerror", (error) => this.#problems.push(error.message));
  }

  async go(window: string, origin: string, time: string): Promise<void> {
    const page = this.#page;
    const rows = page.locator("tbody tr[aria-rowindex]");
    const logs = `${origin}/traffic-logs?${time}&reports=merged`;
    const chart = page.locator(".histogram svg[role], .histogram [role=img], .histogram svg").first();
    await this.#step(window, "Traffic Logs: rows, chart, facets", async () => {
      await page.goto(logs);
      await rows.first().waitFor();
      await chart.waitFor();
    });
    await this.#step(window, "a facet is opened and searched", async () => {
      const facet = page.locator(".facet", { hasText: "Domain" }).first();
      await facet.getByRole("button", { name: "Domain" }).click();
      await facet.locator(".facet-value").first().waitFor();
      await facet.getByRole("textbox").fill("e");
      await facet.locator(".facet-value").first().waitFor();
      await facet.getByRole("button", { name: "Domain" }).click();
    });
    for (const q of [
      "dst.port=443",
      "src.type=user and dst.type=external",
      "verdict=refused",
      "bytes>10MiB",
      "nothing-has-this-name",
    ])
      await this.#step(window, `filter ${q}`, async () => {
        await page.goto(`${logs}&q=${encodeURIComponent(q)}`);
        await rows.or(page.locator(".empty")).first().waitFor();
      });
    await this.#step(window, "sorted by bytes", async () => {
      await page.goto(`${logs}&sort=bytes`);
      await rows.first().waitFor();
    });
    await this.#step(window, "the list begins in the middle (at=)", async () => {
      const params = new URLSearchParams(time);
      const [from, to] = [Date.parse(params.get("from") ?? ""), Date.parse(params.get("to") ?? "")];
      await page.goto(`${logs}&at=${new Date((from + to) / 2).toISOString()}`);
      await rows.first().waitFor();
    });
    await this.#step(window, "a row's panel, its reports and related flows", async () => {
      await rows.nth(3).click();
      const panel = page.getByRole("complementary", { name: "Flow" });
      await panel.locator(".panel-sentence").waitFor();
      await panel.getByRole("tab", { name: "Related" }).click();
      await panel.locator(".related").first().waitFor();
    });
    await this.#step(window, "Overview", async () => {
      await page.goto(`${origin}/overview?${time}`);
      await page.locator(".overview").waitFor();
    });
  }

  async #step(window: string, name: string, work: () => Promise<void>): Promise<void> {
    [this.#met, this.#problems] = [[], []];
    const beganMs = performance.now();
    this.#lastMs = beganMs;
    try {
      await work();
      await this.#quiet();
    } catch (error) {
      this.#problems.push(String(error).split("\n")[0] ?? "");
    }
    const slow = this.#met.toSorted((a, b) => (b.meta.elapsed_ms ?? 0) - (a.meta.elapsed_ms ?? 0))[0];
    this.steps.push({
      window,
      name,
      ms: Math.max(this.#lastMs - beganMs, 0),
      questions: this.#met.length,
      rowsRead: this.#met.reduce((sum, { meta }) => sum + (meta.rows_read ?? 0), 0),
      slowest: slow === undefined ? null : { path: slow.path, ms: slow.meta.elapsed_ms ?? 0 },
      problems: this.#problems,
    });
  }

  /** Until nothing was asked for a while. */
  async #quiet(): Promise<void> {
    while (this.#running > 0 || performance.now() - this.#lastMs < QUIET_MS) await this.#page.waitForTimeout(50);
  }

  #ended(): void {
    this.#running--;
    this.#lastMs = performance.now();
  }

  async #answered(url: string, status: number, text: string): Promise<void> {
    const { pathname, search } = new URL(url);
    if (status >= 400) this.#problems.push(`${status} ${pathname}${search}: ${text.slice(0, 200)}`);
    if (!text.startsWith("{")) return;
    const { meta } = JSON.parse(text) as { meta?: Meta };
    if (meta !== undefined) this.#met.push({ path: `${pathname}${search.slice(0, 90)}`, meta });
  }
}
