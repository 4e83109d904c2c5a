/** The lists of nodes, users and networks in a real browser: what is known of each, its traffic as the API tells it, and the way to its page. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { formatExactBytes } from "@flowtrail/model";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { TestServer } from "../../packages/server/src/testing.ts";
import { needs } from "../needs.ts";
import { expectAccessible } from "./harness/axe.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";
import { lowContrast } from "./harness/contrast.ts";
import { quarterHour } from "./harness/quarter-hour.ts";
import { deliver, startOffice } from "./harness/rows.ts";

const NOW = Math.floor(Date.now() / 1000) * 1000;
/** It stands still: agents that said something a while ago would be silent. */
let serverMs = NOW;
const QUIET = "      - { id: quiet, addresses: [100.102.137.8] }";
const MORE = Array.from({ length: 1500 }, (_, i) => `      - { id: extra-${i}@example.com, groups: [crowd] }`).join("\n");

interface List {
  readonly entities: readonly { readonly name: string; readonly bytes: number; readonly removed: string | null }[];
  readonly total: number;
}

describe.skipIf(!needs("lists of the inventory in a browser", "browser"))("the inventory", () => {
  let server: TestServer;
  let browser: Browser;
  let test: TestPage;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startOffice({ now: () => serverMs }), launch()]);
    const file = join(server.data, "inventory.yaml");
    await writeFile(file, (await readFile(file, "utf8")).replace("    users:", `${QUIET}\n    users:`));
    await vi.waitUntil(async () => (await api("node")).total === 4, { timeout: 20_000 });
    await deliver(server, quarterHour(NOW));
    serverMs += 1000;
    test = await TestPage.open(browser, `${server.url}/overview?v=1&from=-1h&q=protocol=tcp`, { atMs: NOW });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  afterEach(() => test.expectNoComplaints());

  const heading = (name: string) => test.page.getByRole("heading", { level: 1, name });
  const rows = () => test.page.locator(".inventory-row");
  const names = () => rows().getByRole("rowheader").getByRole("link").allInnerTexts();
  const param = (name: string) => new URL(test.page.url()).searchParams.get(name);
  const api = async (kind: string) => (await server.ask<List>("GET", `/api/inventory/list?kind=${kind}&from=-1h`)).body;

  it("nodes: all of them with their agents and their traffic, the largest first, in one request", async () => {
    await heading("Overview").waitFor();
    await test.page.keyboard.press("g");
    const asked: string[] = [];
    test.page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await test.page.keyboard.press("n");
    await heading("Nodes").waitFor();
    const { entities } = await api("node");
    expect(entities.length).toBe(4);
    await soon(names).toEqual(entities.map(({ name }) => name));
    expect(param("from")).toBe("-1h");
    expect(asked.filter((path) => path.startsWith("/api/inventory") || path.startsWith("/api/flows"))).toEqual([
      "/api/inventory/list",
    ]);
    const [first] = entities;
    const row = rows().first();
    expect(await row.locator(`span[title="${formatExactBytes(first?.bytes ?? 0)}"]`).count()).toBe(1);
    const gateway = rows().filter({ hasText: "inetgw" });
    expect(await gateway.innerText()).toMatch(/gateway[\s\S]*netmaker[\s\S]*100\.102\.137\.4[\s\S]*reports/);
    await test.page.getByText("4 nodes · 3 agents report").waitFor();
    await test.page.getByRole("columnheader", { name: "Name" }).getByRole("button").click();
    await soon(names).toEqual(["debian", "inetgw", "officegw", "quiet"]);
    expect(param("sort")).toBe("name");
    await expectAccessible(test.page);
    await test.page.getByRole("button", { name: "Add an agent on quiet" }).click();
    await soon(() => test.page.getByLabel("Name of the node").inputValue()).toBe("quiet");
    await test.page.keyboard.press("Escape");
    await test.page.getByRole("dialog").waitFor({ state: "detached" });
  });

  it("a row leads to the page of its node, which has its rows and its history as views", async () => {
    await rows().getByRole("link", { name: "inetgw" }).focus();
    await test.page.keyboard.press("Enter");
    await heading("inetgw").waitFor();
    await test.page.getByRole("navigation", { name: "Views of it" }).getByRole("link", { name: "Traffic Logs" }).click();
    await soon(() => test.rows.count()).toBeGreaterThan(5);
    // The list tells of all flows, whatever was asked before, and so does the page. What is pinned is no part of the query.
    expect(param("q")).toBeNull();
    for (const text of await test.rows.allInnerTexts()) expect(text).toContain("inetgw");
    await test.page.getByRole("button", { name: /^UDP/ }).first().click();
    await soon(() => param("q")).toBe("protocol=udp");
    await soon(async () =>
      (await test.rows.allInnerTexts()).every((text) => text.includes("UDP") && text.includes("inetgw")),
    ).toBe(true);
    expect(param("view")).toBe("logs");
    await expectAccessible(test.page, ".entity-tabs");
    await test.page.getByRole("link", { name: "History" }).click();
    await test.page.getByRole("region", { name: "History" }).getByText("100.102.137.4").waitFor();
    await test.page.goBack();
    await test.page.goBack();
    await test.page.goBack();
    await test.page.goBack();
    await heading("Nodes").waitFor();
  });

  it("users: who left is told; two thousand of them are searched at once and drawn as far as they are seen", async () => {
    const file = join(server.data, "inventory.yaml");
    const before = await readFile(file, "utf8");
    serverMs += 5000;
    await writeFile(file, before.replace(/\n.*ana@example.com.*/, `\n${MORE}`));
    await soon(async () => (await api("user")).total).toBe(1502);
    await test.page.keyboard.press("g");
    await test.page.keyboard.press("u");
    await heading("Users").waitFor();
    await test.page.getByText("1,502 users").waitFor();
    expect(await rows().count()).toBeLessThan(60);
    const left = rows().filter({ hasText: "ana@example.com" });
    expect(await left.innerText()).toContain("removed");
    await test.page.keyboard.press("/");
    await test.page.keyboard.type("crowd 1499");
    await soon(names).toEqual(["extra-1499@example.com"]);
    expect(param("find")).toBe("crowd 1499");
    await test.page.keyboard.type(" nobody");
    await heading("Users").waitFor();
    await test.page.getByRole("button", { name: "Show all users" }).click();
    await test.page.getByText("1,502 users").waitFor();
    const list = test.page.getByRole("region", { name: "Users" });
    await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await soon(async () => (await names()).includes("extra-1499@example.com")).toBe(true);
    await test.page.getByText("Config files", { exact: true }).click();
    await heading("Config files").waitFor();
    await soon(names).toEqual(["printer-2nd-floor"]);
    await expectAccessible(test.page);
    serverMs += 5000;
    await writeFile(file, before);
    await soon(async () => (await api("user")).entities.filter(({ removed }) => removed === null).length).toBe(2);
  });

  it("networks: who is in them; its page leads to its nodes", async () => {
    await test.page.keyboard.press("g");
    await test.page.keyboard.press("w");
    await heading("Networks").waitFor();
    const row = rows().filter({ hasText: "netmaker" });
    await soon(() => row.innerText()).toMatch(/4 nodes, 2 users, 1 config file, 1 egress route\s+3 report/);
    await test.page.getByText("Egress routes", { exact: true }).click();
    await heading("Egress routes").waitFor();
    await soon(names).toEqual(["office-lan"]);
    await test.page.goBack();
    await row.getByRole("link").click();
    await heading("netmaker").waitFor();
    await test.page.getByRole("heading", { name: "Top nodes" }).waitFor();
    await expectAccessible(test.page);
    await test.page.getByRole("link", { name: "4 nodes" }).click();
    await heading("Nodes").waitFor();
    expect(param("net")).toBe("netmaker");
    await soon(() => rows().count()).toBe(4);
    // There are agents, but none of that network.
    await test.go(`${server.url}/networks?v=1&from=-1h&net=gone`);
    await test.page.getByRole("heading", { name: "No network “gone” is known" }).waitFor();
    await test.go(`${server.url}/nodes?v=1&from=-1h&net=netmaker`);
    await soon(() => rows().count()).toBe(4);
  });

  it("can be used by everybody, light and dark, with little room", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      await test.page.emulateMedia({ colorScheme });
      await soon(() => test.page.evaluate(lowContrast)).toEqual([]);
      await expectAccessible(test.page);
    }
    await test.page.setViewportSize({ width: 768, height: 900 });
    await soon(() => test.page.getByRole("columnheader", { name: "Over time" }).count()).toBe(0);
    expect(await test.page.evaluate(() => document.documentElement.scrollWidth)).toBe(768);
    const list = test.page.getByRole("region", { name: "Nodes" });
    expect(await list.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
  });
});
