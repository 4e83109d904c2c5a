/** Signing in at a real OpenID provider, which runs in a process of its own, by HTTP redirects. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../../testing.ts";
import { isIncomplete, personOf } from "./person.ts";
import { returnPath } from "./return-path.ts";
import { seal, unseal } from "./sealed.ts";
import { Browser } from "./testing/browser.ts";
import { CLIENT, freePort, startProvider } from "./testing/provider-process.ts";

const SECRET = CLIENT.secret;
const clock = { aheadMs: 0 };
let test: TestServer;
let dir = "";
let issuer = "";
let stopProvider = async () => {};

async function startIt(): Promise<void> {
  stopProvider = await startProvider(Number(new URL(issuer).port), callback());
}

const callback = () => `${test.url}/api/auth/oidc/callback`;
const isCallback = (url: string) => url.startsWith(callback());
const start = (to = "") => `${test.url}/api/auth/oidc/start${to}`;
/** What the page is told that went wrong. */
const failureOf = (location: string | null) => /^http:\/\/[^/]+\/#signin-error=(\w+)$/.exec(location ?? "")?.[1] ?? location;
const me = (browser: Browser) => browser.open(`${test.url}/api/auth/me`);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "flowtrail-oidc-"));
  await writeFile(join(dir, "secret"), `${SECRET}\n`);
  const port = await freePort();
  issuer = `http://127.0.0.1:${port}`;
  // The provider is away while the server starts.
  test = await startTestServer({
    now: () => Date.now() + clock.aheadMs,
    flags: {
      "auth.oidc.issuer": issuer,
      "auth.oidc.client_id": "flowtrail",
      "auth.oidc.client_secret_file": join(dir, "secret"),
      "auth.grants": [
        "group:flow-admins role:admin",
        "group:lab-people role:viewer networks:lab",
        "account:bob role:viewer networks:corp",
      ],
    },
  });
}, 60_000);
afterAll(async () => {
  await stopProvider();
  await test.stop();
  await rm(dir, { recursive: true });
});

