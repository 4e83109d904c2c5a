/** What is around every screen: the sidebar, the global bar, the palette, keys, colours, and widths down to a tablet's. */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TestServer } from "../../packages/server/src/testing.ts";
import { Clock } from "../../packages/web/src/lib/clock.ts";
import { needs } from "../needs.ts";
import { expectAccessible } from "./harness/axe.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";
import { quarterHour } from "./harness/quarter-hour.ts";
import { deliver, row, startOffice } from "./harness/rows.ts";

const ZONE = "Europe/Berlin";
const LOGS = "/traffic-logs?v=1&from=-15m&reports=all";

describe.skipIf(!needs("the frame around the screens in a browser", "browser"))("the shell", () => {
  let server: TestServer;
  let browser: Browser;
  let test: TestPage;
  const nowMs = Date.now();

  beforeAll(async () => {
    [server, browser] = await Promise.all([startOffice({ now: () => nowMs }), launch()]);
    await deliver(server, [...quarterHour(nowMs, 20), row(nowMs - 3_000_000, 40, { dst_port: 8443, network: "lab" })]);
    test = await TestPage.open(browser, `${server.url}${LOGS}`, { atMs: nowMs, timezoneId: ZONE });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  afterEach(() => test.expectNoComplaints());

  const open = async (address: string) => {
    await test.page.goto(server.url + address);
  };
  const heading = (name: string) => test.page.getByRole("heading", { name, level: 1 });
  const link = (name: string) => test.page.getByRole("navigation", { name: "Main" }).getByRole("link", { name });
  const button = (name: string) => test.page.getByRole("button", { name, exact: true });
  const asked = () => {
    const { pathname, searchParams } = new URL(test.page.url());
    return [pathname, ...["net", "from", "to", "q"].map((name) => searchParams.get(name))];
  };
  const palette = () => test.page.getByRole("combobox", { name: "Go to, ask for or change anything" });
  const option = (name: string | RegExp) =>
    test.page.getByRole("listbox", { name: "Commands" }).getByRole("option", { name, exact: true });
  const shortcut = async (text: string) => {
    await test.page.keyboard.press("Control+k");
    await test.page.keyboard.type(text);
  };

  it("links between screens keep what is asked; back goes through all of it", async () => {
    const question = ["netmaker", "-1h", null, "port=443"];
    await open("/traffic-logs?v=1&net=netmaker&from=-1h&q=port%3D443&reports=all&cols=a");
    await heading("Traffic Logs").waitFor();
    for (const [name, path] of [
      ["Health", "/health"],
      ["Alerts", "/alerts"],
      ["Traffic Logs", "/traffic-logs"],
    ] as const) {
      await link(name).click();
      await heading(name).waitFor();
      expect(asked()).toEqual([path, ...question]);
      expect(await test.page.title()).toBe(`${name} · Flowtrail`);
      expect(await link(name).getAttribute("aria-current")).toBe("page");
    }
    await button("Zoom out").click();
    await soon(asked).toEqual(["/traffic-logs", "netmaker", "-2h", null, "port=443"]);
    for (const name of ["Traffic Logs", "Alerts", "Health", "Traffic Logs"]) {
      await test.page.goBack();
      await heading(name).waitFor();
      expect(asked().slice(1)).toEqual(question);
    }
    expect(test.page.url()).toContain("cols=a");
  });

  it("what is no screen says so, and leads back", async () => {
    await open("/no/such/page?v=1&from=-1h");
    await test.page.getByRole("heading", { name: "There is no such page" }).waitFor();
    expect(await test.page.title()).toBe("Not found · Flowtrail");
    await test.page.getByRole("link", { name: /^Go to / }).click();
    await test.page.getByRole("heading", { level: 1 }).waitFor();
    expect(asked()[1]).toBeNull();
    expect(asked()[2]).toBe("-1h");
  });

  it("a screen that cannot be loaded leaves the rest alive, and is tried again", async () => {
    await open(LOGS);
    await heading("Traffic Logs").waitFor();
    await test.page.route("**/assets/alerts-*.js", (route) => route.abort());
    await link("Alerts").click();
    await test.page.getByRole("alert").getByText("This screen could not be shown").waitFor();
    await link("Traffic Logs").click();
    await heading("Traffic Logs").waitFor();
    await test.page.goBack();
    await test.page.unroute("**/assets/alerts-*.js");
    await button("Try again").click();
    await heading("Alerts").waitFor();
    test.expectNoComplaints(/ERR_FAILED|alerts-|dynamically imported/);
  });

  describe("time", () => {
    it("is shifted and zoomed by button and by key, and typed", async () => {
      await open("/traffic-logs?v=1&from=2026-01-10T08:00:00Z&to=2026-01-10T09:00:00Z&reports=all");
      await heading("Traffic Logs").waitFor();
      const window = () => asked().slice(2, 4);
      await button("Earlier").click();
      await soon(window).toEqual(["2026-01-10T07:00:00Z", "2026-01-10T08:00:00Z"]);
      await test.page.keyboard.press("]");
      await soon(window).toEqual(["2026-01-10T08:00:00Z", "2026-01-10T09:00:00Z"]);
      await test.page.keyboard.press("[");
      await test.page.keyboard.press("-");
      await soon(window).toEqual(["2026-01-10T06:30:00Z", "2026-01-10T08:30:00Z"]);
      await test.page.keyboard.press("t");
      await test.page.getByLabel("Type a time range").fill("soon");
      await test.page.keyboard.press("Enter");
      await test.page.getByText("Not a time range").waitFor();
      await test.page.getByLabel("Type a time range").fill("36h");
      await test.page.keyboard.press("Enter");
      await soon(window).toEqual(["-36h", null]);
      await test.page.getByRole("dialog").waitFor({ state: "detached" });
      await button("Last 1 d 12 h").click();
      await test.page.getByRole("region", { name: "Recent time ranges" }).getByText("Last 1 d 12 h").waitFor();
      await button("Last 30 days").click();
      await soon(window).toEqual(["-30d", null]);
      expect(await button("Later").isDisabled()).toBe(true);
    });

    it("is written in the zone that is chosen, and so remembered", async () => {
      const [local, utc] = [new Clock(ZONE), new Clock("UTC")];
      const startMs = nowMs - 42_000;
      const shown = () => test.row("video.example.net").locator("time").first().innerText();
      await open(LOGS);
      await soon(shown).toBe(local.time(startMs));
      await button(`Time zone: Local time (${ZONE})`).click();
      await test.page.getByRole("menuitemradio", { name: "UTC" }).click();
      await soon(shown).toBe(utc.time(startMs));
      await test.page.reload();
      await soon(shown).toBe(utc.time(startMs));
      await test.page.keyboard.press("t");
      expect(await test.page.getByLabel("To", { exact: true }).inputValue()).toBe(utc.inputText(nowMs));
      // It takes keys once it has the focus.
      await test.page.locator("[role=dialog]:focus-within").waitFor();
      await test.page.keyboard.press("Escape");
      await test.page.getByRole("dialog").waitFor({ state: "detached" });
      await shortcut("local time");
      await test.page.keyboard.press("Enter");
      await soon(shown).toBe(local.time(startMs));
    });

    it("is in a link as it is asked, or as it is now", async () => {
      await open(LOGS);
      const copied = () => test.page.evaluate(() => navigator.clipboard.readText());
      await button("Copy link").click();
      await test.page.getByRole("menuitem", { name: "Copy this link" }).click();
      await soon(copied).toBe(server.url + LOGS);
      await test.page.getByRole("button", { name: /^(Copy link|Link copied)$/ }).click();
      await test.page.getByRole("menuitem", { name: "Copy link to this exact window" }).click();
      await soon(copied).toMatch(/traffic-logs\?v=1&from=\d{4}-[^&]+Z&to=\d{4}-[^&]+Z&reports=all$/);
    });
  });

  describe("the palette", () => {
    it("goes to screens, and is left without a trace", async () => {
      await open(LOGS);
      await heading("Traffic Logs").waitFor();
      await shortcut("heal");
      expect(await palette().inputValue()).toBe("heal");
      const active = await palette().getAttribute("aria-activedescendant");
      expect(await option(/^Health/).getAttribute("id")).toBe(active);
      await test.page.keyboard.press("Enter");
      await heading("Health").waitFor();
      const before = test.page.url();
      await test.page.getByRole("button", { name: "Go to…" }).click();
      await palette().waitFor();
      await test.page.keyboard.press("Escape");
      await palette().waitFor({ state: "detached" });
      expect(test.page.url()).toBe(before);
    });

    it("asks: a filter, a name, a domain, a time, a network", async () => {
      await open("/health?v=1");
      await heading("Health").waitFor();
      await shortcut("filter: port=443");
      await option("Filter: Port: 443 (https)").waitFor();
      await test.page.keyboard.press("Enter");
      await heading("Traffic Logs").waitFor();
      expect(asked()).toEqual(["/traffic-logs", null, "-15m", null, "port=443"]);
      await shortcut("git");
      await option(/^github\.com/).waitFor();
      await test.page.keyboard.press("Enter");
      await soon(() => asked()[4]).toBe("port=443 and dst.domain=github.com");
      await shortcut("majdi");
      await option(/^majdi@netmaker\.io.*User of netmaker/).waitFor();
      await test.page.keyboard.press("Escape");
      await shortcut("-2h");
      await option("Last 2 h").click();
      await soon(() => asked()[2]).toBe("-2h");
      await shortcut("lab");
      await option("lab").click();
      await soon(() => asked()[1]).toBe("lab");
      await shortcut("remove");
      await test.page.keyboard.press("Enter");
      await soon(() => asked()[4]).toBeNull();
    });

    it("walks with the arrows, around", async () => {
      await open(LOGS);
      await heading("Traffic Logs").waitFor();
      await test.page.keyboard.press("Control+k");
      const active = () => palette().getAttribute("aria-activedescendant");
      const first = await active();
      await test.page.keyboard.press("ArrowUp");
      expect(await active()).not.toBe(first);
      await option(/^Keyboard shortcuts/)
        .and(test.page.locator("[aria-selected=true]"))
        .waitFor();
      await test.page.keyboard.press("ArrowDown");
      expect(await active()).toBe(first);
      await test.page.keyboard.press("ArrowUp");
      await test.page.keyboard.press("Enter");
      await test.page.getByRole("dialog", { name: "Keyboard" }).waitFor();
      await test.page.keyboard.press("Escape");
    });
  });

  it("the keys that the help names do what it says", async () => {
    await open("/health?v=1&from=-1h");
    await heading("Health").waitFor();
    await test.page.keyboard.press("?");
    const help = test.page.getByRole("dialog", { name: "Keyboard" });
    await help.getByText("go to Traffic Logs").waitFor();
    await expectAccessible(test.page, "[role=dialog]");
    await test.page.keyboard.press("Escape");
    await help.waitFor({ state: "detached" });
    for (const key of ["g", "l"]) await test.page.keyboard.press(key);
    await heading("Traffic Logs").waitFor();
    expect(asked()[2]).toBe("-1h");
    await test.page.keyboard.press("/");
    await soon(() => test.page.evaluate(() => document.activeElement?.tagName)).toBe("INPUT");
    // Where one types, keys are letters.
    await test.page.keyboard.press("g");
    await test.page.keyboard.press("h");
    expect(await heading("Traffic Logs").count()).toBe(1);
  });

  it("the sidebar is icons by choice, and on a tablet; nothing is cut there", async () => {
    await open(LOGS);
    const width = async () => (await test.page.getByRole("navigation", { name: "Main" }).boundingBox())?.width ?? 0;
    await soon(width).toBeGreaterThan(150);
    await button("Sidebar with names").click();
    await soon(width).toBeLessThan(80);
    await test.page.reload();
    await soon(width).toBeLessThan(80);
    await button("Sidebar with names").click();
    await soon(width).toBeGreaterThan(150);

    await test.page.setViewportSize({ width: 768, height: 900 });
    await soon(width).toBeLessThan(80);
    await test.page.getByRole("combobox", { name: "Network", exact: true }).selectOption("lab");
    await soon(() => asked()[1]).toBe("lab");
    for (const name of ["Overview", "Traffic Logs", "Alerts", "Health"]) {
      await link(name).click();
      await heading(name).waitFor();
      expect([name, ...(await test.page.evaluate(outside))]).toEqual([name]);
    }
    await test.page.setViewportSize({ width: 1440, height: 900 });
  });

  describe.each(["light", "dark"] as const)("is accessible, %s:", (colorScheme) => {
    it("the sidebar, the bar, and a screen", async () => {
      await test.page.emulateMedia({ colorScheme });
      await open(LOGS);
      await heading("Traffic Logs").waitFor();
      await expectAccessible(test.page, "nav, search");
      await link("Alerts").click();
      await heading("Alerts").waitFor();
      await expectAccessible(test.page);
    });

    it("the palette and the time range", async () => {
      await shortcut("last");
      await option("Last 7 days").waitFor();
      await expectAccessible(test.page, "[role=dialog]");
      await option("Last 7 days").click();
      await heading("Traffic Logs").waitFor();
      await test.page.keyboard.press("t");
      await test.page.getByLabel("Type a time range").waitFor();
      await expectAccessible(test.page, "[role=dialog]");
      await test.page.keyboard.press("Escape");
    });
  });
});

/** Runs in the page: controls that stand outside of the window, or of what holds them, where nothing scrolls to them. */
function outside(): string[] {
  const scrolls = (element: Element | null): boolean =>
    element !== null && (/auto|scroll/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  const controls = [...document.querySelectorAll<HTMLElement>("button, a, input, select, h1")];
  const found = controls.filter((control) => {
    if (!control.checkVisibility() || scrolls(control.parentElement) || control.closest(".visually-hidden") !== null)
      return false;
    const { left, right } = control.getBoundingClientRect();
    return left < 0 || right > window.innerWidth + 0.5;
  });
  const wide = document.documentElement.scrollWidth > window.innerWidth ? ["the page scrolls sideways"] : [];
  return [...wide, ...found.map((control) => control.outerHTML.slice(0, 120))];
}
