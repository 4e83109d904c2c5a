import { expect, it } from "vitest";
import { columnsInQuery } from "./single-columns.ts";

const read = (text: string) => columnsInQuery(new URLSearchParams(text));

it("says conditions of single columns in the filter language", () => {
  const params = read("v=1&from=-1h&protocol=tcp&protocol=17&src_type=user&dst_port=443&reports=all");
  expect(params?.get("q")).toBe("protocol in (tcp, udp) and dst.port=443 and src.type=user");
  expect(params?.get("from")).toBe("-1h");
  expect(params?.get("reports")).toBe("all");
  expect(params?.has("protocol")).toBe(false);
});

it("adds them to what is asked already", () => {
  expect(read("q=bytes>1MiB&verdict=refused")?.get("q")).toBe("bytes>1MiB and verdict=refused");
  expect(read("q=from:ana or to:ana&state=open")?.get("q")).toMatch(/^\(.+ or .+\) and state=open$/);
});

it("makes one network the address's own, and several a condition", () => {
  expect(Object.fromEntries(read("network=prod") ?? [])).toEqual({ net: "prod" });
  expect(read("protocol=icmp")?.get("q")).toBe("protocol in (icmp, icmpv6)");
  expect(read("network=a&network=b")?.get("q")).toBe("network in (a, b)");
});

it("leaves out what a column cannot hold, and a query with a mistake as it is", () => {
  expect(Object.fromEntries(read("protocol=nonsense&direction=ingress") ?? [])).toEqual({ q: "direction=ingress" });
  expect(Object.fromEntries(read("q=bytes>>1&direction=ingress") ?? [])).toEqual({ q: "bytes>>1" });
});

it("has nothing to do with today's addresses", () => {
  expect(read("v=1&from=-15m&q=tcp&net=prod&flow=debian/1&tab=json&cols=event")).toBeNull();
});
