/** Getting in, with credentials on. */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../../packages/server/src/testing.ts";
import { needs } from "../needs.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";
import { lowContrast, nameless } from "./harness/contrast.ts";

describe.skipIf(!needs("signing in in a browser", "browser"))("signing in", () => {
  let server: TestServer;
  let browser: Browser;
  let test: TestPage;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startTestServer(), launch()]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  afterEach(async () => {
    // The browser reports the 401 that the page asks for in order to know.
    test.expectNoComplaints(/401/);
    await test.close();
  });

  const makeCode = async () =>
    (await server.ask<{ token: string }>("POST", "/api/tokens", { body: { kind: "signin" } })).body.token;
  /** The landing page. */
  const inside = () => test.page.getByRole("heading", { name: "Overview" });
  const outside = () => test.page.getByRole("heading", { name: "Sign in" });

  it("works by the link that `flowtrail up` prints, once, and leaves no code in the address", async () => {
    const link = `${server.url}/#signin=${encodeURIComponent(await makeCode())}`;
    test = await TestPage.open(browser, link);
    await inside().waitFor();
    expect(test.page.url()).not.toContain("signin");
    await test.page.reload();
    await inside().waitFor();
    const cookies = await test.page.context().cookies();
    expect(cookies).toMatchObject([{ httpOnly: true, sameSite: "Strict" }]);
    await test.close();

    test = await TestPage.open(browser, link);
    await outside().waitFor();
    expect(await test.page.getByRole("alert").innerText()).toContain("used already");
  });

  it("works by a link that is pasted into the tab that asks to sign in", async () => {
    test = await TestPage.open(browser, server.url);
    await outside().waitFor();
    // Only the fragment differs: the document is not loaded again.
    const paste = (code: string) => test.page.goto(`${server.url}/#signin=${code}`);
    await paste("nonsense");
    await test.page.getByText("used already, or is too old").waitFor();
    expect(test.page.url()).not.toContain("signin");
    await paste(encodeURIComponent(await makeCode()));
    await inside().waitFor();
    expect(test.page.url()).not.toContain("signin");
  });

  it("keeps the place that a link leads to", async () => {
    test = await TestPage.open(browser, `${server.url}/traffic-logs?v=1&from=-6h&q=verdict=refused#signin=${await makeCode()}`);
    await test.page.getByRole("heading", { name: "Traffic Logs" }).waitFor();
    await test.page.getByText("Verdict: Refused").waitFor();
    expect(test.page.url()).toContain("from=-6h&");
  });

  it("explains itself to whoever has no session, and takes a pasted link or a token", async () => {
    test = await TestPage.open(browser, `${server.url}/health?v=1`);
    await outside().waitFor();
    await test.page.getByText("npx flowtrail link").waitFor();
    await soon(() => test.page.evaluate(lowContrast)).toEqual([]);
    expect(await test.page.evaluate(nameless)).toEqual([]);
    const field = test.page.getByLabel("Or paste a link, its code or an API token");
    await field.fill("nonsense");
    await test.page.keyboard.press("Enter");
    await test.page.getByText("used already, or is too old").waitFor();
    await field.fill(`${server.url}/#signin=${await makeCode()}`);
    await test.page.getByRole("button", { name: "Sign in" }).click();
    await test.page.getByRole("heading", { name: "Health" }).waitFor();
  });

  it("ends by signing out", async () => {
    test = await TestPage.open(browser, `${server.url}/#signin=${await makeCode()}`);
    await inside().waitFor();
    await test.page.getByRole("button", { name: "Account of" }).click();
    await test.page.getByRole("button", { name: "Sign out", exact: true }).click();
    await outside().waitFor();
    await test.page.reload();
    await outside().waitFor();
  });

  it("is asked for again when the session has ended", async () => {
    test = await TestPage.open(browser, `${server.url}/#signin=${await makeCode()}`);
    await inside().waitFor();
    await test.page.context().clearCookies();
    await test.page.keyboard.press("r");
    await outside().waitFor();
  });
});
