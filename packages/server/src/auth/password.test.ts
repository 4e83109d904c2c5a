import { describe, expect, it } from "vitest";
import { PASSWORDS, Passwords } from "./password.ts";
import { checkPassword } from "./password-rules.ts";
import { PasswordSignIn } from "./password-sign-in.ts";
import { PATIENCE, Patience } from "./patience.ts";

const cost = { ln: 4, r: 8, p: 1 };
const limits = { maxAtOnce: 2, maxWaiting: 3 };

describe("passwords", () => {
  const passwords = new Passwords({ cost, ...limits });

  it("are kept with a salt each and the parameters they were made with, and are not to be read there", async () => {
    const [one, two] = [await passwords.hash("tangerine harbour"), await passwords.hash("tangerine harbour")];
    expect(one).toMatch(/^\$scrypt\$ln=4,r=8,p=1\$[\w-]{22}\$[\w-]{43}$/);
    expect(one).not.toBe(two);
    expect(one).not.toContain("tangerine");
    expect(await passwords.verify("tangerine harbour", one, "other")).toBe(true);
    expect(await passwords.verify("tangerine harbouR", one, "other")).toBe(false);
    expect(await passwords.verify("", one, "other")).toBe(false);
  });

  it("are as strong as OWASP asks for", async () => {
    expect(await new Passwords(PASSWORDS).hash("x")).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/);
  });

  it("that were made with weaker parameters are still right, and known to be so", async () => {
    const kept = await passwords.hash("tangerine harbour");
    const raised = new Passwords({ cost: { ...cost, ln: 5 }, ...limits });
    expect(await raised.verify("tangerine harbour", kept, "other")).toBe(true);
    expect([raised.isOutdated(kept), passwords.isOutdated(kept)]).toEqual([true, false]);
  });

  it("are the same however a keyboard makes their letters", async () => {
    expect(await passwords.verify("cafe\u0301 tangerine", await passwords.hash("caf\u00e9 tangerine"), "other")).toBe(true);
  });

  it("that nobody has are never right, and worked out all the same", async () => {
    expect(await passwords.verify("anything", "", "other")).toBe(false);
    // The same work as for one that is kept: it is the time of scrypt that an onlooker could measure.
    const slow = new Passwords({ cost: { ln: 14, r: 8, p: 1 }, ...limits });
    const kept = await slow.hash("tangerine harbour");
    const cpuOf = async (of: string) => {
      const from = process.cpuUsage();
      for (let i = 0; i < 3; i++) await slow.verify("wrong", of, "other");
      const { user, system } = process.cpuUsage(from);
      return user + system;
    };
    await cpuOf(kept);
    const ratio = (await cpuOf("")) / (await cpuOf(kept));
    expect(ratio).toBeGreaterThan(0.4);
    expect(ratio).toBeLessThan(2.5);
  });

  it("are worked out two at a time; few wait, and those whom we know go first", async () => {
    const slow = new Passwords({ cost: { ln: 14, r: 8, p: 1 }, ...limits });
    const kept = await slow.hash("tangerine harbour");
    const done: string[] = [];
    const ask = (lane: "known" | "other", name: string) =>
      slow.verify("tangerine harbour", kept, lane).then(
        () => done.push(name),
        (error: { code: string; data: { retryAfterMs?: number } }) => done.push(`${name} ${error.code}`),
      );
    const strangers = Array.from({ length: 7 }, (_, i) => ask("other", `stranger ${i}`));
    await Promise.all([...strangers, ask("known", "known")]);
    expect(done.filter((name) => name.endsWith("RATE_LIMITED"))).toEqual(["stranger 5 RATE_LIMITED", "stranger 6 RATE_LIMITED"]);
    expect(done.indexOf("known")).toBeLessThan(done.indexOf("stranger 4"));
    expect(await slow.verify("tangerine harbour", kept, "other")).toBe(true);
  });
});

it("who is turned away because too many sign in did not fail, however often", async () => {
  const passwords = new Passwords({ cost: { ln: 14, r: 8, p: 1 }, maxAtOnce: 1, maxWaiting: 1 });
  const patience = new Patience(PATIENCE, { now: () => 1e12 });
  const signIn = new PasswordSignIn({ accounts: { findLocal: async () => null, change: async () => null }, passwords, patience });
  const ask = (name: string, address: string) =>
    signIn
      .check({ name, password: "tangerine harbour", address, device: undefined })
      .catch((error: { code: string }) => error.code);
  const others = ["198.51.100.1", "198.51.100.2"].map((address) => ask("bo", address));
  const away = Array.from({ length: 30 }, () => ask("ana", "203.0.113.9"));
  expect(new Set(await Promise.all(away))).toEqual(new Set(["RATE_LIMITED"]));
  await Promise.all(others);
  // The password was not looked at before, now it is.
  expect(await ask("ana", "203.0.113.9")).toBe("UNAUTHENTICATED");
});

describe("a password", () => {
  const refused = (password: string, name = "ana") => {
    try {
      checkPassword(password, name);
      return null;
    } catch (error) {
      return (error as { code: string; message: string }).message;
    }
  };

  it("has twelve characters at least, of any kind", () => {
    expect(refused("kestrel fog")).toMatch(/11 characters/);
    expect(refused("kestrel fogs")).toBeNull();
    expect(refused("ключ от моря")).toBeNull();
    expect(refused("x9".repeat(200))).toMatch(/more than 256/);
  });

  it.each([
    "password1234",
    "Passw0rd!!!!",
    "passwordpassword",
    "123456789012",
    "qwertyuiop12",
    "aaaaaaaaaaaaaa",
    "abcabcabcabc",
    "abcdefghijkl",
    "iloveyou1234",
    "administrator",
    "Administrator1!",
    "changeme1234",
    "Welcome12345",
    "flowtrail2026!",
    "!!!!12345678",
    "000000000000",
  ])("is none of the commonest: %s", (password) => expect(refused(password)).not.toBeNull());

  it("is not the account's name", () => {
    expect(refused("ana.kovacevic", "ana.kovacevic")).toMatch(/name/);
    expect(refused("Ana.Kovacevic1", "ana.kovacevic@example.com")).toMatch(/name/);
    expect(refused("banana tree house", "ana")).toBeNull();
  });
});
