import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clean, cleanJson } from "./clean.ts";
import { csvLine } from "./csv.ts";
import { bar, plain, styleFor } from "./style.ts";
import { layOut, roomy, rowLine, tableLines } from "./table.ts";
import { displayWidth, pad, truncate } from "./width.ts";

// C0, DEL, C1; changes of direction; what shows nothing.
const STEERS = /[\p{Cc}\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;

describe("clean", () => {
  it("spells out what would steer a terminal, and leaves letters alone", () => {
    expect(clean("a\x1b[31mred\x9b0m\r\n\u202egnp.exe")).toBe("a\\x1b[31mred\\x9b0m\\x0d\\x0a\\u{202e}gnp.exe");
    expect(clean("münchen.example 東京 ٣ 🚀")).toBe("münchen.example 東京 ٣ 🚀");
    expect(clean("\ud800")).toBe("\\u{d800}");
  });

  it("lets nothing through, whatever comes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(clean(text)).not.toMatch(STEERS);
        const json = cleanJson(JSON.stringify({ text }));
        expect(json).not.toMatch(STEERS);
        expect(JSON.parse(json)).toEqual({ text });
      }),
    );
  });
});

describe("widths", () => {
  it.each([
    ["abc", 3],
    ["東京", 4],
    ["e\u0301", 1],
    ["한국", 4],
    ["🚀", 2],
    ["☎️", 2],
    ["ｆｕｌｌ", 8],
    ["→", 1],
  ])("%s takes %i columns", (text, width) => expect(displayWidth(text)).toBe(width));

  it("cuts between letters, never within a wide one, and pads to columns", () => {
    expect(truncate("東京タワー", 6)).toBe("東京…");
    expect(truncate("東京タワー", 5)).toBe("東京…");
    expect(truncate("short", 5)).toBe("short");
    expect(pad("東京", 6)).toBe("東京  ");
    expect(pad("7", 3, "right")).toBe("  7");
  });
});

describe("tables", () => {
  const columns = [
    { title: "NAME", text: (row: string) => row, least: 6 },
    { title: "SIZE", text: (row: string) => String(row.length), align: "right" as const },
    { title: "EXTRA", text: () => "extra", spare: 1 },
  ];

  it("leave out what can be spared, then cut, and stay within the terminal", () => {
    const rows = ["a name that is long", "東京タワー東京タワー"];
    for (const width of [40, 30, 20, 14]) {
      const lines = tableLines(columns, rows, { width, style: plain });
      for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
      expect(lines[0]?.includes("EXTRA")).toBe(width > 18);
    }
    expect(tableLines(columns, rows, { width: null, style: plain })[1]).toBe("a name that is long     19  extra");
  });

  it("keep columns below each other for wide letters and for rows that steer", () => {
    const [, first, second] = tableLines(columns, ["東京", "\x1b[2J"], { width: 60, style: plain });
    expect(second).not.toMatch(STEERS);
    expect(displayWidth(first?.split("extra")[0] ?? "")).toBe(displayWidth(second?.split("extra")[0] ?? ""));
  });

  it("have room for rows that come later", () => {
    const layout = roomy(layOut(columns, ["ab"], 60), 60);
    expect(rowLine(layout, "twelve chars", plain)).toContain("twelve chars");
  });
});

describe("CSV and colours", () => {
  it("quotes, and disarms formulas as the server's exports do", () => {
    expect(csvLine(["a,b", 'say "x"', "=1+1", "-x", -5, null, "two\nlines"])).toBe(
      `"a,b","say ""x""",'=1+1,'-x,-5,,"two\nlines"\r\n`,
    );
  });

  it("colours what it is told to", () => {
    expect(styleFor("auto", { isTTY: true }, {})("x", "red")).toBe("\x1b[31mx\x1b[0m");
    for (const [choice, stream, env] of [
      ["auto", {}, {}],
      ["auto", { isTTY: true }, { NO_COLOR: "1" }],
      ["auto", { isTTY: true }, { TERM: "dumb" }],
      ["never", { isTTY: true }, {}],
    ] as const)
      expect(styleFor(choice, stream, env)("x", "red")).toBe("x");
    expect(styleFor("always", {}, { NO_COLOR: "1" })("x", "red")).not.toBe("x");
    expect(styleFor("auto", { isTTY: true }, { NO_COLOR: "" })("x", "red")).not.toBe("x");
  });

  it("draws bars in eighths", () => {
    expect([bar(0, 8), bar(0.0001, 8), bar(0.5, 8), bar(1, 8), bar(2, 8), bar(0.53, 8)]).toEqual([
      "",
      "▏",
      "████",
      "████████",
      "████████",
      "████▎",
    ]);
  });
});
