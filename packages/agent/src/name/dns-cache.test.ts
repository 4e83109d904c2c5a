import { parseAddress } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { DnsCache, type DnsCacheConfig } from "./dns-cache.ts";

const MINUTE = 60_000;
const address = (text: string): Uint8Array => parseAddress(text)!;
const ANA = address("100.64.0.2");
const BEN = address("100.64.0.3");
const CDN = address("198.51.100.7");

class Cache extends DnsCache {
  told(client: Uint8Array, name: string, atMs: number, ttlS = 60, at = CDN): void {
    this.add(client, at, 0, name, atMs, ttlS);
  }
  asked(client: Uint8Array, startMs: number, at = CDN): string | null {
    return this.look(client, at, 0, startMs);
  }
}
const cacheOf = (config: Partial<DnsCacheConfig> = {}): Cache => new Cache(config);

describe("DnsCache", () => {
  it("knows for each client what it asked for, never what another one did", () => {
    const cache = cacheOf();
    cache.told(ANA, "a.example", 0);
    expect(cache.asked(BEN, 1)).toBeNull();
    cache.told(BEN, "b.example", 0);
    expect([cache.asked(ANA, 1), cache.asked(BEN, 1)]).toEqual(["a.example", "b.example"]);
  });

  it("takes the newest answer at or before the start: ten minutes old, or as old as its TTL", () => {
    const cache = cacheOf();
    cache.told(ANA, "a.example", 0, 60);
    cache.told(ANA, "b.example", 1000, 3600);
    expect(cache.asked(ANA, -1)).toBeNull();
    expect(cache.asked(ANA, 0)).toBe("a.example");
    expect(cache.asked(ANA, 999)).toBe("a.example");
    expect(cache.asked(ANA, 1000)).toBe("b.example");
    expect(cache.asked(ANA, 1000 + 60 * MINUTE)).toBe("b.example");
    expect(cache.asked(ANA, 1001 + 60 * MINUTE)).toBeNull();
    const short = cacheOf();
    short.told(ANA, "a.example", 0, 5);
    expect([short.asked(ANA, 10 * MINUTE), short.asked(ANA, 10 * MINUTE + 1)]).toEqual(["a.example", null]);
  });

  it("still knows what was answered before a flow when the same was answered again after its start", () => {
    const cache = cacheOf();
    cache.told(ANA, "a.example", 0);
    cache.told(ANA, "b.example", 3000);
    cache.told(ANA, "a.example", 4000);
    cache.told(ANA, "a.example", 6000);
    expect(cache.asked(ANA, 5000)).toBe("a.example");
    expect(cache.asked(ANA, 3500)).toBe("b.example");
    expect(cache.asked(ANA, 2000)).toBe("a.example");
  });

  it("does not take an answer for older than it is, after a time without one", () => {
    const cache = cacheOf();
    cache.told(ANA, "a.example", 0);
    cache.told(ANA, "a.example", 60 * MINUTE);
    expect(cache.asked(ANA, 30 * MINUTE)).toBeNull();
    expect(cache.asked(ANA, 61 * MINUTE)).toBe("a.example");
  });

  it("is bounded in entries and in bytes, and drops what was used least recently", () => {
    const cache = cacheOf({ maxEntries: 300 });
    for (let i = 0; i < 1000; i++) cache.told(ANA, `n${i}.example`, i, 60, address(`10.0.${i >> 8}.${i & 255}`));
    expect([cache.size, cache.evicted]).toEqual([300, 700]);
    expect(cache.asked(ANA, 1000, address("10.0.0.1"))).toBeNull();
    expect(cache.asked(ANA, 1000, address("10.0.3.231"))).toBe("n999.example");
    const small = cacheOf({ maxNameBytes: 5000 });
    for (let i = 0; i < 1000; i++) small.told(ANA, `${"x".repeat(50)}${i}.example`, i, 60, address(`10.0.${i >> 8}.${i & 255}`));
    expect(small.size).toBeLessThan(45);
    expect(small.asked(ANA, 1000, address("10.0.3.231"))).toMatch(/x999\.example$/);
  });

  it("forgets what chosen clients asked for", () => {
    const cache = cacheOf();
    for (let i = 0; i < 1000; i++) cache.told(i % 2 ? ANA : BEN, "a.example", 0, 60, address(`10.0.${i >> 8}.${i & 255}`));
    cache.forgetClients((client) => Buffer.compare(client, ANA) === 0);
    expect(cache.size).toBe(500);
    expect(cache.asked(ANA, 1, address("10.0.0.1"))).toBeNull();
    expect(cache.asked(BEN, 1, address("10.0.0.2"))).toBe("a.example");
  });

  it("keeps the last names of one address, and forgets what is out of date", () => {
    const cache = cacheOf();
    for (let i = 0; i < 100; i++) cache.told(ANA, `n${i}.example`, i);
    expect(cache.size).toBe(16);
    expect(cache.asked(ANA, 100)).toBe("n99.example");
    cache.told(ANA, "long.example", 100, 7200);
    cache.sweep(11 * MINUTE);
    expect(cache.size).toBe(1);
    expect(cache.has(ANA, CDN, 0, 20 * MINUTE, "long.example")).toBe(true);
    expect(cache.has(ANA, CDN, 0, 20 * MINUTE, "n99.example")).toBe(false);
    cache.clear();
    expect(cache.size).toBe(0);
  });
});
