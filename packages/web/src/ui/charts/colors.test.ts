import { describe, expect, it } from "vitest";
import { seriesColors } from "./colors.ts";

describe("colours of series", () => {
  it("are fixed for what everybody knows, whatever the field is called", () => {
    expect(seriesColors("proto", ["tcp"])).toEqual(seriesColors("protocol", ["tcp"]));
    expect(seriesColors("src.type", ["user"])).toEqual(seriesColors("dst_type", ["user"]));
    expect(new Set(seriesColors("verdict", ["answered", "refused", "unanswered", "denied"])).size).toBe(4);
  });

  it("belong to the value and not to its rank", () => {
    const names = ["inetgw", "officegw", "debian", "ana@example.com"];
    const before = new Map(seriesColors("src.name", names).map((color, i) => [names[i], color]));
    const after = seriesColors("src.name", names.toReversed());
    expect(after).toEqual(names.toReversed().map((name) => before.get(name)));
  });

  it("are all different up to twelve values, and one of twelve above", () => {
    const names = Array.from({ length: 20 }, (_, i) => `node-${i}`);
    expect(new Set(seriesColors("reporter", names.slice(0, 12))).size).toBe(12);
    expect(new Set(seriesColors("reporter", names)).size).toBe(12);
  });

  it("tell flows without a value apart", () => {
    const [none, some] = seriesColors("domain", [null, "example.com"]);
    expect(none).toBe("var(--series-none)");
    expect(some).toMatch(/^var\(--series-\d+\)$/);
  });
});
