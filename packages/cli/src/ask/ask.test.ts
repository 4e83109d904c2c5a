import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { pointedAt } from "./checked-filter.ts";
import { addFilterFlags, givenFilter } from "./filter-flags.ts";
import { momentFor, shownTime } from "./moments.ts";
import { queryText } from "./print-query.ts";

const NOW = Date.parse("2026-11-23T12:00:00Z");
const utc = { utc: true };

describe("times", () => {
  it.each([
    ["1h", "-1h"],
    ["7d", "-7d"],
    ["-15m", "-15m"],
    ["now", "now"],
    ["now-1h", "now-1h"],
    ["2026-11-01", "2026-11-01T00:00:00.000Z"],
    ["2026-11-01 14:30", "2026-11-01T14:30:00.000Z"],
    ["2026-11-01T14:30:05", "2026-11-01T14:30:05.000Z"],
    ["2026-11-01T14:30:00+02:00", "2026-11-01T12:30:00.000Z"],
    ["11:30", "2026-11-23T11:30:00.000Z"],
    ["13:30", "2026-11-22T13:30:00.000Z"],
    ["today", "2026-11-23T00:00:00.000Z"],
    ["yesterday", "2026-11-22T00:00:00.000Z"],
    ["1763899200000", "2025-11-23T12:00:00.000Z"],
  ])("%s is %s", (text, expected) => expect(momentFor("--since", text, utc, NOW)).toBe(expected));

  it.each(["soon", "2026-02-30", "25:00", "2026-11-01T24:61", "", "1x"])("%j is none", (text) => {
    expect(() => momentFor("--since", text, utc, NOW)).toThrow(/--since .* is not a time: expected 1h/);
  });

  it("are read and shown in the zone of this machine, unless in UTC", () => {
    const read = momentFor("--since", "2026-11-01 14:30", { utc: false }, NOW);
    expect(new Date(read).getTime()).toBe(new Date(2026, 10, 1, 14, 30).getTime());
    expect(shownTime(Date.parse(read), { utc: false })).toBe("2026-11-01 14:30:00");
    expect(shownTime(NOW, utc, { milliseconds: true, date: false })).toBe("12:00:00.000");
    expect(shownTime(Number.NaN, utc)).toBe("-");
  });
});

describe("flags of a filter", () => {
  function filterOf(...args: string[]): string | undefined {
    const command = addFilterFlags(new Command("observe").argument("[filter...]").exitOverride());
    command.action(() => undefined).parse(args, { from: "user" });
    return givenFilter(command, command.args);
  }

  it.each([
    [[], undefined],
    [["--from", "alice"], "src.name=alice"],
    [["--to", "10.0.0.0/8", "--port", "https"], "dst.ip=10.0.0.0/8 and port=443"],
    [["--to", "*.corp.example"], "dst.name~*.corp.example or dst.domain~*.corp.example"],
    [["--either", "db"], "src.name=db or dst.name=db"],
    [["--port", "80,443"], "port in (80, 443)"],
    [["--port", "80", "--port", "443", "--proto", "tcp"], "(port=80 or port=443) and protocol=tcp"],
    [["--not", "--verdict", "answered", "--type", "user"], "verdict!=answered and type=user"],
    [["--not", "--from", "a.b"], "not (src.name=a.b or src.domain=a.b)"],
    [["--from", "two words and (more)"], 'src.name="two words and (more)"'],
    [["--from", 'a" or "b'], 'src.name="a\\" or \\"b"'],
    [["-q", "bytes>1MiB", "--q", "a or b", "dst.port=22", "or", "x"], "bytes>1MiB and (a or b) and (dst.port=22 or x)"],
  ] as const)("%j", (args, expected) => expect(filterOf(...args)).toBe(expected));

  it("points at what is wrong", () => {
    expect(() => filterOf("-q", "port=443 and src.nam=x")).toThrow(
      /expected src\.name\n {2}port=443 and src\.nam=x\n {15}\^{7}$/,
    );
    expect(() => filterOf("--port", "44x")).toThrow(/--port: .*\n {2}port=44x\n {7}\^\^\^$/);
    expect(() => filterOf("--not")).toThrow(/--not stands before/);
    expect(pointedAt("名前=", { offset: 3, length: 0 })).toBe("  名前=\n       ^");
    expect(pointedAt(`${"x".repeat(100)} y\x1b`, { offset: 101, length: 2 })).toBe(
      `  …${"x".repeat(59)} y\\x1b\n${" ".repeat(63)}^^^^^`,
    );
  });

  it("are told without the token, ready for a shell", () => {
    const text = queryText({ url: "https://example.org/flows" }, "/api/flows", {
      q: "src.name=o'hara",
      from: "-1h",
      none: undefined,
    });
    expect(text).toBe(
      "filter: src.name=o'hara\nurl:    https://example.org/flows/api/flows?q=src.name%3Do%27hara&from=-1h\n" +
        `curl:   curl -sS -H "Authorization: Bearer $FLOWTRAIL_TOKEN" 'https://example.org/flows/api/flows?q=src.name%3Do%27hara&from=-1h'\n`,
    );
  });
});