describe("signing in at a provider", { timeout: 60_000 }, () => {
  it("waits for no provider at the start, says that it is away, and lets people in when it is back", async () => {
    expect((await test.ask("GET", "/api/auth/methods", { token: null })).body).toMatchObject({
      oidc: { name: "single sign-on" },
    });
    expect(failureOf((await new Browser().open(start())).location)).toBe("away");
    expect(test.log.join("")).toContain("ECONNREFUSED");
    await startIt();
    const browser = new Browser();
    const back = await browser.signIn(start("?to=/users%3Fq%3Dport%3D443"), "alice", isCallback);
    const page = await browser.open(back);
    expect(page.location).toBe(`${test.url}/users?q=port=443`);
    expect(JSON.parse((await me(browser)).text)).toMatchObject({ kind: "session", name: "alice", role: "admin" });
    const session = page.setCookie.find((one) => one.startsWith("flowtrail_session="));
    expect(session).toMatch(/HttpOnly; SameSite=Strict/);
  });

  it("gives of all rules that match the networks together", async () => {
    const browser = new Browser();
    await browser.open(await browser.signIn(start(), "bob", isCallback));
    expect(JSON.parse((await me(browser)).text)).toMatchObject({
      name: "bob",
      role: "viewer",
      networks: ["corp", "lab"],
      account: { source: "oidc" },
    });
    expect((await browser.open(`${test.url}/api/tokens`)).status).toBe(403);
  });

  it("refuses who has no rule, and says so", async () => {
    const browser = new Browser();
    const page = await browser.open(await browser.signIn(start(), "eve", isCallback));
    expect(failureOf(page.location)).toBe("no_grant");
    expect((await me(browser)).status).toBe(401);
    expect(test.log.join("")).toContain("no rule of auth.grants is for eve");
  });

  it("refuses a code that was used already", async () => {
    const browser = new Browser();
    const kept = new Map<string, string>();
    const back = await browser.signIn(start(), "alice", isCallback);
    for (const [name, value] of browser.cookies.get(test.url) ?? []) kept.set(name, value);
    await browser.open(back);
    const thief = new Browser();
    thief.cookies.set(test.url, kept);
    expect(failureOf((await thief.open(back)).location)).toBe("lapsed");
    expect((await me(thief)).status).toBe(401);
  });

  it("refuses who comes back to a browser that was not sent there, or with another one's state", async () => {
    const mallory = new Browser();
    const back = await mallory.signIn(start(), "alice", isCallback);
    // Signing somebody else in as oneself.
    const victim = new Browser();
    expect(failureOf((await victim.open(back)).location)).toBe("not_begun");
    await victim.open(start());
    expect(failureOf((await victim.open(back)).location)).toBe("not_begun");
    expect((await me(victim)).status).toBe(401);
    // Somebody else's code with one's own state: the code is bound to who asked for it.
    const other = new Browser();
    const own = new URL(await other.signIn(start(), "bob", isCallback));
    own.searchParams.set("code", new URL(back).searchParams.get("code") ?? "");
    expect(failureOf((await other.open(own.href)).location)).toBe("lapsed");
  });

  it("refuses an answer that is for another question, or from another provider", async () => {
    const changed = async (change: (url: URL) => void, onBack: (url: URL) => void = () => undefined) => {
      const browser = new Browser();
      const asked = new URL((await browser.open(start())).location ?? "");
      change(asked);
      const back = new URL(await browser.signIn(asked.href, "alice", isCallback));
      onBack(back);
      const failure = failureOf((await browser.open(back.href)).location);
      expect((await me(browser)).status).toBe(401);
      return failure;
    };
    expect(await changed((url) => url.searchParams.set("nonce", "another"))).toBe("not_verified");
    expect(await changed((url) => url.searchParams.set("state", "another"))).toBe("not_begun");
    const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    expect(await changed((url) => url.searchParams.set("code_challenge", challenge))).toBe("lapsed");
    const asIs = () => undefined;
    expect(await changed(asIs, (url) => url.searchParams.set("iss", "https://evil.example"))).toBe("not_verified");
    expect(await changed(asIs, (url) => url.searchParams.delete("iss"))).toBe("not_verified");
    expect(await changed(asIs, (url) => url.searchParams.set("code", "guessed"))).toBe("lapsed");
  });

  it("refuses who comes back too late, and who said no", async () => {
    const late = new Browser();
    const back = await late.signIn(start(), "alice", isCallback);
    clock.aheadMs = 11 * 60_000;
    expect(failureOf((await late.open(back)).location)).toBe("lapsed");
    clock.aheadMs = 0;
    const no = new Browser();
    const login = await no.follow(start());
    const sent = await no.follow(`${login.url}/abort`, isCallback);
    expect(failureOf((await no.open(sent.location ?? "")).location)).toBe("denied");
  });

  it("refuses an account that is disabled here", async () => {
    const { body } = await test.ask<{ accounts: { id: string; name: string }[] }>("GET", "/api/accounts");
    const bob = body.accounts.find(({ name }) => name === "bob");
    await test.ask("PATCH", `/api/accounts/${bob?.id}`, { body: { disabled: true } });
    const browser = new Browser();
    const page = await browser.open(await browser.signIn(start(), "bob", isCallback));
    expect(failureOf(page.location)).toBe("disabled");
  });

  it("sends nobody to another site", async () => {
    const browser = new Browser();
    const page = await browser.open(
      await browser.signIn(start(`?to=${encodeURIComponent("//evil.example/x")}`), "alice", isCallback),
    );
    expect(page.location).toBe(`${test.url}/`);
    for (const to of [
      "https://evil.example",
      "//evil.example",
      "/\\evil.example",
      "\\\\evil.example",
      "/\t/evil.example",
      "javascript:x",
    ])
      expect(returnPath(to)).toBe("/");
    expect(returnPath("/users?q=a&from=-1h#x")).toBe("/users?q=a&from=-1h");
  });

  it("signs out at the provider, too", async () => {
    const browser = new Browser();
    await browser.open(await browser.signIn(start(), "alice", isCallback));
    const { location } = await browser.open(`${test.url}/api/auth/oidc/end`);
    const url = new URL(location ?? "");
    expect(url.origin).toBe(issuer);
    expect(Object.fromEntries(url.searchParams)).toEqual({ client_id: "flowtrail", post_logout_redirect_uri: `${test.url}/` });
    expect((await browser.open(url.href)).status).toBe(200);
  });

  it("says that the provider is away when it goes in the middle of it", async () => {
    const browser = new Browser();
    const back = await browser.signIn(start(), "alice", isCallback);
    await stopProvider();
    expect(failureOf((await browser.open(back)).location)).toBe("away");
    await startIt();
  });

  it("logs no code, no token and no secret", () => {
    const log = test.log.join("");
    expect(log).toContain("somebody could not sign in by OpenID");
    expect(log).not.toMatch(/[?&]code=|eyJ|verifier|a secret of the provider/);
    expect(log).not.toContain("flowtrail_session");
  });
});

it("what a browser keeps can't be read, changed or made by anybody else", () => {
  const sealed = seal({ state: "abc" }, SECRET);
  expect(unseal(sealed, SECRET)).toEqual({ state: "abc" });
  expect(unseal(sealed, "another")).toBeNull();
  expect(Buffer.from(sealed, "base64url").toString("latin1")).not.toContain("abc");
  for (let at = 0; at < sealed.length - 1; at++) {
    const changed = `${sealed.slice(0, at)}${sealed[at] === "A" ? "B" : "A"}${sealed.slice(at + 1)}`;
    expect(unseal(changed, SECRET)).toBeNull();
  }
  expect(unseal("", SECRET)).toBeNull();
});

describe("the name that rules go by", () => {
  const of = (claims: object, nameClaim = "preferred_username") =>
    personOf({ iss: "https://idp.example", sub: "42", ...claims }, { nameClaim, groupsClaim: "groups" }).name;

  it("is the claim that was chosen, and no other one that people may set themselves", () => {
    expect(of({ preferred_username: " carol " })).toBe("carol");
    expect(of({ email: "admin@corp.example" })).toBe("42");
    expect(of({ preferred_username: " ", email: "admin@corp.example", email_verified: true })).toBe("42");
  });

  it("is an e-mail address only if the provider says that it has verified it", () => {
    const email = "admin@corp.example";
    expect(of({ email, email_verified: true }, "email")).toBe(email);
    for (const claims of [{ email }, { email, email_verified: false }, { email, email_verified: "true" }])
      expect(of(claims, "email")).toBe("42");
    // The user info may say it.
    expect(isIncomplete({ email, groups: [] }, { nameClaim: "email", groupsClaim: "groups" })).toBe(true);
  });
});
