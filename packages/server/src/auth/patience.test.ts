import { beforeEach, describe, expect, it } from "vitest";
import { addressGroup } from "./address-group.ts";
import { knownDevice, newDevice } from "./device.ts";
import { type Attempt, PATIENCE, Patience } from "./patience.ts";

const HOUR = 3_600_000;
let nowMs = 1e12;
let patience: Patience;
beforeEach(() => {
  nowMs = 1e12;
  patience = new Patience(PATIENCE, { now: () => nowMs });
});

const stranger = (address = "203.0.113.9", account = "ana"): Attempt => ({
  account,
  exists: account === "ana",
  address,
  device: null,
});
const home: Attempt = { account: "ana", exists: true, address: "198.51.100.1", device: "laptop" };
/** Fails as often as it may. */
function fail(attempt: Attempt, times: number): number {
  let done = 0;
  while (done < times && patience.begin(attempt) === 0) done++;
  return done;
}

describe("who fails", () => {
  it("may do so five times, then waits twice as long each time", () => {
    expect(fail(stranger(), 100)).toBe(5);
    const waits = Array.from({ length: 6 }, () => {
      const waitMs = patience.begin(stranger());
      nowMs += waitMs;
      expect(patience.begin(stranger())).toBe(0);
      return waitMs;
    });
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000]);
  });

  it("has no more than a hundred guesses an hour at one account, from however many addresses", () => {
    const endMs = nowMs + HOUR;
    let guesses = 0;
    for (let i = 0; nowMs < endMs; i++) {
      const waitMs = patience.begin(stranger(`10.${i % 250}.${(i >> 8) % 250}.${i % 199}`));
      if (waitMs === 0) guesses++;
      else nowMs += waitMs;
    }
    expect(guesses).toBeLessThanOrEqual(100);
  });

  it("gets no further guess at an account by inventing names, from however many addresses", () => {
    for (let i = 0; i < 20; i++) expect(patience.begin(stranger(`10.0.${i}.7`))).toBe(0);
    for (let i = 0; i < 21_000; i++) patience.begin(stranger(`2001:db8:0:${i.toString(16)}::1`, `name ${i}`));
    expect(patience.begin(stranger("10.1.0.7"))).toBe(45_000);
  });

  it("has not many guesses at all accounts together from one address", () => {
    let guesses = 0;
    for (let i = 0; i < 1000; i++) if (patience.begin(stranger("203.0.113.9", `name ${i}`)) === 0) guesses++;
    expect(guesses).toBe(20);
    // Of IPv6 everybody has very many.
    guesses = 0;
    for (let i = 0; i < 1000; i++) if (patience.begin(stranger(`2001:db8::${i.toString(16)}`, `name ${i}`)) === 0) guesses++;
    expect(guesses).toBe(20);
  });

  it("starts anew an hour after the last failure", () => {
    fail(stranger(), 100);
    nowMs += HOUR + 1;
    expect(fail(stranger(), 100)).toBe(5);
  });

  it("learns nothing of which names there are", () => {
    expect(fail(stranger("203.0.113.9", "nobody has this"), 100)).toBe(fail(stranger("203.0.113.10"), 100));
  });
});

describe("nobody is locked out", () => {
  it("who comes from a device that signed in before, whatever others do meanwhile, from the same address too", () => {
    for (let i = 0; i < 500; i++) patience.begin(stranger(`10.0.${i % 250}.7`));
    fail(stranger(home.address), 100);
    expect(patience.begin(stranger())).toBeGreaterThan(0);
    expect(patience.begin(home)).toBe(0);
  });

  it("but a device that fails waits, too, and for itself alone", () => {
    expect(fail(home, 100)).toBe(10);
    expect(patience.begin(home)).toBe(2000);
    expect(patience.begin({ ...home, device: "phone" })).toBe(0);
    expect(patience.begin(stranger())).toBe(0);
  });

  it("who is right at last is forgiven, and others at the account are not", () => {
    for (let i = 0; i < 30; i++) patience.begin(stranger(`10.0.${i}.7`));
    nowMs += 45_000;
    expect(patience.begin(stranger())).toBe(0);
    patience.succeeded(stranger());
    expect(patience.begin(stranger("10.9.9.9"))).toBeGreaterThan(0);
  });
});

it("many tries at the same moment are no more than one after the other", () => {
  expect(Array.from({ length: 50 }, () => patience.begin(stranger())).filter((waitMs) => waitMs === 0)).toHaveLength(5);
});

it("a device is known by what the account's key signed, and by nothing else", () => {
  const cookie = newDevice("key");
  const [id] = cookie.split(".");
  expect(knownDevice(cookie, "key")).toBe(id);
  expect(knownDevice(cookie, "another")).toBeNull();
  expect(knownDevice(`x${cookie}`, "key")).toBeNull();
  expect([knownDevice(undefined, "key"), knownDevice("", "key"), knownDevice("a.b", "key")]).toEqual([null, null, null]);
});

it("addresses of one machine count as one", () => {
  expect(addressGroup("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2::/64");
  expect([addressGroup("10.0.0.1"), addressGroup("::ffff:10.0.0.1")]).toEqual(["10.0.0.1", "::ffff:10.0.0.1"]);
});
