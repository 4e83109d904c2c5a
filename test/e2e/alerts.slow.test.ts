/** From a rule that somebody writes to an alert that somebody acknowledges, and to whom it is told. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { AlertList } from "@flowtrail/model";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestServer } from "../../packages/server/src/testing.ts";
import { needs } from "../needs.ts";
import { expectAccessible } from "./harness/axe.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";
import { quarterHour } from "./harness/quarter-hour.ts";
import { deliver, startOffice } from "./harness/rows.ts";

const COLOURS = ["color-contrast"];

describe.skipIf(!needs("alerts on the page", "browser"))("alerts", () => {
  let server: TestServer;
  let browser: Browser;
  let test: TestPage;
  let hook: Server;
  const told: { readonly kind: string | undefined; readonly body: string }[] = [];
  const button = (name: string | RegExp) => test.page.getByRole("button", { name, exact: true });
  const open = async (path: string, colorScheme: "light" | "dark" = "light") => {
    test = await TestPage.open(browser, server.url + path, { colorScheme });
  };

  beforeAll(async () => {
    hook = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      told.push({ kind: request.headers["content-type"], body: Buffer.concat(chunks).toString() });
      response.end("thank you");
    });
    await new Promise<void>((resolve) => hook.listen(0, "127.0.0.1", resolve));
    [server, browser] = await Promise.all([startOffice(), launch()]);
    await deliver(server, quarterHour(Date.now() - 2000, 60));
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    hook?.close();
  });

  it("tells a recipient, which is tried before it is saved", async () => {
    await open("/settings?section=recipients");
    await button("Add a recipient").click();
    await test.page.getByLabel("Name", { exact: true }).fill("On call");
    await test.page.getByLabel("URL", { exact: true }).fill(`http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook`);
    await test.page.getByLabel("Signing secret").fill("kestrel over harbour");
    await expectAccessible(test.page);
    await button("Test these settings").click();
    await test.page.getByText("It was taken.").waitFor();
    expect(told).toHaveLength(1);
    await button("Add recipient").click();
    await test.page.getByText("“On call” is saved.").waitFor();
    await button("Test On call").click();
    await soon(() => told.length).toBe(2);
    const { body } = await server.ask("GET", "/api/recipients/on-call");
    expect(body).toMatchObject({ secrets: { signing_secret: true } });
    expect(JSON.stringify(body)).not.toContain("kestrel");
    await button("Edit On call").click();
    await test.page.getByLabel("Name", { exact: true }).fill("Nobody");
    await test.page.getByRole("link", { name: /^Sinks/ }).click();
    await test.page.getByText("Your changes are not saved").waitFor();
    await button("Leave").click();
    await button("Add a sink").waitFor();
    test.expectNoComplaints();
    await test.close();
  });

  it("finds what a rule says that was made of a query, tested on history and saved", async () => {
    await open("/traffic-logs?from=-1h&q=src.name%3Dana%40example.com");
    await button("Quick filters and saved queries").click();
    await test.page.getByRole("link", { name: "Make an alert of this" }).click();
    await test.page.getByRole("heading", { name: "New rule" }).waitFor();
    await soon(() => test.page.getByRole("combobox", { name: "Filter" }).inputValue()).toBe("src.name=ana@example.com");
    await test.page.getByLabel("Name", { exact: true }).fill("Ana connects");
    await test.page.getByLabel("Value", { exact: true }).fill("two");
    await test.page.getByText("Not complete yet").waitFor();
    await test.page.getByLabel("Value", { exact: true }).fill("2");
    await test.page.getByLabel("Within", { exact: true }).fill("1h");
    await test.page.getByText("has more than 2 connections within 1 h, of flows where src.name=ana@example.com").waitFor();
    await test.page.getByLabel("Test on the last").selectOption("1");
    await button("Test on history").click();
    await test.page.getByText("It would have fired once in the last 24 hours.").waitFor();
    const evidence = test.page.locator(".rule-test-list a").first();
    expect(await evidence.getAttribute("href")).toMatch(/^\/traffic-logs\?.*q=.*ana@example\.com/);
    await expectAccessible(test.page);
    await button("Review").click();
    await test.page.getByText("It watches from the next look on.").waitFor();
    await button("Save").click();
    await test.page.getByRole("heading", { name: "Ana connects" }).waitFor();
    await expect
      .poll(async () => (await server.ask<AlertList>("GET", "/api/alerts?rule=ana-connects")).body.alerts.length, {
        timeout: 60_000,
      })
      .toBe(1);
    await soon(() => told.some(({ body }) => body.includes("Ana connects"))).toBe(true);
    test.expectNoComplaints();
    await test.close();
  });

  it("leads from the alert to exactly its flows, and keeps who looks after it", async () => {
    await open("/alerts?rule=ana-connects");
    const { body } = await server.ask<AlertList>("GET", "/api/alerts?rule=ana-connects");
    const [alert] = body.alerts;
    if (alert === undefined) throw new Error("there is none");
    await test.page.locator(".alert-summary").waitFor();
    await test.page.keyboard.press("j");
    await test.page.keyboard.press("Enter");
    const panel = test.page.getByRole("complementary", { name: "Alert" });
    await panel.getByRole("heading", { name: alert.summary }).waitFor();
    await panel.getByRole("slider", { name: "Connections of the evidence, by verdict" }).waitFor();
    await expectAccessible(test.page);
    const href = await panel.getByRole("link", { name: "Open these flows" }).getAttribute("href");
    const asked = new URL(href ?? "", server.url).searchParams;
    expect([asked.get("q"), asked.get("from"), asked.get("to")]).toEqual([alert.q, alert.from, alert.to]);
    await panel.focus();
    await test.page.keyboard.press("a");
    await panel.getByLabel("Note").fill("it is the backup");
    await panel.getByRole("button", { name: "Acknowledge" }).click();
    await panel.getByText("“it is the backup”").first().waitFor();
    await test.page.getByRole("link", { name: /^Acknowledged 1/ }).click();
    await test.page.locator(".alert-row").getByText(alert.summary).waitFor();
    await test.page.getByRole("link", { name: /^Open/ }).first().click();
    await test.page.getByRole("heading", { name: "All quiet" }).waitFor();
    await expectAccessible(test.page);
    test.expectNoComplaints();
    await test.close();
  });

  it("lists what is silenced before there is any alert of it, and ends it", async () => {
    const labels = { "src.name": "scanner" };
    await server.ask("POST", "/api/alert-silences", { body: { rule: "ana-connects", labels, for: "8h", note: "maintenance" } });
    await open("/alerts?tab=silenced&net=prod");
    await test.page.getByText("Alerts of all networks, not of").waitFor();
    await test.page.getByRole("region", { name: "Silences in force" }).getByText("Ana connects, src.name scanner").waitFor();
    await expectAccessible(test.page);
    await button("End the silence of Ana connects, src.name scanner").click();
    await test.page.getByRole("region", { name: "Silences in force" }).waitFor({ state: "detached" });
    test.expectNoComplaints();
    await test.close();
  });

  it.each(["/alerts?tab=acknowledged", "/alerts?tab=rules", "/alerts?tab=rules&rule=ana-connects"])(
    "can be read in the dark: %s",
    async (path) => {
      await open(path, "dark");
      await test.page.getByText("Ana connects").first().waitFor();
      await expectAccessible(test.page, "html", COLOURS);
      test.expectNoComplaints();
      await test.close();
    },
  );
});
