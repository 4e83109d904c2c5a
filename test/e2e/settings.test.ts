/** The settings in a real browser: every change is reviewed before it is saved, reaches the agents, and is in the audit list. */
import { ARROW_CONTENT_TYPE, encodeBatch, FlowBatch, SENDER_COLUMNS } from "@flowtrail/model";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TestServer } from "../../packages/server/src/testing.ts";
import { needs } from "../needs.ts";
import { expectAccessible } from "./harness/axe.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";
import { lowContrast } from "./harness/contrast.ts";
import { deliver, row, startOffice } from "./harness/rows.ts";

const DAY_MS = 86_400_000;

describe.skipIf(!needs("the settings in a browser", "browser"))("the settings", () => {
  let server: TestServer;
  /** It goes on with every look, and no faster: agents do not fall silent while the test is slow. */
  let atMs = Date.now();
  let browser: Browser;
  let test: TestPage;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startOffice({ now: () => ++atMs }), launch()]);
    const now = atMs;
    await deliver(server, [row(now - 60_000, 100), row(now - 50_000, 100), row(now - 9 * DAY_MS, 100)]);
    const metadata = { agent_version: "0.1.0", covered_from: now - 900_000, covered_to: now, drops: {}, gauges: {} };
    for (const [node, address] of [
      ["debian", "100.102.137.9"],
      ["inetgw", "100.102.137.4"],
    ] as const) {
      const { status } = await server.ask("POST", "/ingest/v1/flows", {
        token: null,
        body: encodeBatch(new FlowBatch(), {
          columns: SENDER_COLUMNS,
          metadata: { ...metadata, addresses: { netmaker: [address] } },
        }),
        headers: { "content-type": ARROW_CONTENT_TYPE, "flowtrail-node": node, "flowtrail-batch": `${node}-1` },
      });
      expect(status).toBe(200);
    }
    test = await TestPage.open(browser, `${server.url}/overview`);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  afterEach(() => test.expectNoComplaints());

  const button = (name: string | RegExp) => test.page.getByRole("button", { name, exact: typeof name === "string" });
  const open = (title: string) =>
    test.page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: title }).click();
  /** Keeps the first of such questions waiting until it may go. */
  const held = async (url: RegExp) => {
    const [asked, going] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const done = Promise.withResolvers<void>();
    await test.page.route(
      url,
      async (route) => {
        asked.resolve();
        await going.promise;
        await route.continue();
        done.resolve();
      },
      { times: 1 },
    );
    const go = async () => {
      const answered = test.page.waitForResponse(url);
      going.resolve();
      await answered;
      await done.promise;
    };
    return { asked: asked.promise, go };
  };
  const effect = () => test.page.getByRole("region", { name: "What saving does" });
  const focused = () => test.page.evaluate(() => document.activeElement?.textContent ?? "");
  /** What somebody else sets meanwhile. */
  const elsewhere = async (change: object) =>
    expect((await server.ask("PUT", "/api/settings/capture", { body: change })).status).toBe(200);
  const configOf = async (node: string) =>
    (
      await server.ask<{
        enabled: boolean;
        networks: { id: string; enabled?: false }[];
        capture: { names: string };
        exclude: string[];
      }>("GET", "/agent/v1/config", { token: null, headers: { "flowtrail-node": node } })
    ).body;

  it("switch a network and a node off by keyboard alone, after saying what that does", async () => {
    const { page } = test;
    await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
    // There `s` alone swaps the ends of what is asked.
    await page.keyboard.press("g");
    await page.keyboard.press("s");
    await page.getByRole("switch", { name: "netmaker" }).focus();
    await page.keyboard.press("Space");
    await page.getByRole("switch", { name: "debian" }).focus();
    await page.keyboard.press("Space");
    // The same section under another address is not left: nobody is asked, and nothing is lost.
    await open("Traffic logs");
    await soon(() => new URL(page.url()).searchParams.get("section")).toBe("traffic");
    await button("Review").focus();
    await page.keyboard.press("Enter");
    await effect().getByText("2 agents stop reporting network netmaker; 2 flows of the last hour came from there.").waitFor();
    await effect().getByText("debian stops reporting; 2 flows of the last hour came from it.").waitFor();
    expect((await configOf("debian")).enabled).toBe(true);
    await expectAccessible(page);
    // The review has the focus, to be read first.
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await soon(focused).toBe("Save");
    await page.keyboard.press("Enter");
    await page.getByText("Saved. 2 agents will do so within half a minute.").waitFor();
    await soon(focused).toBe("Traffic logs");
    expect((await configOf("debian")).enabled).toBe(false);
    expect(await configOf("inetgw")).toMatchObject({ enabled: true, networks: [{ id: "netmaker", enabled: false }] });
    expect(await page.getByRole("switch", { name: "netmaker" }).getAttribute("aria-checked")).toBe("false");
  });

  it("keep what is not saved until it is left, and ask before that", async () => {
    const { page } = test;
    await open("Privacy");
    await page.getByLabel("Address ranges").fill("10.9.0.0/33");
    await page.getByText("10.9.0.0/33 is no address range").waitFor();
    expect(await button("Review").isDisabled()).toBe(true);
    await page.getByLabel("Address ranges").fill(" 100.102.137.9/32 ");
    await page.getByLabel("Domain names", { exact: true }).selectOption("off");
    await open("Audit");
    const dialog = page.getByRole("dialog", { name: "Leave without saving?" });
    await expectAccessible(page, "[role=dialog]");
    await dialog.getByRole("button", { name: "Stay" }).click();
    await dialog.waitFor({ state: "hidden" });
    expect(await page.getByLabel("Address ranges").inputValue()).toBe(" 100.102.137.9/32 ");
    await page.goBack();
    await dialog.waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await soon(() => new URL(page.url()).searchParams.get("section")).toBe("privacy");
    await button("Review").click();
    await effect().getByText("Flows with an end in 100.102.137.9/32 are not recorded any more: 2 flows").waitFor();
    const save = await held(/capture\?dry_run=false/);
    await button("Save").click();
    await save.asked;
    expect(await page.getByLabel("Address ranges").isDisabled()).toBe(true);
    await save.go();
    await page.getByText("Saved. ").waitFor();
    expect(await configOf("inetgw")).toMatchObject({ capture: { names: "off" }, exclude: ["100.102.137.9/32"] });
    // As it is in force, no longer as it was written.
    expect(await page.getByLabel("Address ranges").inputValue()).toBe("100.102.137.9/32");
  });

  it("review what is written now, as it is now: an earlier answer is none, nor one of before somebody else's change", async () => {
    const { page } = test;
    await open("Capture");
    await page.getByLabel("ICMP").uncheck();
    const review = await held(/capture\?dry_run=true/);
    await button("Review").click();
    await review.asked;
    await page.getByLabel("DNS", { exact: true }).uncheck();
    await review.go();
    await button("Review").click();
    await effect().getByText("ICMP is not recorded any more").waitFor();
    await effect().getByText("DNS is not recorded any more").waitFor();
    await elsewhere({ icmp: false });
    await button("Save").click();
    await effect().getByText("Nothing is saved yet: somebody else set something meanwhile.").waitFor();
    expect(await effect().innerText()).not.toContain("ICMP");
    await button("Go on editing").click();
    await soon(focused).toBe("Capture");
    await open("Privacy");
    await button("Leave").click();
    await soon(focused).not.toBe("Leave");
    await page.clock.install();
    await open("Capture");
    expect(await page.getByLabel("DNS", { exact: true }).isChecked()).toBe(true);
    // What others set is shown without being asked for.
    await elsewhere({ icmp: null });
    await page.clock.fastForward(11_000);
    await soon(() => page.getByLabel("ICMP").isChecked()).toBe(true);
  });

  it("say what a shorter retention deletes, and what a hold keeps", async () => {
    const { page } = test;
    await open("Retention");
    await page.getByLabel("Largest size").fill("much");
    await button("Review").click();
    await page.getByText("expected a size of at least 1MB").first().waitFor();
    test.expectNoComplaints(/400 \(Bad Request\)/);
    await page.getByLabel("Largest size").fill("80%");
    await page.getByLabel("Flows", { exact: true }).fill("7");
    await button("Review").click();
    await effect()
      .getByText(/rows? .* (is|are) deleted within a minute/)
      .waitFor();
    await effect()
      .getByText(/^Flows of .*: 1 row\.$/)
      .waitFor();
    await button("Discard").or(button("Go on editing")).click();
    await page.getByLabel("Flows", { exact: true }).fill("30");
    await button("Add a hold").click();
    await page.getByLabel("Reason").fill("Case 17");
    await button("Review").click();
    await effect()
      .getByText(/nothing is deleted until it is released: [1-9]/)
      .waitFor();
    await button("Save").click();
    await page.getByText("“Case 17” is held.").waitFor();
    await soon(focused).toBe("Legal holds 1 in force");
    await expectAccessible(page);
  });

  it("show a token once, and take it back", async () => {
    const { page } = test;
    await open("Access");
    await page.getByLabel("What it is for").fill("backup script");
    await button("Make token").dblclick();
    const secret = (await page.locator(".settings-secret code").innerText()).trim();
    expect((await server.ask("GET", "/api/flows", { token: secret })).status).toBe(200);
    await soon(() => page.getByRole("rowheader", { name: "backup script" }).count()).toBe(1);
    await button("Revoke backup script").click();
    await button("Keep").click();
    await soon(() => page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Revoke backup script");
    await button("Revoke backup script").click();
    await button("Revoke").last().click();
    await soon(() => page.getByRole("rowheader", { name: "backup script" }).count()).toBe(0);
    await expectAccessible(page);
  });

  it("list every change with who made it, newest first", async () => {
    const { page } = test;
    await open("Audit");
    await page.getByLabel("Show").selectOption("settings");
    const rows = page.getByRole("region", { name: "Audit log, newest first" }).locator("tbody tr");
    await soon(() => rows.allInnerTexts()).toEqual([
      expect.stringContaining("set a legal hold: Case 17"),
      expect.stringContaining("ICMP off → on"),
      expect.stringContaining("ICMP on → off"),
      expect.stringContaining("domain names full → off, excluded ranges none → 100.102.137.9/32"),
      expect.stringMatching(/(debian|netmaker): traffic logs on → off; (debian|netmaker): traffic logs on → off/),
    ]);
    expect(await rows.first().innerText()).toContain("anybody");
    await expectAccessible(page);
    await page.getByLabel("Show").selectOption("search");
    await rows.filter({ hasText: "looked at" }).first().waitFor();
    expect(await page.getByRole("link", { name: "Open this search" }).first().getAttribute("href")).toMatch(/^\/traffic-logs\?/);
    await page.getByLabel("Person or program").fill("no such person");
    await page.getByText("Nothing was noted").waitFor();
    await button("Show everything").click();
    await rows.first().waitFor();
    await expectAccessible(page);
    await soon(() => page.evaluate(lowContrast)).toEqual([]);
  });
});
