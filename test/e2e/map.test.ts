/** The map in a real browser: what it draws is what the API tells, and leads to the rows behind it. */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TestServer } from "../../packages/server/src/testing.ts";
import { needs } from "../needs.ts";
import { expectAccessible } from "./harness/axe.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";
import { lowContrast } from "./harness/contrast.ts";
import { quarterHour } from "./harness/quarter-hour.ts";
import { deliver, startOffice } from "./harness/rows.ts";

const NOW = Math.ceil(Date.now() / 1000) * 1000;
const iso = (ms: number) => new Date(ms).toISOString().replace(".000Z", "Z");
const WINDOW = `from=${iso(NOW - 3_600_000)}&to=${iso(NOW)}`;

interface Pairs {
  readonly nodes: readonly { readonly id: string; readonly name: string | null }[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly bytes: number; readonly connections: number }[];
}

describe.skipIf(!needs("the map in a browser", "browser"))("the map", () => {
  let server: TestServer;
  let browser: Browser;
  let test: TestPage;
  let told: Pairs;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startOffice(), launch()]);
    await deliver(server, quarterHour(NOW, 80));
    told = (await server.ask<Pairs>("GET", `/api/flows/pairs?${WINDOW}`)).body;
    test = await TestPage.open(browser, `${server.url}/health`);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  afterEach(() => test.expectNoComplaints());

  const open = async (query = "") => {
    await test.page.goto(`${server.url}/map?v=1&${WINDOW}${query}`);
    await test.page.locator(".map-node, .map-table").first().waitFor();
  };
  const signs = () => test.page.locator(".map-node");
  const sign = (id: string) => test.page.locator(`.map-node[data-node="${id}"]`);
  const param = (name: string) => new URL(test.page.url()).searchParams.get(name);
  const focused = () => test.page.evaluate(() => document.activeElement?.closest<HTMLElement>("[data-node]")?.dataset.node);
  const placeOf = (id: string) => sign(id).boundingBox();
  /** Where the middle of a line is on the screen. */
  const middleOf = (edge: string) =>
    test.page.locator(`path[data-edge="${edge}"]`).evaluate((path) => {
      const line = path as SVGPathElement;
      const { x, y } = line.getPointAtLength(line.getTotalLength() / 2).matrixTransform(line.getScreenCTM() ?? undefined);
      return { x, y };
    });

  it("draws all that the API tells; can be used by everybody, light and dark", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      await test.page.emulateMedia({ colorScheme });
      await open();
      expect((await signs().evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.node))).sort()).toEqual(
        told.nodes.map(({ id }) => id).sort(),
      );
      expect(await test.page.locator("path[data-edge]").count()).toBe(told.edges.length);
      await test.page.getByText(`${told.edges.length} pairs, all drawn`).waitFor();
      await expectAccessible(test.page);
      await soon(() => test.page.evaluate(lowContrast)).toEqual([]);
    }
  });

  it("a line tells its pair, and leads to its rows", async () => {
    await open("&q=protocol%3Dtcp");
    const [source, destination] = ["node:debian", "node:inetgw"];
    const middle = await middleOf(`${source} ${destination}`);
    await test.page.mouse.move(middle.x, middle.y);
    await soon(() => test.page.locator(".map-tip").innerText()).toMatch(/debian[\s\S]*→[\s\S]*inetgw[\s\S]*[\d,]+ bytes/);
    await expect.poll(() => signs().evaluateAll((all) => all.filter((one) => one.matches(".map-node-lit")).length)).toBe(2);
    await test.page.mouse.click(middle.x, middle.y);
    await soon(() => new URL(test.page.url()).pathname).toBe("/traffic-logs");
    expect(param("q")).toBe("protocol=tcp and src.name=debian and src.type=node and dst.name=inetgw and dst.type=node");
    expect(`from=${param("from")}&to=${param("to")}`).toBe(WINDOW);
    const { flows } = await server.flows(
      `${WINDOW}&q=${encodeURIComponent("src.name=debian and dst.name=inetgw and protocol=tcp")}`,
    );
    await test.hasRows(flows.length);
  });

  it("the table has the same in numbers", async () => {
    await open();
    await test.page.getByRole("button", { name: "Table" }).click();
    await soon(() => param("view")).toBe("table");
    const rows = test.page.locator(".map-table tbody tr");
    await soon(() => rows.count()).toBe(told.edges.length);
    const amounts = () =>
      rows.evaluateAll((all) =>
        all.map((row) => [...row.querySelectorAll("td[title]")].map((cell) => cell.getAttribute("title"))),
      );
    const exactly = ({ bytes, connections }: Pairs["edges"][number]) => [
      `${bytes.toLocaleString("en-US")} ${bytes === 1 ? "byte" : "bytes"}`,
      `${connections.toLocaleString("en-US")} ${connections === 1 ? "connection" : "connections"}`,
    ];
    expect(await amounts()).toEqual(told.edges.map(exactly));
    await test.page.getByRole("button", { name: "Connections" }).click();
    await soon(() => param("sort")).toBe("-connections");
    await soon(async () => (await amounts()).map(([, connections]) => connections)).toEqual(
      told.edges
        .map(exactly)
        .map(([, connections]) => connections)
        .sort((a = "", b = "") => Number.parseInt(b, 10) - Number.parseInt(a, 10)),
    );
    const download = test.page.waitForEvent("download");
    await test.page.getByRole("button", { name: "Download CSV" }).click();
    expect((await download).suggestedFilename()).toBe("flowtrail-map.csv");
    await expectAccessible(test.page);
  });

  it("by keyboard: from node to node by volume, a menu, larger and smaller", async () => {
    await open();
    const order = await signs().evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.node));
    await test.page.locator(".map-surface").focus();
    for (const key of ["Tab", "j", "j", "k"]) await test.page.keyboard.press(key);
    expect(await focused()).toBe(order[1]);
    await test.page.locator(".map-tip").waitFor();
    const before = await placeOf(order[0] ?? "");
    await test.page.keyboard.press("+");
    await soon(() => placeOf(order[0] ?? "")).not.toEqual(before);
    await test.page.keyboard.press("-");
    await test.page.keyboard.press("0");
    await soon(() => placeOf(order[0] ?? "")).toEqual(before);
    // The same key asks for more time elsewhere.
    expect(`from=${param("from")}&to=${param("to")}`).toBe(WINDOW);
    await test.page.keyboard.press("Enter");
    const only = test.page.getByRole("menuitem", { name: "Only this" });
    await only.waitFor();
    await test.page.keyboard.press("Escape");
    await soon(focused).toBe(order[1]);
    // A menu on the map is no part of it: an unsteady hand moves nothing.
    await test.page.keyboard.press("Enter");
    await only.hover();
    const box = await only.boundingBox();
    await test.page.mouse.down();
    await test.page.mouse.move((box?.x ?? 0) + 14, (box?.y ?? 0) + 12, { steps: 4 });
    await test.page.mouse.up();
    await soon(() => param("q")).not.toBeNull();
  });

  it("what stands stays, also when one asks by something else; two clicks filter, a name is found", async () => {
    await open();
    const before = await placeOf("node:debian");
    const widths = () => test.page.locator(".map-line").evaluateAll((all) => all.map((one) => one.getAttribute("stroke-width")));
    const widthsBefore = await widths();
    await test.page.getByLabel("What is measured").selectOption("connections");
    await soon(() => param("metric")).toBe("connections");
    await soon(widths).not.toEqual(widthsBefore);
    expect(await test.page.locator(".map-screen[aria-busy=false]").count()).toBe(1);
    await test.page.getByLabel("Find on the map").fill("DEB");
    await test.page.getByText("1 found").waitFor();
    await soon(() => test.page.locator(".map-node-lit").count()).toBe(1);
    const middle = (box: typeof before) => box && [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
    expect(middle(await placeOf("node:debian"))).toEqual(middle(before));
    await sign("user:majdi@netmaker.io").locator("button").dblclick();
    await soon(() => param("q")).toBe("name=majdi@netmaker.io");
    expect(await test.page.getByRole("menu").count()).toBe(0);
    await soon(() => sign("node:debian").count()).toBe(0);
    await test.page.getByLabel("Who is told apart").selectOption("type");
    await soon(() => test.page.locator('.map-node[data-node="user"]').count()).toBe(1);
  });

  it("says so when it cannot be drawn", async () => {
    await open();
    await test.page.evaluate(() => {
      Math.imul = () => {
        throw new Error("no places");
      };
    });
    await test.page.getByLabel("Who is told apart").selectOption("type");
    await test.page.getByRole("alert").getByText("no places").waitFor();
    test.expectNoComplaints(/no places/);
  });
});
