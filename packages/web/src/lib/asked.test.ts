import { FilterError } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { type Asked, askedParams, readAsked, readFilter, writeAsked } from "./asked.ts";

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
