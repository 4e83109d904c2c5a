import { describe, expect, it } from "vitest";
import { parseListFile } from "./list-file.ts";
import { ListedIndex } from "./listed-index.ts";

const index = new ListedIndex([
  { name: "ads", ...parseListFile("ads.example\n") },
  { name: "bad", ...parseListFile("bad.example\n203.0.113.7\n198.51.100.0/24\n2001:db8:bad::/48\n") },
]);

describe("what is listed", () => {
  it("is a domain and all below it, and no other that only ends so", () => {
    expect(index.ofDomain("bad.example")).toEqual({ list: "bad", entry: "bad.example" });
    expect(index.ofDomain("a.b.Bad.Example.")).toEqual({ list: "bad", entry: "bad.example" });
    expect(index.ofDomain("ads.example")?.list).toBe("ads");
    expect(index.ofDomain("notbad.example")).toBe(null);
    expect(index.ofDomain("example")).toBe(null);
  });

  it("is an address, by itself or in a range", () => {
    for (const [address, entry] of [
      ["203.0.113.7", "203.0.113.7"],
      ["198.51.100.200", "198.51.100.0/24"],
      ["2001:db8:bad::1", "2001:db8:bad::/48"],
    ] as const)
      expect(index.ofAddress(address)).toEqual({ list: "bad", entry });
    for (const address of ["203.0.113.8", "198.51.101.1", "2001:db8:baf::1", "nothing"])
      expect(index.ofAddress(address)).toBe(null);
  });

  it("is nothing, without lists", () => {
    expect(new ListedIndex([]).isEmpty).toBe(true);
    expect(new ListedIndex([{ name: "empty", ...parseListFile("# nothing") }]).isEmpty).toBe(true);
    expect(index.isEmpty).toBe(false);
  });
});
