import { formatCidr } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { parseListFile } from "./list-file.ts";

const read = (text: string, most?: number) => {
  const { ranges, ...rest } = parseListFile(text, most);
  return { ...rest, ranges: ranges.map(formatCidr) };
};
const none = { domains: [], addresses: [], ranges: [], wrong: { count: 0, first: [] }, cut: false };

describe("a list of addresses and domains", () => {
  it("is read in every form that is handed around", () => {
    const text = [
      "# a comment",
      "Bad.Example.",
      "*.worse.example  # why",
      "||ads.example^",
      "203.0.113.7",
      "2001:DB8:0::7",
      "198.51.100.0/24 ; a range",
      "2001:db8::/32",
      "",
      "127.0.0.1 localhost",
      "0.0.0.0 tracker.example cdn.tracker.example",
      "::1 ip6-localhost ip6-loopback",
      "! another comment",
    ].join("\r\n");
    expect(read(text)).toEqual({
      ...none,
      domains: ["bad.example", "worse.example", "ads.example", "tracker.example", "cdn.tracker.example"],
      addresses: ["203.0.113.7", "2001:db8::7"],
      ranges: ["198.51.100.0/24", "2001:db8::/32"],
    });
  });

  it("counts lines that can't be read, shows the first, and goes on", () => {
    const found = read("bad.example\n<html>\n10.0.0.0/99\n1.2.3\nhello\n192.0.2.1 mail.example\ngood-to-know.example\n");
    expect(found.domains).toEqual(["bad.example", "good-to-know.example"]);
    expect(found.wrong.count).toBe(5);
    expect(found.wrong.first.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6]);
    const many = read("?\n".repeat(1000));
    expect([many.wrong.count, many.wrong.first.length]).toEqual([1000, 20]);
  });

  it("is taken up to a limit, and says so", () => {
    expect(read("a.example\nb.example\nc.example\n", 2)).toEqual({ ...none, domains: ["a.example", "b.example"], cut: true });
    expect(read("a.example\na.example\n# end\n", 2).cut).toBe(false);
  });

  it("may be anything at all", () => {
    expect(read("")).toEqual(none);
    expect(read("\u0000\u0001".repeat(50)).wrong.count).toBe(1);
  });
});
