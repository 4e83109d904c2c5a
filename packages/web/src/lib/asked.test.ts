import { FilterError } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { type Asked, askedParams, readAsked, readFilter, withNetwork, writeAsked, writeChanged } from "./asked.ts";

const NOW_MS = Date.UTC(2026, 10, 22, 10);
const read = (address: string) => readAsked(new URLSearchParams(address), NOW_MS);

describe("what an address asks for", () => {
  it("is the last 15 minutes of all networks when it says nothing", () => {
    expect(read("")).toEqual({ network: null, window: { from: "-15m", to: "now" }, q: "" });
  });

  it("is read as it was written, beside what screens have of their own", () => {
    const asked: Asked = {
      network: "prod",
      window: { from: "2026-11-22T08:00:00Z", to: "2026-11-22T09:00:00Z" },
      q: 'src.name = "ana@x" and port in (53,123)',
    };
    const params = writeAsked(asked, new URLSearchParams("flow=debian/1&q=old&cols=a"));
    expect(readAsked(params, NOW_MS)).toEqual(asked);
    expect([params.get("flow"), params.get("cols")]).toEqual(["debian/1", "a"]);
  });

  it("begins at its beginning when something else is asked", () => {
    const params = new URLSearchParams("from=-1h&at=2026-11-22T08:30:00Z&sort=time&flow=debian/1");
    expect(writeAsked(read("from=-1h"), params).get("at")).toBe("2026-11-22T08:30:00Z");
    expect(writeChanged(read("from=-1h&q=tcp"), params).toString()).toBe("from=-1h&q=tcp&sort=time&flow=debian%2F1");
  });

  it("loses what belongs to the network before when the network changes", () => {
    const params = new URLSearchParams("net=prod&from=-1h&q=tcp&flow=debian/1&tab=json&at=2026-11-22T08:30:00Z&compare=debian/2");
    expect(withNetwork("test", params).toString()).toBe("from=-1h&q=tcp&net=test");
    expect(withNetwork(null, params).toString()).toBe("from=-1h&q=tcp");
  });

  it("keeps a relative window relative, and falls back from one that can't be", () => {
    expect(writeAsked(read("from=-1h")).get("from")).toBe("-1h");
    expect(read("from=now&to=-1h").window).toEqual({ from: "-15m", to: "now" });
  });

  it("is the same to the API", () => {
    expect(askedParams(read("net=prod&from=-5m&q=tcp")).toString()).toBe("from=-5m&to=now&network=prod&q=tcp");
  });
});

it("a filter is read, or it is said what is wrong", () => {
  expect(readFilter("")).toEqual({ kind: "all" });
  expect(readFilter("proto=tcp")).toMatchObject({ kind: "is", field: "protocol" });
  expect(readFilter("bytes > ")).toBeInstanceOf(FilterError);
});
