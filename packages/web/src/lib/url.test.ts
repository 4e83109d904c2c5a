import { expect, it } from "vitest";
import { hrefOf } from "./url.ts";

it("writes addresses that people can read, with a version in front", () => {
  const params = new URLSearchParams({ from: "2026-11-22T08:00:00Z", flow: "debian/1", reporter: "ana@x" });
  expect(hrefOf("/traffic-logs", params)).toBe("/traffic-logs?v=1&from=2026-11-22T08:00:00Z&flow=debian/1&reporter=ana@x");
  expect(hrefOf("/health", new URLSearchParams("v=0&net=a b"))).toBe("/health?v=1&net=a+b");
});
