import { describe, expect, it } from "vitest";
import { UnderWay } from "./under-way.ts";

describe("uploads under way", () => {
  it("are refused above the limit, with a time, and taken again when others have left", () => {
    const underWay = new UnderWay(100);
    const first = underWay.enter(60);
    expect(() => underWay.enter(41)).toThrow(/ingest\.max_waiting/);
    const second = underWay.enter(40);
    expect(underWay.stats).toEqual({ bytes: 100, uploads: 2, refused: 1 });
    expect(() => second.grow(1)).toThrow(expect.objectContaining({ code: "TOO_MANY_UPLOADS" }));
    second.leave();
    first.grow(40);
    expect(underWay.stats.bytes).toBe(100);
    first.leave();
    expect(underWay.stats).toEqual({ bytes: 0, uploads: 0, refused: 2 });
  });

  it("take one that is larger than the limit when it is alone, and no other beside it", () => {
    const underWay = new UnderWay(100);
    const large = underWay.enter(10);
    large.grow(500);
    expect(() => underWay.enter(1)).toThrow();
    large.leave();
    underWay.enter(1).leave();
    expect(underWay.stats).toMatchObject({ bytes: 0, uploads: 0 });
  });
});
