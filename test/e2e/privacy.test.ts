/** What is kept of people, in a real browser: set, with what it does before it is saved, and a pseudonym turned back into a name. */
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeKey } from "../../packages/server/src/privacy/key-file.ts";
import type { TestServer } from "../../packages/server/src/testing.ts";
import { needs } from "../needs.ts";
import { expectAccessible } from "./harness/axe.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";
import { deliver, example3, row, startOffice } from "./harness/rows.ts";

describe.skipIf(!needs("privacy in a browser", "browser"))("privacy", () => {
  let server: TestServer;
  let browser: Browser;
  let test: TestPage;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startOffice(), launch()]);
    const now = Date.now();
    await deliver(server, [row(now - 60_000, 100), example3(now - 50_000, 100)]);
    test = await TestPage.open(browser, `${server.url}/settings?section=privacy`);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  it("says what leaving somebody out does, with figures, before it is saved", async () => {
    const { page } = test;
    await page.getByLabel("Users and config files").fill("majdi@netmaker.io\nnobody@example.com");
    await page.getByLabel("Domains").fill("10.0.0.1");
    await page.getByText("10.0.0.1 is no domain").waitFor();
    await page.getByLabel("Domains").fill("*.clinic.example, example.com");
    await page.getByLabel("Addresses of the internet", { exact: true }).selectOption("truncated");
    await expectAccessible(page);
    await page.getByRole("button", { name: "Review" }).click();
    const effect = page.getByRole("region", { name: "What saving does" });
    await effect.getByText(/users majdi@netmaker.io and nobody@example.com .* would have been 1 flow/).waitFor();
    await effect.getByText(/knows no user nobody@example.com now/).waitFor();
    await effect.getByText(/cut to their \/24 .* 1 flow of the last 24 hours has one/).waitFor();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved. ").waitFor();
    const { body } = await server.ask("GET", "/api/settings/capture");
    expect(body).toMatchObject({
      settings: {
        exclude_users: ["majdi@netmaker.io", "nobody@example.com"],
        exclude_domains: ["*.clinic.example", "example.com"],
        external_addresses: "truncated",
      },
    });
    await server.ask("PUT", "/api/settings/capture", {
      body: { exclude_users: null, exclude_domains: null, external_addresses: null },
    });
  });

  it("switches pseudonyms on where there is a key, and reveals one to who says why", async () => {
    const { page } = test;
    const switchOn = async () => {
      await page.goto(`${server.url}/settings?section=privacy`);
      await page.getByRole("switch", { name: "Pseudonyms for people" }).check();
      await page.getByRole("button", { name: "Review" }).click();
    };
    await switchOn();
    await page.getByText(/flowtrail privacy key/).waitFor();
    writeKey(join(server.data, "privacy.key"), { rotate: false, now: Date.now() });
    // Said twice by the browser: the answer was 400.
    test.complaints.length = 0;
    await page.getByRole("button", { name: "Review" }).click();
    await page.getByText(/become pseudonyms/).waitFor();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved. ").waitFor();
    await deliver(server, [example3(Date.now() - 20_000, 100)]);
    await page.goto(`${server.url}/traffic-logs?from=-1h`);
    const value = page.getByRole("button", { name: /user-[a-z2-7]{8}…/ }).first();
    await soon(() => value.count()).toBeGreaterThan(0);
    await value.click();
    await page.getByRole("menuitem", { name: "Reveal…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Reason").fill("ticket 4711");
    await expectAccessible(page, "[role=dialog]");
    await dialog.getByRole("button", { name: "Reveal" }).click();
    await dialog.getByText("majdi@netmaker.io").waitFor();
    await test.expectNoComplaints();
  });

  it("offers no name to those who may not ask for it", async () => {
    const { page } = test;
    await page.route("**/api/auth/me", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...(await answer.json()), role: "auditor" } });
    });
    await page.goto(`${server.url}/traffic-logs?from=-1h`);
    await page
      .getByRole("button", { name: /user-[a-z2-7]{8}…/ })
      .first()
      .click();
    await page.getByRole("menuitem", { name: "Copy" }).waitFor();
    expect(await page.getByRole("menuitem", { name: "Reveal…" }).count()).toBe(0);
  });
});
