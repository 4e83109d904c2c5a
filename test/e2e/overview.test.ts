/** The overview in a real browser, over days of seeded traffic: what it says is what the API says, and leads to the rows behind it. */
import { ARROW_CONTENT_TYPE, encodeBatch, FlowBatch, formatExactBytes, SENDER_COLUMNS } from "@flowtrail/model";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { startTestServer, type TestServer } from "../../packages/server/src/testing.ts";
import { needs } from "../needs.ts";
import { expectAccessible } from "./harness/axe.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";
import { lowContrast } from "./harness/contrast.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The last full hour: steps of hours are whole. */
const NOW = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
const ROWS = 20_000;
const iso = (ms: number) => new Date(ms).toISOString().replace(".000Z", "Z");
const DAYS = `from=${iso(NOW - 2 * DAY_MS)}&to=${iso(NOW)}`;

interface Chart {
  readonly step_ms: number;
  readonly from: string;
  readonly groups: readonly (string | null)[];
  readonly series: readonly (readonly number[])[];
}

describe.skipIf(!needs("the overview in a browser", "browser"))("the overview", () => {
  let server: TestServer;
  let browser: Browser;
  let test: TestPage;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startTestServer({ flags: { insecure_no_auth: true } }), launch()]);
    await server.ask("POST", "/api/seed", { body: { rows: ROWS, days: 3, until: iso(NOW) } });
    // Two agents, of which one said nothing for some hours.
    await covers("inetgw", 1, NOW - 40 * HOUR_MS, NOW - 30 * HOUR_MS);
    await covers("inetgw", 2, NOW - 24 * HOUR_MS, NOW);
    await covers("officegw", 1, NOW - 40 * HOUR_MS, NOW);
    // Sums by the hour may come later: until then the rows themselves tell the same.
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

  async function covers(node: string, sequence: number, covered_from: number, covered_to: number): Promise<void> {
    const metadata = { agent_version: "0.1.0", covered_from, covered_to, addresses: {}, drops: {}, gauges: {} };
    const upload = {
      token: null,
      body: encodeBatch(new FlowBatch(), { columns: SENDER_COLUMNS, metadata }),
      headers: { "content-type": ARROW_CONTENT_TYPE, "flowtrail-node": node, "flowtrail-batch": `${node}-${sequence}` },
    };
    // As an agent does: while reports of that time are elected again, it is asked to come later.
    const sent = async () => expect((await server.ask("POST", "/ingest/v1/flows", upload)).status).toBe(200);
    await vi.waitFor(sent, { timeout: 50_000, interval: 500 });
  }

  const open = async (query = DAYS, path = "/overview") => {
    await test.page.goto(`${server.url}${path}?v=1&${query}`);
    await hand().waitFor();
  };
  const hand = () => test.page.getByRole("slider");
  const param = (name: string) => new URL(test.page.url()).searchParams.get(name);
  const chartOf = async (query: string) => (await server.ask<{ chart: Chart }>("GET", `/api/overview?${query}`)).body.chart;
  /** Where the middle of a step is on the screen. */
  const placeOf = async (step: number, count: number) => {
    const box = await hand().boundingBox();
    if (box === null) throw new Error("the chart is not there");
    const [left, right] = [68, 10];
    return { x: box.x + left + ((step + 0.5) / count) * (box.width - left - right), y: box.y + box.height / 2 };
  };
  const drag = async (from: { x: number; y: number }, to: { x: number; y: number }) => {
    await test.page.mouse.move(from.x, from.y);
    await test.page.mouse.down();
    await test.page.mouse.move((from.x + to.x) / 2, from.y);
    await test.page.mouse.move(to.x, to.y);
    await test.page.mouse.up();
  };

  it("is the landing page; its figures are the API's", async () => {
    await open(DAYS, "/");
    const { body } = await server.ask<{ tiles: Record<string, { value: number }>; top: { nodes: { rows: { by: string[] }[] } } }>(
      "GET",
      `/api/overview?${DAYS}`,
    );
    const figure = (label: string) => test.page.locator(".figure", { has: test.page.getByRole("heading", { name: label }) });
    const { externals, denied } = body.tiles;
    expect(await figure("External domains").locator(".figure-value").innerText()).toContain(
      externals?.value.toLocaleString("en-US"),
    );
    expect(await figure("Denied").locator(".figure-value a").getAttribute("title")).toBe(
      `${denied?.value.toLocaleString("en-US")} reports`,
    );
    expect(await figure("Agents reporting").innerText()).toMatch(/[0-2] of 2/);
    const nodes = test.page.getByRole("table", { name: "Top nodes" }).getByRole("rowheader");
    expect(await nodes.allInnerTexts()).toEqual(body.top.nodes.rows.map(({ by }) => by[0]));
  });

  it("a look at a step tells what the API tells of it", async () => {
    await open();
    const { groups, series } = await chartOf(DAYS);
    const count = series[0]?.length ?? 0;
    const step = Math.floor(count / 2);
    const place = await placeOf(step, count);
    await test.page.mouse.move(place.x, place.y);
    const rows = await test.page.locator(".chart-tip tbody tr").allInnerTexts();
    const told = groups.map((_, i) => series[i]?.[step] ?? 0).filter((value) => value > 0);
    expect(rows).toHaveLength(told.length);
    for (const [i, value] of told.toReversed().entries()) expect(rows[i]).toContain(formatExactBytes(value));
    // In numbers it is the same.
    await test.page.getByRole("button", { name: "Table" }).click();
    const line = test.page.locator(".chart-table tbody tr").nth(count - 1 - step);
    expect(await line.locator("td").first().innerText()).toBe(formatExactBytes(series[0]?.[step] ?? -1));
    await expectAccessible(test.page);
    await test.page.getByRole("button", { name: "Table" }).click();
  });

  it("a brush zooms to whole steps; double-click and the back button undo it", async () => {
    await open();
    const { from, step_ms, series } = await chartOf(DAYS);
    const count = series[0]?.length ?? 0;
    const zoomed = [iso(Date.parse(from) + 10 * step_ms), iso(Date.parse(from) + 21 * step_ms)];
    await drag(await placeOf(10, count), await placeOf(20, count));
    await soon(() => [param("from"), param("to")]).toEqual(zoomed);
    await test.page.goBack();
    expect(DAYS).toBe(`from=${param("from")}&to=${param("to")}`);
    await hand().waitFor();
    await drag(await placeOf(20, count), await placeOf(10, count));
    await soon(() => [param("from"), param("to")]).toEqual(zoomed);
    await hand().dblclick({ position: { x: 200, y: 60 } });
    await soon(() => `from=${param("from")}&to=${param("to")}`).toBe(DAYS);
    await test.page.keyboard.down("Shift");
    await drag(await placeOf(10, count), await placeOf(20, count));
    await test.page.keyboard.up("Shift");
    await soon(() => param("to")).toBe(iso(NOW - 10 * step_ms));
  });

  it("by keyboard: from step to step, a choice, its undoing", async () => {
    await open();
    const { from, step_ms } = await chartOf(DAYS);
    await hand().focus();
    for (const key of ["Home", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight"]) await test.page.keyboard.press(key);
    expect(await hand().getAttribute("aria-valuenow")).toBe("3");
    expect(await hand().getAttribute("aria-valuetext")).toMatch(/^\w{3} \d+, .*: .* together [\d,]+ bytes/);
    await test.page.keyboard.press("Enter");
    await soon(() => [param("from"), param("to")]).toEqual([
      iso(Date.parse(from) + step_ms),
      iso(Date.parse(from) + 4 * step_ms),
    ]);
    await test.page.keyboard.press("Escape");
    await soon(() => `from=${param("from")}&to=${param("to")}`).toBe(DAYS);
  });

  it("what is drawn is chosen, and in the address", async () => {
    await open();
    await test.page.getByLabel("What is measured").selectOption("connections");
    await test.page.getByLabel("What it is divided by").selectOption("protocol");
    await test.page.getByRole("slider", { name: "Connections by protocol over time" }).waitFor();
    expect([param("metric"), param("group")]).toEqual(["connections", "protocol"]);
    await test.page.reload();
    await test.page.getByRole("slider", { name: "Connections by protocol over time" }).waitFor({ timeout: 40_000 });
    const legend = test.page.locator(".legend li");
    const { groups } = await chartOf(`${DAYS}&metric=connections&group=protocol`);
    expect((await legend.allInnerTexts()).map((text) => text.toLowerCase())).toEqual(groups);
    await legend.getByRole("button", { name: "UDP", exact: true }).click();
    await test.page.getByRole("menuitem", { name: "Exclude" }).click();
    await soon(() => param("q")).toMatch(/^protocol ?!= ?udp$/);
    await soon(() => legend.allInnerTexts()).not.toContain("UDP");
  });

  it("leads to the rows behind it: same time, same filter", async () => {
    await open(`${DAYS}&q=${encodeURIComponent("protocol=tcp")}`);
    await test.page.getByRole("link", { name: "View in Traffic Logs: Top users" }).click();
    await soon(() => new URL(test.page.url()).pathname).toBe("/traffic-logs");
    expect(`from=${param("from")}&to=${param("to")}`).toBe(DAYS);
    expect(param("q")).toBe("protocol=tcp and src.type=user");
    expect(param("metric")).toBe("bytes");
    await open(`${DAYS}&metric=connections`);
    const hrefs = await test.page
      .getByRole("link", { name: /^View in Traffic Logs: Top/ })
      .evaluateAll((links) => links.map((link) => new URL((link as HTMLAnchorElement).href).searchParams.get("metric")));
    expect(hrefs).toEqual(hrefs.map(() => "connections"));
    expect(hrefs).toHaveLength(4);
    const fresh = await test.page.locator(".new-domains li .field-value-text").allInnerTexts();
    await test.page.getByRole("link", { name: "View in Traffic Logs: New external domains" }).click();
    await soon(() => new URL(test.page.url()).pathname).toBe("/traffic-logs");
    expect(fresh.filter((domain) => !param("q")?.includes(domain))).toEqual([]);
    expect(param("q")).toMatch(fresh.length === 0 ? /^dst.type=external$/ : /^dst\.domain( in |=).* and dst\.type=external$/);
  });

  it("tells who was silent; can be used by everybody, light and dark", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      await test.page.emulateMedia({ colorScheme });
      await open();
      await test.page.locator(".chart-gap-edge").waitFor({ state: "attached" });
      await expectAccessible(test.page);
      await soon(() => test.page.evaluate(lowContrast)).toEqual([]);
      await test.screenshot(`overview-${colorScheme}`);
    }
    const { from, step_ms, series } = await chartOf(DAYS);
    const place = await placeOf(Math.floor((NOW - 27 * HOUR_MS - Date.parse(from)) / step_ms), series[0]?.length ?? 0);
    await test.page.mouse.move(place.x, place.y);
    await test.page.getByText("No reports from inetgw: there may have been more.").waitFor();
  });
});
