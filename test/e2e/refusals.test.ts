/** In a real browser: what nobody would answer is not asked, and what the browser refuses is done in another way or told. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestServer } from "../../packages/server/src/testing.ts";
import { needs } from "../needs.ts";
import { launch, TestPage } from "./harness/browser.ts";
import { AT_GATEWAY, deliver, row, startOffice } from "./harness/rows.ts";

const ROWS = 2;

describe.skipIf(!needs("refusals in a browser", "browser"))("what is refused", () => {
  let server: TestServer;
  let browser: Browser;
  /** Both clocks stand still: relative windows hold what they held. */
  const nowMs = Date.now();

  beforeAll(async () => {
    [server, browser] = await Promise.all([startOffice({ now: () => nowMs }), launch()]);
    const github = { dst_ip: "20.26.156.215", domain: "github.com", domain_source: "sni" };
    await deliver(server, [
      row(nowMs - 400_000, 900, { ...AT_GATEWAY, ...github, src_ip: "100.102.137.30", src_port: 40_001 }),
      row(nowMs - 430_000, 10, { dst_ip: "10.20.3.4", dst_port: 9100, verdict: "unanswered" }),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  it("a value is copied also where the browser gives the page no clipboard; where it can't be, that is told", async () => {
    const other = await TestPage.open(browser, `${server.url}/health`, { atMs: nowMs });
    await other.page.addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
    await other.page.goto(`${server.url}/traffic-logs?v=1&reports=all`);
    await other.hasRows(ROWS);
    const copy = async () => {
      await other.rows
        .locator(".field-value-text", { hasText: /^github.com$/ })
        .first()
        .click();
      await other.page.getByRole("menuitem", { name: "Copy", exact: true }).click();
    };
    await copy();
    await other.page.getByRole("combobox", { name: "Query" }).focus();
    await other.page.keyboard.press("Control+V");
    expect(await other.page.getByRole("combobox", { name: "Query" }).inputValue()).toBe("github.com");
    await other.page.keyboard.press("Escape");
    await other.page.keyboard.press("Escape");
    await other.page.getByRole("button", { name: "Copy link" }).click();
    await other.page.getByRole("menuitem", { name: "Copy this link" }).click();
    await other.page.getByRole("button", { name: "Link copied" }).waitFor();
    await other.page.evaluate(() => {
      document.execCommand = () => false;
    });
    await copy();
    await other.page.getByRole("alert").filter({ hasText: "It could not be copied" }).waitFor();
    other.expectNoComplaints();
    await other.close();
  });

  it("a link with a mistake is shown with it, once, and asked of nobody", async () => {
    const other = await TestPage.open(browser, `${server.url}/health`, { atMs: nowMs });
    const questions: string[] = [];
    other.page.on("request", (request) => {
      if (/\/api\/(flows|overview)/.test(request.url())) questions.push(request.url());
    });
    for (const path of ["/overview?v=1", "/entity/node?v=1&name=inetgw", "/traffic-logs?v=1"]) {
      await other.page.goto(`${server.url}${path}&q=prot%3Dtcp`);
      await other.page.getByRole("heading", { name: "The query has a mistake" }).waitFor();
      expect(await other.page.getByRole("button", { name: "Try again" }).count()).toBe(0);
    }
    await other.page.locator(".query-mistake", { hasText: /unknown field "prot" at character 1: expected/ }).waitFor();
    await other.page.getByText("Counts are there when the mistake in the query is corrected.").waitFor();
    expect(questions.filter((url) => !url.includes("/api/flows/seen"))).toEqual([]);
    await other.page.getByRole("main").getByRole("button", { name: "Clear the query" }).last().click();
    await other.hasRows(ROWS);
    other.expectNoComplaints();
    await other.close();
  });
});
