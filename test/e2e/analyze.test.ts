/** The analyze screen in a real browser, over days of seeded traffic: what it says is what the API says, and leads to the rows behind it. */
import { formatExactBytes, parseFilter, printFilter } from "@flowtrail/model";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { startTestServer, type TestServer } from "../../packages/server/src/testing.ts";
import { DIMENSIONS } from "../../packages/web/src/features/analyze/fields.ts";
import { LISTS, PRESETS } from "../../packages/web/src/features/analyze/presets.ts";
import { GRAPHS, questionParams } from "../../packages/web/src/features/analyze/question.ts";
import { needs } from "../needs.ts";
import { expectAccessible } from "./harness/axe.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";
import { lowContrast } from "./harness/contrast.ts";

const HOUR_MS = 3_600_000;
const NOW = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
const ROWS = 20_000;
const iso = (ms: number) => new Date(ms).toISOString().replace(".000Z", "Z");
const DAYS = `from=${iso(NOW - 48 * HOUR_MS)}&to=${iso(NOW)}`;

interface Groups {
  readonly rows: readonly {
    readonly by: readonly (string | null)[];
    readonly value: number;
    readonly series?: readonly number[];
  }[];
  readonly other: { readonly groups: number };
}

describe.skipIf(!needs("analyses in a browser", "browser"))("analyze", () => {
  let server: TestServer;
  let browser: Browser;
  let test: TestPage;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startTestServer({ flags: { insecure_no_auth: true } }), launch()]);
    await server.ask("POST", "/api/seed", { body: { rows: ROWS, days: 4, until: iso(NOW) } });
    await vi.waitFor(async () => expect((await server.ask<{ done: number }>("GET", "/api/seed")).body.done).toBe(ROWS), {
      timeout: 50_000,
      interval: 200,
    });
    test = await TestPage.open(browser, `${server.url}/health`);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  afterEach(() => test.expectNoComplaints());

  const open = async (query: string) => {
    await test.page.goto(`${server.url}/analyze?v=1&${DAYS}&${query}`);
    await table().waitFor();
  };
  const table = () => test.page.getByRole("region", { name: "Figures" });
  const lines = () => table().locator("tbody tr");
  const param = (name: string) => new URL(test.page.url()).searchParams.get(name);
  const top = async (query: string) => (await server.ask<Groups>("GET", `/api/flows/top?${DAYS}&${query}`)).body;
  const path = () => new URL(test.page.url()).pathname;

  it("says in its table what the API says; each graph draws it", async () => {
    await open("graph=stacked&by=src.type,protocol&limit=5&previous=true");
    const { rows, other } = await top("by=src.type,protocol&limit=5");
    expect(rows).toHaveLength(5);
    const totals = () =>
      lines()
        .locator("td:first-of-type")
        .evaluateAll((cells) => cells.map((cell) => (cell as HTMLElement).title));
    const told = rows.map(({ value }) => formatExactBytes(value));
    await soon(async () => (await totals()).slice(0, 5)).toEqual(told);
    expect(await lines().count()).toBe(other.groups > 0 ? 6 : 5);
    const drawn: Readonly<Record<string, string>> = {
      ...{ stacked: ".chart-area", share: ".chart-area", lines: ".chart-line-before", grid: ".graph-grid .chart-line" },
      ...{ sankey: "a.sankey-part .sankey-link", heatmap: ".heatmap-cell", table: ".result-link" },
    };
    for (const { value, label } of GRAPHS) {
      await test.page.getByRole("radio", { name: label, exact: true }).check({ force: true });
      await soon(() => param("graph")).toBe(value);
      await test.page
        .locator(drawn[value] ?? "")
        .first()
        .waitFor({ state: "attached" });
      expect(await test.page.locator("[aria-busy=true]").count()).toBe(0);
      expect((await totals()).slice(0, 5), value).toEqual(told);
    }
  });

  it("tells exact values under the hand, of keys and in numbers", async () => {
    await open("graph=stacked&by=src.name&limit=3");
    const swatch = table().getByRole("button", { name: /^Show / });
    await swatch.first().click();
    await soon(() => swatch.first().getAttribute("aria-pressed")).toBe("false");
    // What is hidden in one graph is there in another one that could not bring it back.
    await test.page.getByRole("radio", { name: "Heatmap", exact: true }).check({ force: true });
    const { rows } = await top("by=src.name&limit=3&buckets=60");
    await soon(() => test.page.locator(".heatmap-name").count()).toBe(rows.length);
    const series = rows[1]?.series ?? [];
    const hand = test.page.getByRole("slider");
    await hand.focus();
    for (const key of ["Home", "ArrowDown", "ArrowRight"]) await test.page.keyboard.press(key);
    const words = (await hand.getAttribute("aria-valuetext")) ?? "";
    expect([words.startsWith(`${rows[1]?.by[0]}, `), words.endsWith(`: ${formatExactBytes(series[1] ?? -1)}`)]).toEqual([
      true,
      true,
    ]);
    await test.page.getByRole("button", { name: "Table" }).click();
    const cells = test.page.locator(".chart-table tbody tr").last().locator("td");
    expect((await cells.allInnerTexts()).slice(0, 3)).toEqual(rows.map((row) => formatExactBytes(row.series?.[0] ?? -1)));
    await test.page.getByRole("button", { name: "Table" }).click();
    // Only what was pressed there, too, is picked.
    const box = await hand.boundingBox();
    if (box === null) throw new Error("the heatmap is not there");
    const [x, y] = [box.x + box.width - 30, box.y + 10];
    await test.page.mouse.move(x, box.y - 12);
    await test.page.mouse.down();
    await test.page.mouse.move(x, y);
    await test.page.mouse.up();
    expect(path()).toBe("/analyze");
    await test.page.mouse.click(x, y);
    await soon(path).toBe("/traffic-logs");
    await test.page.goBack();
    await test.page.getByRole("radio", { name: "Stacked", exact: true }).check({ force: true });
    await test.page.getByLabel("Add a dimension").selectOption("protocol");
    await soon(() => swatch.count()).toBeGreaterThan(2);
    expect(await swatch.evaluateAll((all) => all.filter((one) => one.ariaPressed !== "true").length)).toBe(0);
  });

  it("leads from a line, a link and a cell to exactly the rows behind it", async () => {
    const { rows } = await top("by=src.name,dst.name&limit=10&q=dst.name!%3Dnull");
    const [source, destination] = rows[0]?.by ?? [];
    const both = printFilter(parseFilter(`dst.name="${destination}" and src.name="${source}"`));
    const behind = async () => {
      await soon(path).toBe("/traffic-logs");
      return { q: param("q"), time: `from=${param("from")}&to=${param("to")}` };
    };
    const query = "by=src.name,dst.name&limit=10&q=dst.name!%3Dnull";
    await open(`graph=table&${query}`);
    await lines()
      .first()
      .click({ position: { x: 600, y: 8 } });
    const found = await behind();
    expect(found.time).toBe(DAYS);
    expect(found.q).toBe(both);
    await test.page.goBack();
    await open(`graph=sankey&${query}`);
    await test.page
      .getByRole("link", { name: `${source} → ${destination}: ` })
      .first()
      .focus();
    await test.page.locator(".chart-tip").waitFor();
    await test.page.keyboard.press("Enter");
    expect((await behind()).q).toBe(both);
    await open("graph=heatmap&by=protocol&limit=2");
    const { rows: protocols } = await top("by=protocol&limit=2");
    await test.page.getByRole("slider").focus();
    for (const key of ["Home", "Enter"]) await test.page.keyboard.press(key);
    expect(await behind()).toEqual({
      q: `protocol=${protocols[0]?.by[0]}`,
      time: `from=${iso(NOW - 48 * HOUR_MS)}&to=${iso(NOW - 47 * HOUR_MS)}`,
    });
  });

  it("puts dimensions into another order by keys; the back button takes it back", async () => {
    await open("graph=table&by=src.type,protocol,dst.type");
    const down = test.page.getByRole("button", { name: "Move down Source type" });
    await down.focus();
    await test.page.keyboard.press("Enter");
    await soon(() => param("by")).toBe("protocol,src.type,dst.type");
    await test.page.keyboard.press("Alt+ArrowDown");
    await soon(() => param("by")).toBe("protocol,dst.type,src.type");
    await soon(() => table().locator("thead th").first().innerText()).toBe("Protocol");
    await test.page.goBack();
    await soon(() => param("by")).toBe("protocol,src.type,dst.type");
    // Dragged past another one: nothing is asked before it is let go, and one step back takes it back.
    const steps = () => test.page.evaluate(() => window.history.length);
    const before = await steps();
    const lines = test.page.getByRole("list", { name: "Divided by" }).getByRole("listitem");
    await lines.nth(0).locator(".dimension-grip").hover();
    await test.page.mouse.down();
    for (const i of [1, 2]) {
      const box = await lines.nth(i).boundingBox();
      await test.page.mouse.move((box?.x ?? 0) + 30, (box?.y ?? 0) + 14, { steps: 6 });
      await soon(() => lines.nth(i).innerText()).toContain("Protocol");
    }
    expect(param("by")).toBe("protocol,src.type,dst.type");
    await test.page.mouse.up();
    await soon(() => param("by")).toBe("src.type,dst.type,protocol");
    // What was ahead after going back is gone.
    expect(await steps()).toBe(before);
    await test.page.goBack();
    await soon(() => param("by")).toBe("protocol,src.type,dst.type");
    await test.page.getByLabel("Add a dimension").selectOption("verdict");
    await soon(() => param("by")).toBe("protocol,src.type,dst.type,verdict");
    expect(await test.page.getByLabel("Add a dimension").count()).toBe(0);
  });

  it("every recommended question and every dimension is answered by the server; a tile opens its question", async () => {
    for (const { id, question, q } of PRESETS) {
      const params = questionParams(question, new URLSearchParams({ from: "-24h", to: "now", ...(q === "" ? {} : { q }) }));
      expect({ id, status: (await server.ask("GET", `/api/flows/top?${params}`)).status }).toEqual({ id, status: 200 });
      // What is recommended is answered fast on large stores, too.
      for (const name of ["limit", "rank", "previous"]) params.delete(name);
      expect({ id, ...(await server.ask<object>("GET", `/api/flows/plan?${params}`)).body }).toMatchObject({ id, known: true });
    }
    const by = DIMENSIONS.map(({ field }) => field);
    for (let i = 0; i < by.length; i += 4)
      expect((await server.ask("GET", `/api/flows/plan?by=${by.slice(i, i + 4)}`)).status, by.slice(i, i + 4).join()).toBe(200);
    await test.page.goto(`${server.url}/analyze?v=1&${DAYS}`);
    const tiles = test.page.getByRole("list", { name: "Recommended questions" }).getByRole("link");
    await soon(() => tiles.count()).toBe(PRESETS.length + LISTS.length);
    await tiles.filter({ hasText: "Failed and unanswered" }).click();
    await soon(() => [param("graph"), param("by"), param("q")]).toEqual([
      "sankey",
      "src.name,verdict,dst.name",
      "verdict in (refused,unanswered,denied)",
    ]);
    await test.page.locator(".sankey-link").first().waitFor({ state: "attached" });
    await test.page.getByRole("button", { name: "Recommended questions" }).click();
    await tiles.filter({ hasText: "Longest open" }).click();
    await soon(path).toBe("/traffic-logs");
    expect([param("sort"), param("q")]).toEqual(["duration", "state=open"]);
  });

  it("asks before it reads many rows, and says which dimension is to blame", async () => {
    // Rows as a large store has them: only what the server counts is made up.
    await test.page.route("**/api/flows/count?**", (route) => route.fulfill({ json: { count: 90_000_000 } }));
    let asked = 0;
    test.page.on("request", (request) => {
      if (request.url().includes("/api/flows/top?")) asked += 1;
    });
    await test.page.goto(`${server.url}/analyze?v=1&${DAYS}&graph=table&by=src.name,src.ip`);
    const note = test.page.getByText("No rollup has Source address with the rest: 2 d of single flows are read, about 90M rows.");
    await note.waitFor();
    expect([asked, await table().count()]).toEqual([0, 0]);
    await test.page.getByRole("button", { name: "Run it" }).click();
    await table().waitFor();
    expect(asked).toBe(1);
    await test.page.getByText("It is not asked again by itself.").waitFor();
    await test.page.unroute("**/api/flows/count?**");
  });

  it("can be used by everybody, light and dark", async () => {
    for (const [colorScheme, graph, by, picture] of [
      ["light", "sankey", "src.type,protocol,dst.type", "analyze-light"],
      ["dark", "heatmap", "src.name", "analyze-dark"],
    ] as const) {
      await test.page.emulateMedia({ colorScheme });
      await open(`graph=${graph}&by=${by}&previous=true`);
      await test.page.locator(".chart svg").first().waitFor();
      await expectAccessible(test.page);
      await soon(() => test.page.evaluate(lowContrast)).toEqual([]);
      await test.screenshot(picture);
    }
    await test.page.emulateMedia({ colorScheme: "light" });
  });
});
