import { filterTest, parseFilter, type Value } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { chosenAs, containing, exclude, include, only, whyUnchanged, withoutValue } from "./filter-edit.ts";
import { eitherEnd, swapEnds } from "./filter-edit-ends.ts";
import { partsOf, replacePart, withoutPart } from "./filter-edit-parts.ts";

type Edit = (q: string, field: string, value: Value) => string;
const EDITS: Readonly<Record<string, Edit>> = { include, exclude, only, eitherEnd, withoutValue };

it.each<[edit: string, q: string, field: string, value: Value, expected: string]>([
  ["include", "", "src.name", "ana@x", "src.name=ana@x"],
  ["include", "port=443", "src.name", "ana b", 'port=443 and src.name="ana b"'],
  ["include", "src.name=a and port=443", "src.name", "b", "src.name in (a, b) and port=443"],
  ["include", "src.name=a", "src.name", "a", "src.name=a"],
  ["include", "protocol not in (tcp, udp)", "protocol", 17, "protocol!=tcp"],
  ["include", "protocol!=udp x", "protocol", 17, "x"],
  ["include", "src.name~an", "src.name", "ana", "src.name~an and src.name=ana"],
  ["include", "a or b", "verdict", null, "(a or b) and verdict=null"],
  ["include", "ip in (10.0.0.0/8, fd0a::1)", "ip", "10.1.2.3", "ip in (fd0a::1, 10.1.2.3)"],
  ["include", "ip=10.0.0.0/8", "ip", "11.1.2.3", "ip in (10.0.0.0/8, 11.1.2.3)"],
  ["exclude", "", "dst.port", 443, "dst.port!=443"],
  ["exclude", "dst.port!=443", "dst.port", 80, "dst.port not in (443, 80)"],
  ["exclude", "dst.port in (443, 80) x", "dst.port", 80, "dst.port=443 and x"],
  ["exclude", "x dst.port=80", "dst.port", 80, "x and dst.port!=80"],
  ["exclude", "port in (443, 80)", "port", 80, "port=443 and port!=80"],
  ["exclude", "domain=null", "domain", null, "domain!=null"],
  ["exclude", "primary=true", "primary", false, "primary=true and primary!=false"],
  ["only", "src.name in (a, b) and port=443", "src.name", "c", "src.name=c and port=443"],
  ["only", "(src.name~a or src.name~b) x not src.name=y", "src.name", "c", "src.name=c and x"],
  ["only", "src.name=a or port=443", "src.name", "a", "(src.name=a or port=443) and src.name=a"],
  ["eitherEnd", "", "src.name", "a", "name=a"],
  ["eitherEnd", "src.name=a and port=443", "src.name", "a", "port=443 and name=a"],
  ["eitherEnd", "dst.ip=10.0.0.1", "src.ip", "10.0.0.1", "ip=10.0.0.1"],
  ["eitherEnd", "x", "dst.domain", "github.com", "x and domain=github.com"],
  ["eitherEnd", "x", "verdict", "denied", "x"],
  ["withoutValue", "dst.port in (443, 80) and x", "dst.port", 80, "dst.port=443 and x"],
  ["withoutValue", "dst.port!=80 and x", "dst.port", 80, "x"],
])("%s: %s with %s %j is %s", (edit, q, field, value, expected) => {
  expect(EDITS[edit]?.(q, field, value)).toBe(expected);
});

it("what is included passes, what is excluded does not, whatever was asked of the field before", () => {
  const asked = ["", "dst.port=80", "dst.port!=80", "dst.port in (80, 443)", "dst.port not in (80, 443)", "dst.port!=null"];
  for (const q of asked) {
    const passes = (text: string) => filterTest(parseFilter(text))({ dst_port: 80 });
    expect([q, passes(include(q, "dst.port", 80))]).toEqual([q, true]);
    expect([q, passes(exclude(q, "dst.port", 80))]).toEqual([q, false]);
    expect([q, passes(only(q, "dst.port", 80))]).toEqual([q, true]);
  }
});

describe("an edit that cannot be made", () => {
  it("leaves a text that is no filter as it is, and says why", () => {
    for (const edit of Object.values(EDITS)) expect(edit("port= and x", "src.name", "a")).toBe("port= and x");
    expect(swapEnds("src.ip=")).toBe("src.ip=");
    expect(whyUnchanged("port=")).toBe("The query has a mistake: something is missing at character 6: expected a value");
    expect(whyUnchanged("port=1")).toBe("The query says so already");
  });

  it("leaves the text as it was written where nothing changes", () => {
    expect(include("PORT = https", "port", 443)).toBe("PORT = https");
  });

  it("breaks no limit of the language", () => {
    const full = `port in (${Array.from({ length: 500 }, (_, i) => i).join()})`;
    expect(include(full, "port", 1000)).toBe(full);
  });
});

it("ends are swapped everywhere", () => {
  expect(
    swapEnds("src.name=a and not (dst.ip=10.0.0.1 or nat.src.port=5) and domain=x and src.domain=null and direction=in"),
  ).toBe("dst.name=a and not (src.ip=10.0.0.1 or nat.dst.port=5) and domain=x and dst.domain=null and direction=ingress");
});

it("a text that a value holds is asked for, whatever is in it", () => {
  expect(containing("port=443 or x", "domain", "git")).toBe("(port=443 or x) and domain~git");
  expect(containing("", "src.name", 'a*b "c')).toBe('src.name~"a\\*b \\"c"');
  expect(containing("port=", "domain", "git")).toBe("port=");
});

it("what is chosen is told", () => {
  const parts = partsOf("port in (22, 80) and verdict!=denied and (type=user or name=a)");
  expect(chosenAs(parts, "port", 80)).toBe("included");
  expect(chosenAs(parts, "verdict", "denied")).toBe("excluded");
  expect(chosenAs(parts, "type", "user")).toBeNull();
});

describe("parts", () => {
  it("are what all rows must pass", () => {
    expect(partsOf("a b or c")).toHaveLength(1);
    expect(partsOf("a (b or c) not (d e)")).toHaveLength(3);
    expect(partsOf("port=")).toEqual([]);
  });

  it("are taken away and written anew", () => {
    expect(withoutPart("a and (b or c) and d", 1)).toBe("a and d");
    expect(withoutPart("a", 0)).toBe("");
    expect(replacePart("a and b", 0, "c or d")).toBe("(c or d) and b");
    expect(replacePart("a and b", 0, "c d")).toBe("c and d and b");
    expect(() => replacePart("a and b", 0, "port=")).toThrow(/character 6/);
  });
});
