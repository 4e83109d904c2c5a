import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StoreError } from "../store/errors.ts";
import { detailsJson, safeText } from "./details.ts";
import type { AuditEntry } from "./entry.ts";
import { AuditLog } from "./log.ts";
import { Repeats } from "./repeats.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const away = () => new StoreError({ code: "STORE_UNAVAILABLE", retryAfterMs: 1 }, "nobody there");

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function made(maxWaiting = 3) {
  const stored: AuditEntry[] = [];
  const store = {
    isAway: false,
    append: async (entries: readonly AuditEntry[]) => {
      if (store.isAway) throw away();
      stored.push(...entries);
    },
  };
  const log = new AuditLog({ flushMs: 500, maxWaiting, server: "here" }, { store, now: Date.now, logger });
  return { log, store, stored };
}

describe("the audit log", () => {
  it("keeps entries while the store is away, up to its bound, and says in itself how many it lost", async () => {
    const { log, store, stored } = made();
    store.isAway = true;
    for (const action of ["a", "b", "c", "d", "e"]) log.note(log.entry({ action }));
    await vi.advanceTimersByTimeAsync(2000);
    expect(log.stats).toMatchObject({ waiting: 3, dropped: 2, written: 0, problem: "nobody there" });
    store.isAway = false;
    await vi.advanceTimersByTimeAsync(1000);
    expect(stored.map(({ action }) => action)).toEqual(["a", "b", "c", "audit.lost"]);
    expect(stored.at(-1)?.details).toBe('{"entries":2}');
    expect(log.stats).toMatchObject({ waiting: 0, written: 3, problem: null });
  });

  it("refuses what must be noted first while it can't be", async () => {
    const { log, store } = made();
    store.isAway = true;
    await expect(log.write(log.entry({ action: "change" }))).rejects.toThrow("nobody there");
  });

  it("is written when the server stops", async () => {
    const { log, stored } = made();
    log.note(log.entry({ action: "a" }));
    await log.stop();
    expect(stored).toHaveLength(1);
  });
});

describe("what is the same", () => {
  it("is told at once, and with its count when its time is over", () => {
    const { log } = made();
    const noted: AuditEntry[] = [];
    const repeats = new Repeats({ windowMs: 60_000, max: 2 }, { note: (entry) => void noted.push(entry), now: Date.now });
    const see = (key: string, spare?: string) => repeats.see(key, () => log.entry({ action: key }), spare);
    for (let i = 0; i < 5; i++) see("x");
    expect(noted).toMatchObject([{ action: "x", version: 1, count: 1 }]);
    vi.advanceTimersByTime(61_000);
    repeats.sweep();
    expect(noted[1]).toMatchObject({ id: noted[0]?.id, version: 2, count: 5 });
    // Very many different ones of people without credentials: one together.
    for (let i = 0; i < 100; i++) see(`guess ${i}`, "guesses");
    expect(noted.length).toBeLessThan(8);
  });
});

describe("details", () => {
  it("hold nothing that lets anybody in, and are bounded", () => {
    const told = detailsJson({
      password: "hunter2",
      body: { old: "hunter2", password: "hunter2" },
      nested: [{ apiKey: "hunter2", oidc: { client_secret: "hunter2" } }],
      text: "ft_api_abcdefghijklmnop and https://a:hunter2@b and Bearer hunter2",
      days: 3,
    });
    expect(told).not.toContain("hunter2");
    expect(told).not.toContain("abcdefghijklmnop");
    expect(told).toContain('"days":3');
    expect(detailsJson({ a: Array.from({ length: 1000 }, () => "x".repeat(5000)), b: 1 }).length).toBeLessThan(20_000);
    expect(safeText("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----")).toBe("…");
  });
});
