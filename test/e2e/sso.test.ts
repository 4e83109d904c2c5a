/** Signing in at an OpenID provider in a browser, over TLS, and out again. Nothing secret of it is in a log or an address. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLIENT, freePort, startProvider } from "../../packages/server/src/auth/oidc/testing/provider-process.ts";
import { startTestServer, type TestServer } from "../../packages/server/src/testing.ts";
import { makeCertificate } from "../../packages/server/src/tls/testing.ts";
import { needs } from "../needs.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";
import { lowContrast, nameless } from "./harness/contrast.ts";

describe.skipIf(!needs("signing in at a provider in a browser", "browser"))("signing in at a provider", () => {
  let server: TestServer;
  let browser: Browser;
  let dir = "";
  let issuer = "";
  let stopProvider = async () => {};

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "flowtrail-sso-"));
    await writeFile(join(dir, "secret"), CLIENT.secret);
    const { cert, key } = makeCertificate("flows.example.com", dir);
    const port = await freePort();
    issuer = `http://127.0.0.1:${port}`;
    const flags = {
      "tls.cert": cert,
      "tls.key": key,
      "auth.oidc.issuer": issuer,
      "auth.oidc.client_id": CLIENT.id,
      "auth.oidc.client_secret_file": join(dir, "secret"),
      "auth.oidc.name": "Example Login",
      "auth.grants": ["group:flow-admins role:admin"],
    };
    [server, browser] = await Promise.all([startTestServer({ flags }), launch()]);
    stopProvider = await startProvider(port, `${server.server.pageUrl}/api/auth/oidc/callback`);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await stopProvider();
    await rm(dir, { recursive: true, force: true });
  });

  const open = (path: string) => TestPage.open(browser, `${server.server.pageUrl}${path}`, { ignoreHTTPSErrors: true });
  const signIn = async ({ page }: TestPage, name: string) => {
    await page.getByRole("link", { name: "Sign in with Example Login" }).click();
    await page.getByPlaceholder("Enter any login").fill(name);
    await page.getByPlaceholder("and password").fill("any");
    await page.getByRole("button", { name: "Sign-in" }).click();
    await page.getByRole("button", { name: "Continue" }).click();
  };

  it("leads back to the place one wanted, keeps a safe session, and ends it at the provider, too", async () => {
    const test = await open("/traffic-logs?from=-6h");
    await soon(() => test.page.evaluate(lowContrast)).toEqual([]);
    expect(await test.page.evaluate(nameless)).toEqual([]);
    await signIn(test, "alice");
    await test.page.getByRole("heading", { name: "Traffic Logs" }).waitFor();
    expect(test.page.url()).toContain("/traffic-logs?from=-6h");
    const cookies = await test.page.context().cookies(server.server.pageUrl ?? "");
    const session = cookies.find(({ name }) => name === "__Host-flowtrail_session");
    expect(session).toMatchObject({ httpOnly: true, secure: true, sameSite: "Strict", path: "/" });
    expect(cookies.some(({ name }) => name.includes("oidc"))).toBe(false);
    expect(await test.page.evaluate(() => `${document.cookie}${JSON.stringify({ ...localStorage })}`)).not.toContain(
      "flowtrail_session",
    );
    const log = server.log.join("");
    for (const secret of [session?.value ?? "", CLIENT.secret, server.adminToken]) {
      expect(secret.length).toBeGreaterThan(10);
      expect(log).not.toContain(secret);
      expect(log).not.toContain(decodeURIComponent(secret));
    }
    expect(log).not.toMatch(/[?&]code=|eyJ[\w-]{10}|PRIVATE KEY/);
    await test.page.getByRole("button", { name: "Account of" }).click();
    await test.page.getByRole("button", { name: "Sign out", exact: true }).click();
    await test.page.waitForURL((url) => url.origin === issuer);
    await test.close();
  });

  it("says in a sentence why somebody is not let in", async () => {
    const test = await open("/");
    await signIn(test, "eve");
    await test.page.getByText("nothing here is for you or your groups").waitFor();
    expect(test.page.url()).toBe(`${server.server.pageUrl}/`);
    await test.close();
  });
});
