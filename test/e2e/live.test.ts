/** Rows as they come in, in a real browser. */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { TestServer } from "../../packages/server/src/testing.ts";
import { needs } from "../needs.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";
import { quarterHour } from "./harness/quarter-hour.ts";
import { deliver, row, startOffice } from "./harness/rows.ts";

describe.skipIf(!needs("live rows in a browser", "browser"))("live rows", () => {
  let server: TestServer;
  let browser: Browser;
  let test: TestPage;
  const open = row(Date.now() - 20_000, 1000, { state: "open", src_port: 50_022, dst_port: 22, src_bytes: 1024 });

  beforeAll(async () => {
    [server, browser] = await Promise.all([startOffice(), launch()]);
    await deliver(server, [...quarterHour(Date.now(), 80), open]);
    test = await TestPage.open(browser, server.url);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  beforeEach(async () => {
    await test.page.goto(`${server.url}/traffic-logs?v=1&from=-1h&reports=merged`);
    await test.page.locator(".live-on").waitFor();
    await test.row("50022").waitFor();
  });
  afterEach(() => test.expectNoComplaints());
  const newRow = (port: number) => row(Date.now() - 100, 50, { src_port: 45_000, dst_port: port });

  it("appear on top by themselves", async () => {
    await deliver(server, [newRow(7001)]);
    await soon(() => test.rows.first().innerText()).toContain("TCP 7001");
  });

  it("move an open flow's counters, and end it, in place", async () => {
    await deliver(server, [{ ...open, revision: 1, src_bytes: 5 * 1024 * 1024, last_seen: new Date().toISOString() }]);
    await soon(() => test.row("50022").innerText()).toContain("5.00 MiB");
    await test.row("50022").click();
    await test.page.getByText("debian is connected to inetgw on TCP 22 (ssh)").waitFor();
    const end = new Date().toISOString();
    const ended = { state: "closed", end, last_seen: end, end_reason: "finished" };
    await deliver(server, [{ ...open, ...ended, revision: 2, src_bytes: 6 * 1024 * 1024 }]);
    await soon(() => test.row("50022").innerText()).toContain("End:");
    await test.page.getByText("debian connected to inetgw on TCP 22 (ssh)").waitFor();
    expect(await test.rows.filter({ hasText: "50022" }).count()).toBe(1);
  });

  it("wait while one reads further down, and say how many there are", async () => {
    await test.page.getByRole("grid").hover();
    await test.page.mouse.wheel(0, 600);
    await soon(() => test.page.locator(".log").evaluate((log) => log.scrollTop)).toBeGreaterThan(500);
    const before = await test.rows.first().getAttribute("id");
    await deliver(server, [newRow(7002), newRow(7003)]);
    await test.page.getByRole("button", { name: "2 new, resume" }).click();
    await test.row("TCP 7003").waitFor();
    await test.row("TCP 7002").waitFor();
    expect(await test.rows.first().getAttribute("id")).not.toBe(before);
    expect(await test.page.getByRole("button", { name: /new, resume/ }).count()).toBe(0);
  });

  it("wait while one points at a row, so that nothing moves under the pointer; counters go on", async () => {
    const box = await test.rows.first().boundingBox();
    if (box === null) throw new Error("there is no row");
    await test.page.mouse.move(box.x + 300, box.y + 10, { steps: 3 });
    await deliver(server, [newRow(7010)]);
    await test.page.getByRole("button", { name: "1 new, resume" }).waitFor();
    expect(await test.row("TCP 7010").count()).toBe(0);
    await test.page.mouse.move(10, 10);
    await test.row("TCP 7010").waitFor();
  });

  it("are all there is after the table was cleared, until all are asked for again", async () => {
    await test.page.getByRole("button", { name: "Clear", exact: true }).click();
    await test.page.getByText("Cleared. Rows appear here as they come in.").waitFor();
    await deliver(server, [newRow(7011)]);
    await test.row("TCP 7011").waitFor();
    expect(await test.rows.count()).toBe(1);
    await test.page.keyboard.press("r");
    await test.row("50022").waitFor();
  });

  it("of open flows alone: Active now", async () => {
    await test.page.getByRole("button", { name: "Active now" }).click();
    await soon(() => test.page.url()).toContain("q=state%3Dopen");
    await soon(() => test.rows.filter({ hasText: "End:" }).count()).toBe(0);
    expect(await test.page.getByRole("button", { name: "Active now" }).getAttribute("aria-pressed")).toBe("true");
    await test.page.getByRole("button", { name: "Active now" }).click();
    await soon(() => test.page.url()).not.toContain("q=");
  });

  it("are paused and resumed, by button and by key", async () => {
    await test.page.getByRole("button", { name: "Pause" }).click();
    await deliver(server, [newRow(7004)]);
    await test.page.getByRole("button", { name: "1 new, resume" }).waitFor();
    expect(await test.row("TCP 7004").count()).toBe(0);
    await test.page.keyboard.press("l");
    await test.row("TCP 7004").waitFor();
  });

  it("pass the filter that is on", async () => {
    await test.page.goto(`${server.url}/traffic-logs?v=1&from=-1h&reports=merged&q=protocol%3Dudp`);
    await test.page.locator(".live-on").waitFor();
    await deliver(server, [newRow(7005), { ...newRow(7006), protocol: 17 }]);
    await test.row("UDP 7006").waitFor();
    expect(await test.row("TCP 7005").count()).toBe(0);
  });

  it("are stopped: the time range stays as it was, until one goes back", async () => {
    await test.page.getByRole("button", { name: "Stop", exact: true }).click();
    await soon(() => new URL(test.page.url()).searchParams.get("to")).toMatch(/Z$/);
    await soon(() => test.page.getByRole("button", { name: "Pause" }).count()).toBe(0);
    await deliver(server, [{ ...newRow(7007), protocol: 17 }]);
    await test.row("UDP 7006").waitFor();
    expect(await test.row("UDP 7007").count()).toBe(0);
    await test.page.goBack();
    await test.row("UDP 7007").waitFor();
  });

  it("do not come into a window that ended in the past", async () => {
    await test.page.getByRole("button", { name: "Earlier" }).click();
    await soon(() => test.page.getByRole("button", { name: "Pause" }).count()).toBe(0);
  });
});
