import { expect, it } from "vitest";
import { exampleFlow } from "../traffic/testing.ts";
import { relatedLists, relatedParams } from "./related-lists.ts";

const WINDOW = { from: "-1h", to: "now" };

it("asks for the pair either way, the source around its start, and the destination, in the flow's own network", () => {
  const lists = relatedLists(exampleFlow(), WINDOW);
  expect(lists.map(({ asked }) => asked)).toEqual([
    {
      network: "netmaker",
      window: WINDOW,
      q: "src.name=debian and dst.name=inetgw or src.name=inetgw and dst.name=debian",
    },
    { network: "netmaker", window: { from: "2026-11-22T09:46:00Z", to: "2026-11-22T09:56:00Z" }, q: "src.name=debian" },
    { network: "netmaker", window: WINDOW, q: "dst.name=inetgw" },
  ]);
  const [pair] = lists;
  expect(pair && relatedParams(pair, 7).toString()).toContain("reports=merged&limit=7");
});

it("by domain outside, by address where nobody is known", () => {
  const outside = relatedLists(exampleFlow({ dst_type: "external", dst_name: null, domain: "github.com" }), WINDOW);
  expect(outside[2]?.asked.q).toBe("dst.domain=github.com");
  expect(outside[0]?.asked.q).toContain("src.domain=github.com and dst.name=debian");
  const unknown = relatedLists(exampleFlow({ src_type: "unknown", src_name: null, src_ip: "fd00::9" }), WINDOW);
  expect(unknown[1]?.asked.q).toBe("src.ip=fd00::9");
});
