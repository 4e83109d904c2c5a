/** The table of the traffic log: its columns, order, ends, reports and exports, over thousands of rows. */
import { readFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { TestServer } from "../../packages/server/src/testing.ts";
import { needs } from "../needs.ts";
import { expectAccessible } from "./harness/axe.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";
import { quarterHour } from "./harness/quarter-hour.ts";
import { deliver, startOffice } from "./harness/rows.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });
const CONNECTIONS = 4200;

describe.skipIf(!needs("the table of the traffic log in a browser", "browser"))("the table", () => {
  let server: TestServer;
  let browser: Browser;
  let test: TestPage;
  /** Both clocks stand still; all rows are of the hours before. */
  const nowMs = Date.now();

  beforeAll(async () => {
    [server, browser] = await Promise.all([startOffice({ now: () => nowMs }), launch()]);
    await deliver(server, quarterHour(nowMs, CONNECTIONS));
    test = await TestPage.open(browser, server.url, { atMs: nowMs });
    await test.without("histogram", "facets.shown");
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  beforeEach(() => open());
  afterEach(() => test.expectNoComplaints());

  async function open(more = ""): Promise<void> {
    await test.go(`/traffic-logs?v=1&from=-1h&reports=merged${more}`);
    await test.rows.first().waitFor();
    await soon(() => test.page.locator(".log-old").count()).toBe(0);
  }
  const heads = () => test.page.locator("thead th").allInnerTexts();
  const head = (label: string) => test.page.locator("thead th", { hasText: label });
  const log = () => test.page.locator(".log");
  const button = (name: string) => test.page.getByRole("button", { name, exact: true });

  it("shows the columns that are chosen, in the order that is chosen; the address says them, and they are remembered", async () => {
    await button("Columns").click();
    await test.page.getByRole("checkbox", { name: "Packets" }).check();
    await test.page.getByRole("checkbox", { name: "Verdict" }).uncheck();
    await button("Move Packets up").press("Enter");
    const expected = ["Event", "Source", "Protocol & Port", "Destination", "Traffic", "Packets", "Duration"];
    await soon(heads).toEqual(expected);
    expect(test.page.url()).toContain("cols=event%2Csource%2Cprotocol%2Cdestination%2Ctraffic%2Cpackets%2Cduration");
    await test.page
      .locator(".picker-list li", { hasText: "Duration" })
      .dragTo(test.page.locator(".picker-list li", { hasText: "Event" }));
    await soon(heads).toEqual(["Duration", ...expected.slice(0, -1)]);
    await test.page.getByText("Dense", { exact: true }).click();
    await soon(async () => (await test.rows.first().boundingBox())?.height).toBe(28);
    await test.page.reload();
    await test.rows.first().waitFor();
    expect(await heads()).toEqual(["Duration", ...expected.slice(0, -1)]);
    await open();
    expect(await heads()).toEqual(["Duration", ...expected.slice(0, -1)]);
    await button("Columns").click();
    await button("Reset").click();
    await test.page.keyboard.press("Escape");
    await soon(heads).toEqual([...expected.slice(0, 5), "Verdict", "Duration"]);
    expect(test.page.url()).not.toContain("cols=");
  });

  it("sizes a column by keyboard, by drag and to what it shows", async () => {
    const width = async () => Math.round((await head("Source").boundingBox())?.width ?? 0);
    const handle = test.page.getByRole("button", { name: "Width of Source" });
    const before = await width();
    await handle.press("ArrowLeft");
    await soon(width).toBe(before - 16);
    const box = await handle.boundingBox();
    if (box === null) throw new Error("the column has no edge");
    await test.page.mouse.move(box.x + 5, box.y + 10);
    await test.page.mouse.down();
    await test.page.mouse.move(box.x + 45, box.y + 10, { steps: 4 });
    await test.page.mouse.up();
    await soon(width).toBe(before + 24);
    await handle.dblclick();
    await soon(width).not.toBe(before + 24);
    const cut = await test.page
      .locator("tbody td:nth-child(2) .cut")
      .evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).length);
    expect(cut).toBe(0);
    await button("Columns").click();
    await button("Reset").click();
    await test.page.keyboard.press("Escape");
  });

  it("is sorted by a click on a head, and says by what", async () => {
    const bytes = async () => (await test.cells(test.rows.first()))[4];
    await head("Traffic").getByRole("button", { name: "Traffic", exact: true }).click();
    await soon(() => head("Traffic").getAttribute("aria-sort")).toBe("descending");
    await soon(bytes).toContain("45.88 MiB");
    expect(test.page.url()).toContain("sort=bytes");
    await test.page.getByText("Most bytes first").waitFor();
    await head("Traffic").getByRole("button", { name: "Traffic", exact: true }).click();
    await soon(() => head("Traffic").getAttribute("aria-sort")).toBe("ascending");
    await soon(bytes).not.toContain("MiB");
    await test.page.goBack();
    await soon(bytes).toContain("45.88 MiB");
    await head("Event").getByRole("button", { name: "Event", exact: true }).click();
    await soon(() => test.page.url()).not.toContain("sort=");
  });

  it("goes on and on, forgets what is far away, and finds it again", async () => {
    await test.page.goto(`${server.url}/traffic-logs?v=1&from=-12h&reports=merged`);
    const first = await test.rows.first().getAttribute("id");
    const status = () => test.page.locator(".status-line").innerText();
    const scrollTo = (top: number | "end") =>
      log().evaluate((element, to) => element.scrollTo({ top: to === "end" ? element.scrollHeight : to }), top);
    const ends = test.page.getByText("No older rows in this time range");
    for (let steps = 0; (await ends.count()) === 0; steps++) {
      expect(steps).toBeLessThan(500);
      await scrollTo("end");
      await test.page.waitForTimeout(100);
    }
    // Some 4,200 connections were walked through; not all of them are held, and few are drawn.
    const held = Number(/^([\d,]+) rows/.exec(await status())?.[1]?.replaceAll(",", ""));
    expect(held).toBeLessThan(3400);
    expect(await test.rows.count()).toBeLessThan(60);
    for (let steps = 0; (await test.rows.first().getAttribute("id")) !== first; steps++) {
      expect(steps).toBeLessThan(500);
      await scrollTo(0);
      await test.page.waitForTimeout(100);
    }
  });

  it("begins at a time that the address names, and leads both ways from there, without a jump", async () => {
    const atMs = nowMs - 1_800_000;
    await open(`&at=${new Date(atMs).toISOString()}`);
    // Rows of before the time were asked for, too: the one at the top of the screen is still the first of it.
    const top = () =>
      log().evaluate((element) => {
        const edge = element.getBoundingClientRect().top + 40;
        const row = [...element.querySelectorAll("tbody tr")].find((one) => one.getBoundingClientRect().bottom > edge);
        return row?.querySelector("time")?.getAttribute("datetime") ?? "";
      });
    await soon(() => log().evaluate((element) => element.scrollTop)).toBeGreaterThan(1000);
    const shown = Date.parse(await top());
    expect(shown).toBeLessThanOrEqual(atMs);
    expect(shown).toBeGreaterThan(atMs - 20_000);
    await test.page.getByRole("grid").hover();
    await test.page.mouse.wheel(0, -800);
    await soon(async () => Date.parse(await top())).toBeGreaterThan(atMs);
    await test.page.getByRole("button", { name: /^from \d/ }).click();
    await soon(() => test.page.url()).not.toContain("at=");
    // Another question has other rows: the list begins at its beginning.
    await open(`&at=${new Date(atMs).toISOString()}`);
    await button("Earlier").click();
    await soon(() => test.page.url()).not.toContain("at=");
  });

  it("shows what each node said of a connection, by pointer and by keyboard", async () => {
    const row = test.row("Refused");
    await row.getByRole("button", { name: "2 reports" }).click();
    const reports = test.page.locator("tr.log-report");
    await soon(() => reports.count()).toBe(2);
    expect((await reports.allInnerTexts()).map((text) => /Node: (\w+)/.exec(text)?.[1]).sort()).toEqual(["debian", "inetgw"]);
    expect(await reports.nth(1).innerText()).toMatch(/→\s*60 B\s*←\s*40 B/);
    await row.getByRole("button", { name: "2 reports" }).click();
    await soon(() => reports.count()).toBe(0);
    await open("&q=verdict%3Drefused");
    await test.rows.first().getByText("2 reports").waitFor();
    await test.page.keyboard.press("j");
    await test.page.keyboard.press("ArrowRight");
    await soon(() => reports.count()).toBe(2);
    await test.page.keyboard.press("ArrowLeft");
    await soon(() => reports.count()).toBe(0);
  });

  it("is walked by keyboard into the values of a row, which are asked for, excluded and swapped by a key", async () => {
    const press = async (...keys: string[]) => {
      for (const key of keys) await test.page.keyboard.press(key);
    };
    const focused = () => test.page.evaluate(() => document.activeElement?.textContent ?? "");
    const asked = () => new URL(test.page.url()).searchParams.get("q") ?? "";
    await open("&q=src.name%3Ddebian");
    await soon(async () => (await test.cells(test.rows.first()))[1]).toContain("debian");
    await press("j", "j");
    for (let steps = 0; (await focused()) !== "debian"; steps++) {
      expect(steps).toBeLessThan(6);
      await press("ArrowRight");
    }
    await press("ArrowRight");
    expect(await focused()).toBe("Node");
    await press("ArrowLeft", "e");
    await soon(asked).toBe("name=debian");
    await test.go("/traffic-logs?v=1&from=-1h&reports=merged&q=src.name%3Ddebian%20and%20dst.port%3D443");
    await press("s");
    await soon(asked).toBe("dst.name=debian and src.port=443");
  });

  it("leaves a question that takes long, keeps what was there, and asks again", async () => {
    const before = await test.rows.first().getAttribute("id");
    let left = 0;
    await test.page.route("**/api/flows?*", () => {}); // never answered
    test.page.on("requestfailed", () => left++);
    await test.go("/traffic-logs?v=1&from=-1h&reports=merged&q=protocol%3Dudp");
    await test.page.clock.setFixedTime(nowMs + 2000);
    await test.page.getByText("Asking …").waitFor();
    expect(await test.rows.first().getAttribute("id")).toBe(before);
    await button("Cancel").click();
    await test.page.getByText("Cancelled: these rows are of the question before").waitFor();
    expect(await test.rows.first().getAttribute("id")).toBe(before);
    await soon(() => left).toBeGreaterThan(0);
    await test.page.unroute("**/api/flows?*");
    await test.page.clock.setFixedTime(nowMs);
    await test.page.locator(".running").getByRole("button", { name: "Ask again" }).click();
    await soon(() => test.rows.first().getAttribute("id")).not.toBe(before);
    expect(await test.cells(test.rows.first())).toEqual(expect.arrayContaining([expect.stringContaining("UDP")]));
    await test.page.getByText("Cancelled").waitFor({ state: "detached" });
  });

  it("hands a query with a mistake on to nobody", async () => {
    await test.go("/traffic-logs?v=1&from=-1h&reports=merged&q=scr.name%3Dx");
    for (const name of ["Export", "View as command, curl or SQL"]) {
      await button(name).click();
      const dialog = test.page.getByRole("dialog");
      await dialog.getByText('The query has a mistake: unknown field "scr.name"').waitFor();
      expect(await dialog.getByRole("button", { name: "Download" }).count()).toBe(0);
      await test.page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
    }
  });

  it("reads links that say conditions as parameters of their own", async () => {
    await test.page.goto(`${server.url}/traffic-logs?v=1&from=-1h&protocol=tcp&protocol=icmp&src_type=user`);
    await soon(() => new URL(test.page.url()).searchParams.get("q")).toBe("protocol in (tcp, icmp, icmpv6) and src.type=user");
    await test.rows.first().waitFor();
  });

  it("is exported: counted first, with the columns of the table, as a download", async () => {
    await test.page.evaluate(() => Object.assign(window, { showSaveFilePicker: undefined }));
    await button("Export").click();
    const dialog = test.page.getByRole("dialog", { name: "Export" });
    const count = Number((await dialog.getByText(/^[\d,]+ rows$/).innerText()).replaceAll(/\D/g, ""));
    await dialog.getByRole("radio", { name: /Those of the table/ }).check();
    const [download] = await Promise.all([
      test.page.waitForEvent("download"),
      dialog.getByRole("link", { name: "Download" }).click(),
    ]);
    const lines = (await readFile(await download.path(), "utf8")).trimEnd().split(/\r?\n/);
    expect(lines[0]).toMatch(/^start,end,state,reporter,direction,src_name,/);
    expect(lines).toHaveLength(count + 1);
    await dialog.getByText("The same on the command line").click();
    await dialog.getByText(/^flowtrail export --format csv --from -1h --columns start,end/).waitFor();
    await test.page.keyboard.press("Escape");
  });

  it("is streamed into a file that the browser lets the page write, and says how far it is", async () => {
    await test.page.evaluate(() => {
      const written: number[] = [];
      const createWritable = async () => new WritableStream<Uint8Array>({ write: (chunk) => void written.push(chunk.length) });
      Object.assign(window, { written, showSaveFilePicker: async () => ({ createWritable }) });
    });
    await button("Export").click();
    await test.page.getByText("NDJSON", { exact: true }).click();
    await button("Download").click();
    await test.page.getByText(/^Written: [\d.]+ [KM]iB, complete\.$/).waitFor();
    const written = await test.page.evaluate(() =>
      (window as unknown as { written: number[] }).written.reduce((sum, size) => sum + size, 0),
    );
    expect(written).toBeGreaterThan(100_000);
    await test.page.keyboard.press("Escape");
  });

  it("tells its question to other tools: command, curl, and SQL for administrators", async () => {
    await button("View as command, curl or SQL").click();
    const dialog = test.page.getByRole("dialog", { name: "This question elsewhere" });
    await dialog.getByText("flowtrail export --format ndjson --from -1h").waitFor();
    await dialog.getByRole("tab", { name: "SQL" }).click();
    await dialog.getByText(/FROM flows/).waitFor();
    await test.page.keyboard.press("Escape");
  });

  it.each(["light", "dark"] as const)("can be used by everybody (%s)", async (colorScheme) => {
    await test.page.emulateMedia({ colorScheme });
    // A few rows are as good as many, and are looked at in less time.
    await test.page.setViewportSize({ width: 1440, height: 560 });
    const rules = colorScheme === "dark" ? ["color-contrast"] : [];
    // The address of the other colours is the same: its reports are shown still.
    await test.page.goto(`${server.url}/traffic-logs?v=1&from=-1h&reports=merged&pin=1&q=verdict%3Drefused`);
    await soon(() => test.page.locator(".expander").count()).toBeGreaterThan(0);
    await test.page.locator(".expander").first().click();
    await soon(() => test.page.locator("tr.log-report").count()).toBeGreaterThan(1);
    await expectAccessible(test.page, ".log", rules);
    await expectAccessible(test.page, ".log-toolbar", rules);
    await button("Columns").click();
    // It is faded in; what is half transparent has half the contrast.
    await soon(() => test.page.locator("[role=dialog]").evaluate((element) => getComputedStyle(element).opacity)).toBe("1");
    await expectAccessible(test.page, ".picker", rules);
    await test.page.keyboard.press("Escape");
    await button("Export").click();
    await test.page.getByText("The same on the command line").click();
    await expectAccessible(test.page, "[role=dialog]", rules);
  });
});
