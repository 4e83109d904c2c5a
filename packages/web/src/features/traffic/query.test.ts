import { describe, expect, it } from "vitest";
import {
  apiParams,
  countFilters,
  NO_FILTERS,
  readFlowKey,
  readQuery,
  type TrafficQuery,
  withoutFilter,
  writeFlowKey,
  writeQuery,
} from "./query.ts";

const NOW_MS = Date.UTC(2026, 10, 22, 10);
const read = (address: string) => readQuery(new URLSearchParams(address), "merged", NOW_MS);

describe("the address", () => {
  it("says the last 15 minutes of all networks, one row per connection, when it says nothing", () => {
    expect(read("")).toEqual({
      network: null,
      window: { from: "-15m", to: "now" },
      reports: "merged",
      filters: NO_FILTERS,
    });
  });

  it("is read as it was written", () => {
    const query: TrafficQuery = {
      network: "prod",
      window: { from: "2026-11-22T08:00:00Z", to: "2026-11-22T09:00:00Z" },
      reports: "all",
      filters: { ...NO_FILTERS, protocol: ["tcp", "47"], src_type: ["user"], reporter: ["node/with slash"] },
    };
    expect(readQuery(writeQuery(query), "merged", NOW_MS)).toEqual(query);
  });

  it("keeps a relative window relative", () => {
    expect(writeQuery(read("from=-1h")).get("from")).toBe("-1h");
  });

  it("shows the view that a person chose last, unless a link says another one", () => {
    expect(readQuery(new URLSearchParams(), "all", NOW_MS).reports).toBe("all");
    expect(readQuery(new URLSearchParams("reports=merged"), "all", NOW_MS).reports).toBe("merged");
  });

  it.each(["from=yesterday", "from=now&to=-1h", "from=-1h&to=25:00"])("falls back to the default window for %s", (address) => {
    expect(read(address).window).toEqual({ from: "-15m", to: "now" });
  });

  it("leaves out words that a column does not know, and values said twice", () => {
    const { filters } = read("direction=sideways&direction=ingress&direction=ingress&protocol=nonsense&verdict=&reporter=debian");
    expect(filters).toEqual({ ...NO_FILTERS, direction: ["ingress"], reporter: ["debian"] });
  });
});

describe("the question to the API", () => {
  it("names protocols by number, ICMP of both address families at once", () => {
    expect(apiParams(read("protocol=tcp&protocol=ICMP")).getAll("protocol")).toEqual(["6", "1", "58"]);
  });

  it("repeats a column for any of its values", () => {
    const params = apiParams(read("src_type=node&src_type=user&net=prod&from=-5m"));
    expect(params.toString()).toBe("from=-5m&to=now&reports=merged&network=prod&src_type=node&src_type=user");
  });

  it("has no window for live rows", () => {
    expect(apiParams(read("from=-5m&verdict=refused"), true).toString()).toBe("reports=merged&verdict=refused");
  });
});

it("counts filters and takes one away", () => {
  const { filters } = read("protocol=tcp&protocol=udp&state=open");
  expect(countFilters(filters)).toBe(3);
  expect(withoutFilter(filters, "protocol", "tcp").protocol).toEqual(["udp"]);
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
