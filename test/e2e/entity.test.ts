/** The page of one node, user or domain in a real browser: its numbers are the API's, and lead to the rows behind them. */
import { formatExactBytes } from "@flowtrail/model";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TestServer } from "../../packages/server/src/testing.ts";
import { needs } from "../needs.ts";
import { expectAccessible } from "./harness/axe.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";
import { lowContrast } from "./harness/contrast.ts";
import { quarterHour } from "./harness/quarter-hour.ts";
import { deliver, startOffice } from "./harness/rows.ts";

const NOW = Math.floor(Date.now() / 1000) * 1000;
const iso = (ms: number) => new Date(ms).toISOString().replace(".000Z", "Z");
const WINDOW = `from=${iso(NOW - 900_000)}&to=${iso(NOW)}`;
const USER = "majdi@netmaker.io";
const AS_SOURCE = `src.name=${USER} and src.type=user`;

interface Top {
  readonly rows: readonly { readonly by: readonly (string | null)[]; readonly value: number }[];
}

describe.skipIf(!needs("entity pages in a browser", "browser"))("the page of one", () => {
  let server: TestServer;
  let browser: Browser;
  let test: TestPage;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startOffice(), launch()]);
    await deliver(server, quarterHour(NOW));
    test = await TestPage.open(browser, `${server.url}/health`);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  afterEach(() => test.expectNoComplaints());

  const open = async (kind: string, name: string, query = WINDOW) => {
    await test.page.goto(`${server.url}/entity/${kind}?v=1&${query}&name=${encodeURIComponent(name)}`);
    await test.page.getByRole("heading", { level: 1, name }).waitFor();
  };
  const param = (name: string) => new URL(test.page.url()).searchParams.get(name);
  const pathname = () => new URL(test.page.url()).pathname;
  const list = (name: string) => test.page.getByRole("table", { name });
  const fact = (label: string) => test.page.locator(".entity-facts div", { hasText: label }).locator("dd").first();
  const top = async (by: string, q: string) =>
    (await server.ask<Top>("GET", `/api/flows/top?${WINDOW}&by=${by}&limit=6&q=${encodeURIComponent(q)}`)).body.rows;

  it("a user: what is known of it, and its traffic as the API tells it", async () => {
    await open("user", USER);
    await soon(() => test.page.title()).toBe(`${USER} · Flowtrail`);
    await soon(() => fact("Address").innerText()).toBe("100.102.137.21");
    expect(await fact("Network").innerText()).toBe("netmaker");
    const { body } = await server.ask<{ first: string }>("GET", `/api/flows/seen?by=name&value=${encodeURIComponent(USER)}`);
    expect(await fact("First seen").locator("time").getAttribute("datetime")).toBe(body.first);

    const peers = await top("dst.type,dst.name", AS_SOURCE);
    expect(peers.length).toBeGreaterThan(1);
    await list("Connects to").waitFor();
    const told = await list("Connects to")
      .locator("tbody td:nth-child(2)")
      .evaluateAll((cells) => cells.map((cell) => cell.getAttribute("title")));
    expect(told).toEqual(peers.map(({ value }) => formatExactBytes(value)));
    const services = await top("dst.port,protocol", `${AS_SOURCE} or dst.name=${USER} and dst.type=user`);
    expect(await list("Top services").getByRole("rowheader").count()).toBe(services.length);
    // Others open nothing to it.
    await test.page.getByRole("region", { name: "Reached by" }).getByText("None in this time range").waitFor();
    await expectAccessible(test.page);
  });

  it("leads to the rows behind it: what it is about, and what else is asked", async () => {
    await open("user", USER, `${WINDOW}&q=${encodeURIComponent("protocol=tcp")}`);
    await test.page.getByRole("link", { name: "View in Traffic Logs: Connects to" }).click();
    await soon(pathname).toBe("/traffic-logs");
    expect(param("q")).toBe(`${AS_SOURCE} and protocol=tcp`);
    expect(`from=${param("from")}&to=${param("to")}`).toBe(WINDOW);
    expect(param("name")).toBeNull();
    await soon(() => test.rows.count()).toBeGreaterThan(1);
    for (const text of await test.rows.allInnerTexts()) expect(text).toContain(USER);
    // Back: the query of the page is still what was asked on it.
    await test.page.goBack();
    await list("Connects to").waitFor();
    expect(param("q")).toBe("protocol=tcp");
    await test.page.locator(".figure", { hasText: "Active connections" }).getByRole("link").click();
    await soon(() => param("q")).toContain("state=open");
    expect(param("q")).toContain(AS_SOURCE);
  });

  it("from one to the other by the keyboard, and back", async () => {
    await open("user", USER);
    await list("Connects to").getByRole("button", { name: "inetgw" }).focus();
    await test.page.keyboard.press("Enter");
    await test.page.getByRole("menuitem", { name: "Open inetgw" }).focus();
    await test.page.keyboard.press("Enter");
    await test.page.getByRole("heading", { level: 1, name: "inetgw" }).waitFor();
    expect([pathname(), param("from")]).toEqual(["/entity/node", iso(NOW - 900_000)]);
    type Agents = { agents: readonly { name: string; last_seen: string }[] };
    const { agents } = (await server.ask<Agents>("GET", "/api/health")).body;
    const reported = agents.find(({ name }) => name === "inetgw")?.last_seen;
    await soon(() => fact("Last report").locator("time").getAttribute("datetime")).toBe(reported);
    await list("Reached by").getByRole("button", { name: "debian" }).waitFor();
    await test.page.goBack();
    await test.page.getByRole("heading", { level: 1, name: USER }).waitFor();
  });

  it("nobody of that name: what was looked for; known, but not then: where its traffic is", async () => {
    await open("node", "nobody-here");
    await test.page.getByRole("heading", { name: "Nothing is known of nobody-here" }).waitFor();
    await test.page.getByText("node “nobody-here” in the inventory").waitFor();
    await expectAccessible(test.page);
    await test.page.getByRole("link", { name: "Look in Traffic Logs" }).click();
    await soon(pathname).toBe("/traffic-logs");
    expect(param("q")).toContain("src.name=nobody-here");

    // There is a node of that name, but no user.
    await open("user", "inetgw");
    await test.page.getByRole("heading", { name: "Nothing is known of inetgw" }).waitFor();

    await open("external", "github.com", `from=${iso(NOW - 9_000_000)}&to=${iso(NOW - 8_000_000)}`);
    await test.page.getByRole("button", { name: "Go there" }).click();
    await list("Reached by").getByRole("button", { name: USER }).waitFor();
  });

  it("can be used by everybody, light and dark, with little room", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      await test.page.emulateMedia({ colorScheme });
      await open("user", USER);
      await list("Connects to").waitFor();
      await soon(() => fact("Last seen").count()).toBe(1);
      await expectAccessible(test.page);
      await soon(() => test.page.evaluate(lowContrast)).toEqual([]);
      await test.screenshot(`entity-${colorScheme}`);
    }
    await test.page.setViewportSize({ width: 768, height: 900 });
    await list("Connects to").scrollIntoViewIfNeeded();
    expect(await test.page.evaluate(() => document.documentElement.scrollWidth)).toBe(768);
  });
});
