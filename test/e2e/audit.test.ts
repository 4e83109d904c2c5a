/** The audit log in a real browser, by somebody who signed in. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestServer } from "../../packages/server/src/testing.ts";
import { startTestServer } from "../../packages/server/src/testing.ts";
import { needs } from "../needs.ts";
import { expectAccessible } from "./harness/axe.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";
import { lowContrast } from "./harness/contrast.ts";

describe.skipIf(!needs("the audit log in a browser", "browser"))("the audit log", () => {
  let server: TestServer;
  let browser: Browser;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startTestServer(), launch()]);
    await server.ask("PUT", "/api/settings/retention", { body: { rejected_days: 12 } });
    await server.ask("POST", "/api/tokens", { body: { kind: "api", name: "prometheus" } });
    await server.ask("POST", "/api/auth/signin", { token: null, body: { code: "nothing" } });
    await server.ask("GET", "/api/flows/export?format=csv&from=-1h");
    await server.ask("GET", "/api/flows?q=src.name%3Dalice&from=-1h&to=now");
    await server.ask("POST", "/api/people/erase", { body: { user: "alice" } });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  const link = async () =>
    (await server.ask<{ token: string }>("POST", "/api/tokens", { body: { kind: "signin", name: "carol" } })).body.token;

  it.each(["light", "dark"] as const)("says in sentences who did what, %s", async (colorScheme) => {
    const test = await TestPage.open(browser, `${server.url}/settings?section=audit#signin=${await link()}`, { colorScheme });
    const { page } = test;
    if (!page.url().includes("section=audit")) await page.goto(`${server.url}/settings?section=audit`);
    const rows = page.getByRole("region", { name: "Audit log, newest first" }).locator("tbody tr");
    for (const text of [
      "carol signed in",
      "set Refused rows 30 → 12 days",
      "made a token for prometheus",
      "somebody unknown failed to sign in",
      "exported 0 flows as CSV",
      "looked at src.name=alice (-1h to now)",
      "looked what there is of alice",
    ])
      await rows.filter({ hasText: text }).first().waitFor();
    await expectAccessible(page);
    await soon(() => page.evaluate(lowContrast)).toEqual([]);
    await page.getByLabel("Show").selectOption("access");
    await soon(() => rows.filter({ hasText: "signed in" }).count()).toBe(0);
    await page.getByLabel("Show").selectOption("search");
    await rows.first().waitFor();
    const search = page.getByRole("link", { name: "Open this search" }).first();
    const address = new URL(String(await search.getAttribute("href")), server.url);
    expect([address.pathname, address.searchParams.get("q")]).toEqual(["/traffic-logs", "src.name=alice"]);
    await page.getByLabel("Person or program").fill("no such person");
    await page.getByText("Nothing was noted").waitFor();
    await page.getByRole("button", { name: "Show everything" }).click();
    const file = page.waitForEvent("download");
    await page.getByRole("link", { name: "Save as CSV" }).click();
    expect((await file).suggestedFilename()).toMatch(/^flowtrail-audit-.*\.csv$/);
    test.expectNoComplaints();
    await test.close();
  });
});
