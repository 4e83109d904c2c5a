/** The panel of a row in a real browser, over a real server and store: each tab, each form it is copied in, its keys. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { explainFlow, type FlowJson, formatExactBytes } from "@flowtrail/model";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TestServer } from "../../packages/server/src/testing.ts";
import type { TimelineAnswer } from "../../packages/web/src/lib/types-flow.ts";
import { needs } from "../needs.ts";
import { expectAccessible } from "./harness/axe.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";
import { deliver, INBOUND, type Row, row, startOffice } from "./harness/rows.ts";

const BIN = fileURLToPath(new URL("../../node_modules/.bin", import.meta.url));

describe.skipIf(!needs("the panel of a row in a browser", "browser"))("the row panel", () => {
  let server: TestServer;
  let browser: Browser;
  let test: TestPage;
  const nowMs = Date.now();
  const iso = (ms: number) => new Date(ms).toISOString();
  const lossyMs = nowMs - 300_000;
  const lossy = { src_port: 40_001, src_bytes: 100_000, src_packets: 100, dst_bytes: 5000, dst_packets: 50 };
  const debianRow = row(lossyMs, 4000, lossy);
  const copyMs = nowMs - 60_000;
  /** A report of a flow that goes on, ten seconds after the one before. */
  const copying = (revision: number, src: number, dst: number, srcAdded: number, dstAdded: number): Row =>
    row(copyMs, revision * 10_000, {
      flow_id: "777000",
      revision,
      state: "open",
      dst_port: 22,
      src_port: 50_022,
      since: iso(copyMs + (revision - 1) * 10_000 + (revision > 1 ? 1 : 0)),
      ...{ src_bytes: src, dst_bytes: dst, src_bytes_delta: srcAdded, dst_bytes_delta: dstAdded },
    });

  beforeAll(async () => {
    [server, browser] = await Promise.all([startOffice({ now: () => nowMs }), launch()]);
    await deliver(server, [
      debianRow,
      // Five packets never came, and its clock is slow.
      row(lossyMs - 300, 4000, { ...INBOUND, ...lossy, src_bytes: 95_000, src_packets: 95 }),
      ...[copying(1, 4000, 100, 4000, 100), copying(2, 4000, 3100, 0, 3000), copying(3, 9000, 3100, 5000, 0)],
      row(nowMs - 320_000, 500, { reporter: "inetgw", src_ip: "100.102.137.4", dst_ip: "100.102.137.9", dst_port: 9100 }),
      row(nowMs - 420_000, 500, { dst_ip: "10.20.3.4", dst_port: 445, src_port: 40_002 }),
      // Longer ago than five minutes before.
      row(nowMs - 800_000, 500, { dst_ip: "10.20.3.5", dst_port: 445, src_port: 40_003 }),
      row(nowMs - 330_000, 20, { ...INBOUND, src_ip: "100.102.137.21", dst_port: 53, protocol: 17 }),
    ]);
    test = await TestPage.open(browser, server.url, { atMs: nowMs });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  afterEach(() => test.expectNoComplaints(/status of 404/));

  const panel = () => test.page.getByRole("complementary", { name: "Flow" });
  const address = (key: string, more = "") => `${server.url}/traffic-logs?v=1&from=-15m&reports=merged&flow=${key}${more}`;
  const lossyKey = `debian/${debianRow.flow_id}`;
  const open = async (key: string, tab?: string) => {
    await test.page.goto(address(key, tab === undefined ? "" : `&tab=${tab}`));
    await panel().getByRole("tab", { selected: true }).waitFor();
  };
  const ask = async <T>(path: string) => (await server.ask<T>("GET", path, { token: null })).body;
  const query = () => new URL(test.page.url()).searchParams.get("q");

  it("Overview: every value asks for itself, and the panel stays", async () => {
    await open(lossyKey);
    const source = panel().locator(".fact", { hasText: "Source" }).first();
    await source.getByRole("button", { name: "debian" }).click();
    await test.page.getByRole("menuitem", { name: "Open debian" }).waitFor();
    await test.page.keyboard.press("Escape");
    await test.page.getByRole("menuitem").first().waitFor({ state: "detached" });
    await source.getByRole("button", { name: "debian" }).click();
    await test.page.getByRole("menuitem", { name: "Exclude" }).click();
    await soon(query).toBe("src.name!=debian");
    await soon(() => test.rows.count()).toBe(2);
    await panel().getByRole("button", { name: "443", exact: true }).focus();
    await test.page.keyboard.press("f");
    await soon(query).toBe("src.name!=debian and dst.port=443");
    await panel().getByText("connected to inetgw on TCP 443 (https)").waitFor();
    await expectAccessible(test.page, ".panel");
  });

  it("Reports: side by side, with what differs marked and explained", async () => {
    await open(lossyKey, "reports");
    const table = panel().locator(".reports");
    const line = async (label: string) =>
      (
        await table
          .locator("tr", { has: test.page.getByRole("rowheader", { name: label, exact: true }) })
          .locator("td")
          .allInnerTexts()
      ).map((text) => text.replaceAll(/\s+/g, " "));
    await panel().getByRole("tab", { name: "Reports (2)" }).waitFor();
    expect(await table.locator("thead th").allInnerTexts()).toEqual(["Node", "debian", "inetgw"]);
    expect(await line("Source sent")).toEqual(["97.66 KiB", "92.77 KiB −5,000 bytes"]);
    expect(await line("Source's packets")).toEqual(["100", "95"]);
    expect(await line("Destination sent")).toEqual(["4.88 KiB", "4.88 KiB"]);
    expect((await line("Start"))[1]).toMatch(/−300 ms$/);
    expect(await table.locator("tr.differs th").allInnerTexts()).toEqual(["Source sent", "Start"]);
    const said = await panel().locator(".differences li").allInnerTexts();
    expect(said.map((text) => text.split(" ")[0])).toEqual(["Loss", "Clock"]);
    expect(said[0]).toContain("5,000 bytes of what debian sent (5%) were counted by debian but not by inetgw");
    expect(said[1]).toContain("inetgw saw it begin 300 ms before debian");
    await expectAccessible(test.page, ".panel");
  });

  it("Timeline: what the API tells, step by step; what was spread is labelled", async () => {
    await open("debian/777000", "timeline");
    const chart = panel().getByRole("slider", { name: "Bytes sent over the flow's life" });
    await chart.waitFor();
    const told = await ask<TimelineAnswer>("/api/flows/debian/777000/timeline?buckets=60");
    const sum = (values: readonly (number | string)[]) => values.reduce((all: number, value) => all + Number(value), 0);
    expect([sum(told.src_bytes), sum(told.dst_bytes)]).toEqual([9000, 3100]);
    expect(await panel().getByText("estimated", { exact: true }).count()).toBe(0);
    await expectAccessible(test.page, ".panel");
    await panel().getByRole("button", { name: "Table" }).click();
    const shown = panel().getByRole("region", { name: "Bytes sent over the flow's life, as a table" });
    expect(await shown.locator("thead th").allInnerTexts()).toEqual(["Time", "debian sent", "inetgw sent", "Together"]);
    const cells = await shown
      .locator("tbody tr")
      .evaluateAll((rows) => rows.map((one) => [...one.querySelectorAll("td")].map((cell) => cell.innerText)));
    const expected = told.src_bytes.map((src, i) =>
      [src, told.dst_bytes[i] ?? 0, sum([src, told.dst_bytes[i] ?? 0])].map((amount) => formatExactBytes(BigInt(amount))),
    );
    expect(cells).toEqual(expected.reverse());
    // It goes on.
    await deliver(server, [copying(4, 9000, 7100, 0, 4000)]);
    await panel().getByText("So far debian sent 8.79 KiB and received 6.93 KiB").waitFor();
    const received = async () =>
      (await shown.locator("tbody td:nth-of-type(2)").allInnerTexts()).reduce(
        (all, text) => all + Number(text.replaceAll(/\D/g, "")),
        0,
      );
    await soon(received).toBe(7100);
    // Of this one nobody told how it grew.
    await test.page.goto(address(lossyKey, "&tab=timeline"));
    await panel().getByText("estimated", { exact: true }).waitFor();
    await panel().getByRole("button", { name: "Table" }).click();
  });

  it("Related: pair, source and destination; a row opens its panel, the link the whole list", async () => {
    await open(lossyKey, "related");
    const list = (name: string) => panel().getByRole("region", { name, exact: true });
    const ends = (name: string) => list(name).locator(".related-ends").allInnerTexts();
    await list("Same destination").getByRole("listitem").first().waitFor();
    const row = (from: string, to: string) => `${from} →\nto ${to}`.replaceAll(/\s+/g, " ");
    const texts = async (name: string) => (await ends(name)).map((text) => text.replaceAll(/\s+/g, " "));
    await soon(() => texts("Same pair, either way")).toEqual([row("debian", "inetgw"), row("inetgw", "debian")]);
    await soon(() => texts("Same source")).toEqual([row("debian", "inetgw"), row("debian", "office-lan")]);
    await soon(() => texts("Same destination")).toEqual([row("debian", "inetgw"), row("majdi@netmaker.io", "inetgw")]);
    await expectAccessible(test.page, ".panel");
    await list("Same destination").getByRole("link", { name: /majdi/ }).click();
    await panel().getByText("majdi@netmaker.io on laptop talked to inetgw").waitFor();
    await test.page.goBack();
    await list("Same source").getByRole("link", { name: "All in Traffic Logs: Same source" }).click();
    await panel().waitFor({ state: "detached" });
    expect(query()).toBe("src.name=debian");
    await test.hasRows(2 + 1);
  });

  it("is copied as text, JSON, Markdown, curl and command; the last two find it", async () => {
    await open(lossyKey);
    const { flow } = await ask<{ flow: FlowJson }>(`/api/flows/${lossyKey}`);
    const copied = async (form: string) => {
      await panel()
        .getByRole("button", { name: /^(Copy as …|Copied)$/ })
        .click();
      await test.page.getByRole("menuitem", { name: form, exact: true }).click();
      await panel().getByRole("button", { name: "Copied" }).waitFor();
      return test.page.evaluate(() => navigator.clipboard.readText());
    };
    const text = await copied("Text");
    expect(text.split("\n")[0]).toBe(explainFlow(flow));
    expect(text).toContain("Sent by source: 97.66 KiB · 100,000 bytes · 100 packets");
    expect(JSON.parse(await copied("JSON"))).toEqual(flow);
    expect(await copied("Markdown")).toContain("| Node | debian |");

    const run = async (command: string) => {
      const env = { ...process.env, PATH: `${BIN}:${process.env.PATH}`, FLOWTRAIL_TOKEN: "none" };
      return (await promisify(execFile)("sh", ["-c", command], { env })).stdout;
    };
    const byCurl = JSON.parse(await run(`${await copied("curl command")} --silent`)) as { flow: FlowJson };
    expect(byCurl.flow).toEqual(flow);
    const lines = (await run(`${await copied("flowtrail command")} --server ${server.url}`)).trim().split("\n");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ reporter: "debian", flow_id: flow.flow_id, src_bytes: 100_000 });
  });

  it("with the keyboard: opens, goes through tabs and rows, becomes wider, closes", async () => {
    await test.page.goto(`${server.url}/traffic-logs?v=1&from=-15m&reports=merged`);
    await test.hasRows(6);
    for (const key of ["j", "Enter"]) await test.page.keyboard.press(key);
    const focused = () =>
      test.page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent);
    await soon(focused).toBe("Flow");
    await test.page.keyboard.press("Tab");
    expect(await focused()).toBe("Width of the panel");
    const width = async () => (await panel().boundingBox())?.width ?? 0;
    // It slides in.
    await soon(width).toBe(540);
    for (const key of ["ArrowLeft", "ArrowLeft", "ArrowRight"]) await test.page.keyboard.press(key);
    await soon(width).toBe(564);
    while ((await focused()) !== "Overview") await test.page.keyboard.press("Tab");
    for (const key of ["ArrowRight", "ArrowRight"]) await test.page.keyboard.press(key);
    await soon(() => new URL(test.page.url()).searchParams.get("tab")).toBe("timeline");
    const first = new URL(test.page.url()).searchParams.get("flow");
    await test.page.keyboard.press("j");
    await soon(() => new URL(test.page.url()).searchParams.get("flow")).not.toBe(first);
    expect(await panel().getByRole("tab", { selected: true }).innerText()).toBe("Timeline");
    await test.page.reload();
    await panel().getByRole("tab", { name: "Timeline", selected: true }).waitFor();
    await soon(width).toBe(564);
    // The list, which the focus goes back to, may come after the panel.
    await test.hasRows(6);
    await test.page.keyboard.press("Escape");
    await panel().waitFor({ state: "detached" });
    await soon(() => test.page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("grid");
    expect(new URL(test.page.url()).searchParams.has("tab")).toBe(false);
  });

  it("Compare: a row is kept, and beside another one only what differs is told", async () => {
    await open(lossyKey);
    await panel().getByRole("button", { name: "Compare with other rows" }).click();
    await panel().getByRole("tab", { name: "Compare" }).click();
    await panel().getByText("This row is kept. Open another one").waitFor();
    await test.go(`${address("debian/777000", "&tab=compare")}&compare=${lossyKey}`);
    const table = panel().getByRole("region", { name: "Compared rows" });
    const line = (label: string) =>
      table
        .locator("tr", { has: test.page.getByRole("rowheader", { name: label, exact: true }) })
        .locator("td")
        .allInnerTexts();
    await soon(() => line("State")).toEqual(["Open", "Closed"]);
    expect(await line("Protocol")).toEqual(["TCP · 22 · ssh", "TCP · 443 · https"]);
    await panel()
      .getByText(/The same in all of them: .*Reported by|The same in all of them: .*Node/)
      .waitFor();
    await expectAccessible(test.page, ".panel");
    await table.getByRole("button", { name: "Compare with debian → inetgw no more" }).click();
    await panel().getByRole("tab", { name: "Compare" }).waitFor({ state: "detached" });
    // One of them is gone: the others are compared, and it can be taken back.
    await test.go(`${address("debian/777000", "&tab=compare")}&compare=${lossyKey}&compare=debian/404`);
    await soon(() => line("State")).toEqual(["Open", "Closed"]);
    await panel().getByRole("button", { name: "Compare with debian/404 no more" }).click();
    await table.getByRole("button", { name: "Compare with debian → inetgw no more" }).click();
    await panel().getByRole("tab", { name: "Compare" }).waitFor({ state: "detached" });
    expect(new URL(test.page.url()).searchParams.has("compare")).toBe(false);
  });

  it("is as wide as the screen where that is narrow, and its edge is dragged where it is not", async () => {
    await open(lossyKey, "json");
    const box = async () => (await panel().boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    await soon(async () => (await box()).width).toBe(564);
    const { x, y, width } = await box();
    await test.page.mouse.move(x, y + 200);
    await test.page.mouse.down();
    await test.page.mouse.move(x + 100, y + 200, { steps: 4 });
    await test.page.mouse.up();
    await soon(async () => (await box()).width).toBe(width - 100);
    await test.page.setViewportSize({ width: 1000, height: 900 });
    const room = await test.page.locator(".log-columns").evaluate((element) => element.clientWidth);
    await soon(async () => (await box()).width).toBeGreaterThan(room - 60);
    expect(await panel().getByRole("separator").isVisible()).toBe(false);
    await expectAccessible(test.page, ".panel");
  });
});
