import { describe, expect, it } from "vitest";
import { cleanMappings, dropUnusedPages } from "./unused-pages.ts";

const mapping = (head: string, dirtyKb = 0, anonymousKb = 0) =>
  `${head}\nSize:  8 kB\nRss:  8 kB\nPrivate_Dirty:  ${dirtyKb} kB\nAnonymous:  ${anonymousKb} kB\nLocked:  0 kB\nVmFlags: rd mr\n`;

describe("pages that only the start needed", () => {
  it("are those of files that nobody wrote to", () => {
    const smaps = [
      mapping("00400000-00402000 r--p 00000000 fe:00 10                                 /usr/bin/node"),
      mapping("00402000-00404000 r-xp 00002000 fe:00 10                                 /usr/bin/node"),
      mapping("00404000-00406000 r--p 00004000 fe:00 10                                 /usr/bin/node", 8, 8),
      mapping("00406000-00408000 rw-p 00006000 fe:00 10                                 /usr/bin/node"),
      mapping("00408000-0040a000 rw-p 00000000 00:00 0                                  [heap]"),
      mapping("7f0000000000-7f0000002000 r-xp 00000000 00:00 0                          [vdso]"),
      mapping("7f0000002000-7f0000004000 r--p 00000000 00:00 0"),
    ].join("");
    expect([...cleanMappings(smaps)]).toEqual([
      { start: 0x400000n, end: 0x402000n },
      { start: 0x402000n, end: 0x404000n },
    ]);
  });

  it("are given back, and come again when they are needed", () => {
    expect(dropUnusedPages()).toBeGreaterThan(1 << 20);
    expect(JSON.parse('{"still":["well"]}')).toEqual({ still: ["well"] });
    expect(new Intl.NumberFormat("en").format(1234.5)).toBe("1,234.5");
  });
});
