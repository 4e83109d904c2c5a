import { describe, expect, it } from "vitest";
import { type FlowQuestion, NEWEST_FIRST, pageParams, readListOrder, takesNewRows, writeListOrder } from "./question.ts";

const read = (address: string) => readListOrder(new URLSearchParams(address));

describe("the order in the address", () => {
  it("is newest first when it says nothing, or what cannot be", () => {
    expect(read("")).toEqual(NEWEST_FIRST);
    expect(read("sort=colour&order=up&at=noon")).toEqual(NEWEST_FIRST);
    // A place in time is for lists that are sorted by it.
    expect(read("sort=bytes&at=2026-11-22T09:00:00Z").at).toBeNull();
  });

  it("is read as it was written, and leaves the rest alone", () => {
    const order = { sort: "time", order: "asc", at: "2026-11-22T09:00:00Z" } as const;
    const params = writeListOrder(order, new URLSearchParams("v=1&q=tcp&sort=bytes&order=desc"));
    expect(readListOrder(params)).toEqual(order);
    expect(params.get("q")).toBe("tcp");
    expect(writeListOrder(NEWEST_FIRST, params).toString()).toBe("v=1&q=tcp");
  });
});

it("asks for a page of it, and follows only what has its place on top", () => {
  const question: FlowQuestion = {
    ...NEWEST_FIRST,
    window: { from: "-1h", to: "now" },
    reports: "merged",
    flows: new URLSearchParams("reports=merged&q=tcp"),
  };
  expect(pageParams(question).toString()).toBe("reports=merged&q=tcp&from=-1h&to=now");
  expect(pageParams({ ...question, sort: "bytes", order: "asc" }).toString()).toContain("sort=bytes&order=asc");
  expect(takesNewRows(question)).toBe(true);
  expect(takesNewRows({ ...question, sort: "bytes" })).toBe(false);
  expect(takesNewRows({ ...question, order: "asc" })).toBe(false);
  expect(takesNewRows({ ...question, window: { from: "-1h", to: "-30m" } })).toBe(false);
});
