/** People of each role on the page: signing in, who they are, what is offered to them. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../../packages/server/src/testing.ts";
import { needs } from "../needs.ts";
import { expectAccessible } from "./harness/axe.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";

const PASSWORD = "kestrel over harbour";

describe.skipIf(!needs("people with accounts on the page", "browser"))("people", () => {
  let server: TestServer;
  let browser: Browser;
  let test: TestPage;
  const button = (name: string | RegExp) => test.page.getByRole("button", { name, exact: true });
  const make = (body: object) => server.ask<{ link?: string }>("POST", "/api/accounts", { body });

  beforeAll(async () => {
    const passwords = { cost: { ln: 8, r: 8, p: 1 }, maxAtOnce: 2, maxWaiting: 16 };
    [server, browser] = await Promise.all([startTestServer({ passwords }), launch()]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  async function signIn(name: string, path = "/"): Promise<void> {
    test = await TestPage.open(browser, server.url + path);
    await test.page.getByLabel("Name", { exact: true }).fill(name);
    await test.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await button("Sign in").first().click();
  }
  const whoAmI = async () => {
    const who = test.page.locator(".me-who");
    // A second click would close it.
    if ((await who.count()) === 0) await test.page.getByRole("button", { name: "Account of" }).click();
    return (await who.allInnerTexts()).join("").replaceAll("\n", " ");
  };

  it("choose a password by the link that an administrator made, and come again with it", async () => {
    test = await TestPage.open(browser, `${server.url}/settings?section=access`);
    const code = await server.ask<{ token: string }>("POST", "/api/tokens", { body: { kind: "signin" } });
    await test.page.getByLabel("Or paste a link, its code or an API token").fill(code.body.token);
    await button("Sign in").click();
    await button("Add an account").click();
    await test.page.getByLabel("Name", { exact: true }).fill("ana");
    await test.page.getByLabel("Role").first().selectOption("admin");
    await button("Add account").click();
    const link = (await test.page.locator(".settings-secret code").innerText()).trim();
    await test.page.getByRole("rowheader", { name: "ana (no password yet)" }).waitFor();
    await expectAccessible(test.page);
    await test.close();
    test = await TestPage.open(browser, link);
    await test.page.getByRole("heading", { name: "Choose a password" }).waitFor();
    await test.page.getByLabel("New password", { exact: true }).fill(PASSWORD);
    await test.page.getByLabel("New password, again").fill(`${PASSWORD}!`);
    await soon(() => button("Set password").isDisabled()).toBe(true);
    await test.page.getByLabel("New password, again").fill(PASSWORD);
    await button("Set password").click();
    await soon(whoAmI).toBe("ana Administrator: sees and sets everything");
    await test.close();
    await signIn("ana");
    await soon(whoAmI).toContain("ana");
    await expectAccessible(test.page);
    await test.page.getByRole("button", { name: "Sign out", exact: true }).click();
    await test.page.getByRole("heading", { name: "Sign in" }).waitFor();
    await expectAccessible(test.page);
    await test.close();
  });

  it("who look only are offered nothing that they may not do", async () => {
    await make({ name: "aud", role: "auditor", password: PASSWORD });
    await signIn("aud", "/settings?section=retention");
    await test.page.getByText("only an administrator can change them").waitFor();
    await soon(() => test.page.getByLabel("Flows", { exact: true }).isDisabled()).toBe(true);
    await test.page.getByRole("link", { name: "Access" }).click();
    await test.page.getByRole("rowheader", { name: "aud (you)" }).waitFor();
    expect(await button(/^(Add an account|Make token|Revoke.*|Disable.*|Edit.*)$/).count()).toBe(0);
    await expectAccessible(test.page);
    await test.close();
  });

  it("who see traffic see no settings and no health, and are told so", async () => {
    await make({ name: "vi", role: "viewer", networks: ["prod"], password: PASSWORD });
    await signIn("vi", "/nodes");
    await test.page.getByRole("heading", { name: "Nodes" }).first().waitFor();
    const links = await test.page.getByRole("navigation", { name: "Main" }).getByRole("link").allInnerTexts();
    expect(links).toEqual(expect.arrayContaining(["Overview", "Traffic Logs", "Nodes"]));
    expect(links).not.toEqual(expect.arrayContaining(["Settings"]));
    expect(links).not.toEqual(expect.arrayContaining(["Health"]));
    expect(await button("Add a node").count()).toBe(0);
    await soon(whoAmI).toBe("vi Viewer: prod");
    await test.page.goto(`${server.url}/traffic-logs`);
    await test.page.getByText("There is no traffic that you may see").waitFor();
    await test.page.goto(`${server.url}/settings`);
    await test.page.getByText("Settings is not for your role").waitFor();
    await test.close();
  });

  it("don't lock themselves out, and say whose traffic somebody sees by a name with blanks", async () => {
    await make({ name: "boss", role: "admin", password: PASSWORD });
    await signIn("boss", "/settings?section=access");
    const own = test.page.getByRole("row").filter({ has: test.page.getByRole("rowheader", { name: "boss (you)" }) });
    await soon(() => own.getByRole("button").allInnerTexts()).toEqual(["Edit"]);
    await button("Add an account").click();
    await test.page.getByLabel("Name", { exact: true }).fill("forone");
    await test.page.getByLabel("Traffic of one user only").first().pressSequentially(" Ana Souza ");
    await button("Add account").click();
    await test.page
      .getByRole("row", { name: /forone/ })
      .getByText("all networks, traffic of Ana Souza only")
      .waitFor();
    await test.close();
  });

  it("see what they may see now, whatever was answered before: another role, another person in another tab", async () => {
    const { body: made } = await server.ask<{ id: string }>("POST", "/api/accounts", {
      body: { name: "low", role: "auditor", password: PASSWORD },
    });
    await make({ name: "vic", role: "viewer", password: PASSWORD });
    await signIn("low", "/settings?section=audit");
    await soon(whoAmI).toBe("low Auditor: sees everything, sets nothing");
    await server.ask("PATCH", `/api/accounts/${made.id}`, { body: { role: "viewer" } });
    // What somebody who comes back to this window does.
    await test.page.evaluate(() => window.dispatchEvent(new Event("focus")));
    await test.page.getByText("Settings is not for your role").waitFor();
    expect(await test.page.getByText("yours is viewer").count()).toBe(0);
    await server.ask("PATCH", `/api/accounts/${made.id}`, { body: { role: "auditor" } });
    await test.page.evaluate(() => window.dispatchEvent(new Event("focus")));
    await test.page.getByRole("link", { name: "Access" }).click();
    await test.page.getByRole("rowheader", { name: "low (you)" }).waitFor();

    const other = await test.page.context().newPage();
    await other.goto(`${server.url}/health`);
    await other.getByRole("button", { name: "Account of low" }).click();
    await other.getByRole("button", { name: "Sign out", exact: true }).click();
    await test.page.getByRole("heading", { name: "Sign in" }).waitFor();
    await other.getByLabel("Name", { exact: true }).fill("vic");
    await other.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await other.getByRole("button", { name: "Sign in", exact: true }).first().click();
    await test.page.getByText("Settings is not for your role").waitFor();
    expect(await test.page.getByRole("rowheader").count()).toBe(0);
    await soon(whoAmI).toBe("vic Viewer: all networks");
    await test.close();
  });

  it("who mistype the old password are told so at its field, and of a change that it is made", async () => {
    await make({ name: "pia", role: "auditor", password: PASSWORD });
    await signIn("pia");
    await whoAmI();
    await button("Change password").click();
    const dialog = test.page.getByRole("dialog");
    const old = dialog.getByLabel("Old password", { exact: true });
    await old.fill("kestrel under harbour");
    await dialog.getByLabel("New password", { exact: true }).fill(`${PASSWORD}, later`);
    await dialog.getByLabel("New password, again").fill(`${PASSWORD}, later`);
    await dialog.getByRole("button", { name: "Change password" }).click();
    await soon(() => old.getAttribute("data-invalid")).toBe("true");
    await soon(() => old.evaluate((field) => field === document.activeElement)).toBe(true);
    expect(await dialog.getByLabel("New password, again").getAttribute("data-invalid")).toBeNull();
    await old.fill(PASSWORD);
    await dialog.getByRole("button", { name: "Change password" }).click();
    await dialog.getByText("The password is changed.").waitFor();
    await expectAccessible(test.page, "[role=dialog]");
    await test.close();
  });

  it("leave nothing of what they asked to the next one in this browser", async () => {
    await make({ name: "lou", role: "auditor", password: PASSWORD });
    await make({ name: "next", role: "auditor", password: PASSWORD });
    await signIn("lou", "/traffic-logs");
    const query = test.page.getByRole("combobox", { name: "Query" });
    await query.fill("src.name=secretperson");
    await query.press("Enter");
    await soon(() => test.page.url()).toContain("secretperson");
    const kept = () => test.page.evaluate(() => Object.entries({ ...localStorage }).filter(([key]) => key.includes(".recent.")));
    await soon(async () => JSON.stringify(await kept())).toContain("secretperson");
    await whoAmI();
    await button("Sign out").click();
    await test.page.getByRole("heading", { name: "Sign in" }).waitFor();
    await soon(() => test.page.url()).not.toContain("secretperson");
    await test.page.getByLabel("Name", { exact: true }).fill("next");
    await test.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await button("Sign in").first().click();
    await test.page.getByRole("link", { name: "Traffic Logs" }).click();
    await query.waitFor();
    await soon(async () => (await kept()).map(([, queries]) => String(queries).includes("secretperson")).sort()).toEqual([
      false,
      true,
    ]);
    await test.close();
  });

  it("who opened somebody else's link can leave without choosing a password", async () => {
    const { body } = await make({ name: "zoe", role: "viewer", networks: ["prod"] });
    test = await TestPage.open(browser, body.link ?? "");
    await test.page.getByRole("heading", { name: "Choose a password" }).waitFor();
    await expectAccessible(test.page);
    await button("Sign out").click();
    await test.page.getByRole("heading", { name: "Sign in" }).waitFor();
    await test.close();
  });

  it("who cannot add a node are not asked to", async () => {
    await make({ name: "eva", role: "auditor", password: PASSWORD });
    await signIn("eva");
    await test.page.getByText("An administrator can add the first one").waitFor();
    await test.close();
    await signIn("vi", "/nodes");
    await test.page.getByRole("heading", { name: "There are no nodes that you may see" }).waitFor();
    expect(await test.page.getByText("--inventory-file").count()).toBe(0);
    await test.close();
  });
});
