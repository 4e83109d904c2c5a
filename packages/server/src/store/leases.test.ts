import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Claim, standing } from "./lease-standing.ts";
import { Leases } from "./leases.ts";
import { LEASES } from "./schema/lease-table.ts";
import { createTable } from "./schema/table.ts";
import { memoryLogger, startTestEngine, type TestEngine } from "./testing.ts";

const times = { ttlMs: 1000, settleMs: 100 };
const claim = (own: Partial<Claim>): Claim => ({ term: 1, claim: "a", claimedMs: 0, beatMs: 0, released: false, ...own });

describe("who holds a lease", () => {
  it("is whoever claimed the newest term first, by the store's clock", () => {
    const claims = [claim({ claim: "b", claimedMs: 5, beatMs: 500 }), claim({ claim: "a", claimedMs: 6, beatMs: 600 })];
    expect(standing(claims, "b", 700, times).kind).toBe("mine");
    expect(standing(claims, "a", 700, times).kind).toBe("other");
    expect(standing([...claims, claim({ term: 2, claim: "c", claimedMs: 650, beatMs: 650 })], "b", 700, times).kind).toBe(
      "other",
    );
  });

  it("is nobody when the holder is silent or gave it up, and never somebody while another one may still believe", () => {
    const silent = claim({ beatMs: 100 });
    expect(standing([silent], "b", 1000, times).kind).toBe("other");
    expect(standing([silent], "b", 1200, times)).toEqual({ kind: "free", term: 2 });
    expect(standing([claim({ beatMs: 100, released: true })], "b", 150, times)).toEqual({ kind: "free", term: 2 });
    const next = claim({ term: 2, claim: "b", claimedMs: 1200, beatMs: 1200 });
    expect(standing([silent, next], "b", 1250, times).kind).toBe("soon");
    expect(standing([silent, next], "b", 1300, times).kind).toBe("mine");
    // Its beat came between the look and the claim.
    expect(standing([{ ...silent, beatMs: 1150 }, next], "b", 1400, times).kind).toBe("soon");
    expect(standing([{ ...silent, beatMs: 1150 }, next], "b", 2151, times).kind).toBe("mine");
  });

  it("is at most one, whatever was claimed", () => {
    const any = fc.record({
      term: fc.integer({ min: 1, max: 3 }),
      claim: fc.constantFrom("a", "b", "c", "d"),
      claimedMs: fc.integer({ min: 0, max: 2000 }),
      beatMs: fc.integer({ min: 0, max: 3000 }),
      released: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(any, { selector: (one) => `${one.term} ${one.claim}` }),
        fc.integer({ min: 0, max: 4000 }),
        (claims, now) => {
          const own = [...new Set(claims.map((one) => one.claim))];
          expect(own.filter((id) => standing(claims, id, now, times).kind === "mine").length).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});

describe("leases in a store", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startTestEngine();
    await engine.clickhouse.command(createTable(LEASES));
  });
  afterAll(() => engine.stop());

  const config = { shared: true, ttlMs: 1500, settleMs: 100, renewMs: 300, slackMs: 200 };
  const server = (holder: string) => new Leases(config, { clickhouse: engine.clickhouse, logger: memoryLogger(), holder });
  const eventually = { timeout: 20_000, interval: 20 };

  it("are one server's, given up at its end, and taken over when it is silent", async () => {
    const [one, other] = [server("one"), server("other")];
    const [a, b] = [one.hold("alerts"), other.hold("alerts")];
    await one.renew();
    await vi.waitFor(async () => {
      await Promise.all([one.renew(), other.renew()]);
      expect([a.isMine, b.isMine]).toEqual([true, false]);
    }, eventually);
    await one.stop();
    expect(a.isMine).toBe(false);
    await vi.waitFor(async () => {
      await other.renew();
      expect(b.isMine).toBe(true);
    }, eventually);
    // It says nothing more and gives nothing up, as a machine that stands still.
    const third = server("third");
    const c = third.hold("alerts");
    await vi.waitFor(async () => {
      await third.renew();
      expect([b.isMine, c.isMine]).not.toEqual([true, true]);
      expect(c.isMine).toBe(true);
    }, eventually);
    await other.renew();
    expect(b.isMine).toBe(false);
    await Promise.all([other.stop(), third.stop()]);
  });

  it("are all ours where there is no other server", async () => {
    const alone = new Leases(
      { ...config, shared: false },
      { clickhouse: engine.clickhouse, logger: memoryLogger(), holder: "x" },
    );
    const lease = alone.hold("alerts");
    expect(lease.isMine).toBe(true);
    await alone.stop();
    expect(lease.isMine).toBe(false);
  });
});
