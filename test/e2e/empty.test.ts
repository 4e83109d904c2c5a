/** What the page says when there is nothing to show, or nobody who answers. */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../../packages/server/src/testing.ts";
import { needs } from "../needs.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";
import { lowContrast } from "./harness/contrast.ts";
import { deliver, row } from "./harness/rows.ts";

describe.skipIf(!needs("empty states in a browser", "browser"))("with nothing to show", () => {
  let server: TestServer;
  let browser: Browser;
  let test: TestPage;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startTestServer({ flags: { insecure_no_auth: true } }), launch()]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  afterEach(async () => {
    test.expectNoComplaints(/ERR_|503/);
    await test.close();
  });
  const open = async (address = "/traffic-logs") => {
    test = await TestPage.open(browser, `${server.url}${address}`);
  };
  const title = (text: string) => test.page.getByRole("heading", { name: text });

  // In this order: each step leaves more behind than the one before.
  it("nobody has ever connected: how to add a node", async () => {
    await open("/");
    await title("Overview").waitFor();
    await title("No agent has connected yet").waitFor();
    await test.page.getByRole("button", { name: "Add a node" }).waitFor();
    await soon(() => test.page.evaluate(lowContrast)).toEqual([]);
    await test.screenshot("empty-no-agent");
  });

  it("the agent beside the server failed: where to look", async () => {
    await server.ask("PUT", "/api/local-agent", { body: { state: "failed", message: "The agent could not start: port taken." } });
    await open();
    await title("The agent on this machine has failed").waitFor();
    await test.page.getByText("The agent could not start: port taken.").waitFor();
  });

  it("no root: what to run; sample traffic, said to be sample, switched on and off", async () => {
    await server.ask("PUT", "/api/local-agent", { body: { state: "no_privileges", message: "It needs root." } });
    await open();
    await title("Nothing is captured on this machine").waitFor();
    await test.page.getByText("sudo npm start").waitFor();
    await test.page.getByRole("button", { name: "Try with sample traffic" }).click();
    await test.page.getByText("Sample traffic, not real.").waitFor();
    await soon(() => test.rows.count()).toBeGreaterThan(10);
    expect(test.page.url()).toContain("net=sample");
    await soon(() => test.page.evaluate(lowContrast)).toEqual([]);
    // Never among real rows.
    await test.page.getByLabel("Network", { exact: true }).selectOption("");
    await title("Nothing is captured on this machine").waitFor();
    await test.page.getByLabel("Network", { exact: true }).selectOption("sample");
    await test.page.getByRole("button", { name: "Stop sample" }).click();
    await title("Nothing is captured on this machine").waitFor();
    expect(test.page.url()).not.toContain("sample");
  });

  it("rows, but none in this time: one click to those of the last days", async () => {
    await deliver(server, [row(Date.now() - 3 * 3_600_000, 50)]);
    await open();
    await title("No rows in this time range").waitFor();
    await test.page.getByText(/The newest row is of .*, 3 h ago\./).waitFor();
    await test.page.getByRole("button", { name: "Go there" }).click();
    await test.hasRows(1);
  });

  it("the filters leave nothing over: one click to be rid of them", async () => {
    await open("/traffic-logs?v=1&from=-6h&q=verdict=denied");
    await title("The filters leave nothing over").waitFor();
    await test.page.getByText("Without Verdict: Denied there is 1 row.").waitFor();
    await test.page.getByRole("button", { name: "Remove this filter" }).click();
    await test.hasRows(1);
  });

  it("the server is away: old rows stay, dimmed, and come back to life by themselves", async () => {
    await open("/traffic-logs?v=1&from=-6h");
    await test.hasRows(1);
    await test.page.route("**/api/**", (route) => route.abort("connectionrefused"));
    await test.page.keyboard.press("r");
    await test.page.getByText("The server does not answer. What is shown may be out of date.").waitFor();
    expect(await test.page.locator(".log-old").count()).toBe(1);
    await test.hasRows(1);
    await test.page.unroute("**/api/**");
    await test.page.getByText("The server does not answer.").waitFor({ state: "detached" });
    expect(await test.page.locator(".log-old").count()).toBe(0);
  });
});
