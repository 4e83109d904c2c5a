import { describe, expect, it } from "vitest";
import { apiParams, readFlowKey, readQuery, type TrafficQuery, writeFlowKey, writeQuery } from "./query.ts";

const NOW_MS = Date.UTC(2026, 10, 22, 10);
const read = (address: string) => readQuery(new URLSearchParams(address), "merged", NOW_MS);

describe("the address", () => {
  it("says the last 15 minutes of all networks, one row per connection, when it says nothing", () => {
    expect(read("")).toEqual({ network: null, window: { from: "-15m", to: "now" }, q: "", reports: "merged" });
  });

  it("is read as it was written, and what else it says stays", () => {
    const query: TrafficQuery = {
      network: "prod",
      window: { from: "2026-11-22T08:00:00Z", to: "2026-11-22T09:00:00Z" },
      reports: "all",
      q: 'src.name="ana b" and port in (1, 2)',
    };
    const address = writeQuery(query, new URLSearchParams("flow=a/1&reports=merged&q=x"));
    expect(readQuery(address, "merged", NOW_MS)).toEqual(query);
    expect(address.get("flow")).toBe("a/1");
    expect(address.getAll("reports")).toEqual(["all"]);
  });

  it("shows the view that a person chose last, unless a link says another one", () => {
    expect(readQuery(new URLSearchParams(), "all", NOW_MS).reports).toBe("all");
    expect(readQuery(new URLSearchParams("reports=merged"), "all", NOW_MS).reports).toBe("merged");
  });
});

describe("the question to the API", () => {
  it("says all of it", () => {
    const params = apiParams(read("q=src.type=user&net=prod&from=-5m"));
    expect(params.toString()).toBe("from=-5m&to=now&network=prod&q=src.type%3Duser&reports=merged");
  });

  it("has no window for live rows", () => {
    expect(apiParams(read("from=-5m&q=verdict=refused"), true).toString()).toBe("q=verdict%3Drefused&reports=merged");
  });
});

describe("the key of a row", () => {
  it.each(["debian/123456", "node/with/slashes/1"])("%s is read as it was written", (text) => {
    const key = readFlowKey(new URLSearchParams({ flow: text }));
    expect(key && writeFlowKey(key)).toBe(text);
  });

  it.each(["", "debian", "debian/", "/1", "debian/12x", "debian/123456789012345678901"])("%j is none", (text) => {
    expect(readFlowKey(new URLSearchParams({ flow: text }))).toBeNull();
  });
});
