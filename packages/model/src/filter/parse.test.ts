import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FilterError } from "./error.ts";
import { FILTER_FIELDS } from "./fields.ts";
import { MAX_FILTER_LENGTH } from "./lexer.ts";
import { parseFilter } from "./parse.ts";
import { printFilter } from "./print.ts";
import { filterArbitrary } from "./testing.ts";

const canonical = (text: string) => printFilter(parseFilter(text));

describe("a filter", () => {
  it.each([
    ["", ""],
    ["  ", ""],
    ["src.name=debian", "src.name=debian"],
    ["SRC.Name = debian", "src.name=debian"],
    ["src_name=debian", "src.name=debian"],
    ["nat_dst_ip=10.0.0.1", "nat.dst.ip=10.0.0.1"],
    ["port=https", "port=443"],
    ["port in (ssh, 80, 22)", "port in (22, 80)"],
    ["port = (22,80)", "port in (22, 80)"],
    ["port not in (22)", "port!=22"],
    ["dst.port >= 1024", "dst.port>=1024"],
    ["proto=TCP", "protocol=tcp"],
    ["protocol in (6, 17, 253)", "protocol in (tcp, udp, 253)"],
    ["protocol=ICMP6", "protocol=icmpv6"],
    ["src.ip in 10.1.2.3/8", "src.ip=10.0.0.0/8"],
    ["src.ip ~ 10.0.0.0/8", "src.ip=10.0.0.0/8"],
    ["ip=10.0.0.1/32", "ip=10.0.0.1"],
    ["ip=FD0A:0::1", "ip=fd0a::1"],
    ["src.ip=10.20.*", "src.ip~10.20.*"],
    ["bytes>1MiB", "bytes>1MiB"],
    ["bytes > 1.5k", "bytes>1536"],
    ["bytes>1kB", "bytes>1000"],
    ["duration>=90s", "duration>=1m30s"],
    ["duration=0s", "duration=0s"],
    ["direction=Inbound", "direction=ingress"],
    ["direction in (outbound, ingress)", "direction in (egress, ingress)"],
    ['src.type="Config file"', "src.type=extclient"],
    ['dst.type in ("Egress route", User)', "dst.type in (egress_route, user)"],
    ['verdict="No answer"', "verdict=unanswered"],
    ["primary=yes", "primary=true"],
    ["domain=null", "domain=null"],
    ['domain="null"', 'domain="null"'],
    ["domain=*.example.com", "domain~*.example.com"],
    ["domain!=a**b", "domain!~a*b"],
    ['domain="*.example.com"', "domain~*.example.com"],
    ['domain="\\*"', 'domain="\\*"'],
    ["name='O\\'Brien'", 'name="O\'Brien"'],
    ["name=O'Brien", 'name="O\'Brien"'],
    ["src.name=DOMAIN\\ana", "src.name=DOMAIN\\ana"],
    ["dst.domain~github", "dst.domain~github"],
    ["a b", "a and b"],
    ["a b or c", "a and b or c"],
    ["a (b or c)", "a and (b or c)"],
    ["a AND (b AND c)", "a and b and c"],
    ["((a))", "a"],
    ["not a b", "not a and b"],
    ["not (a b)", "not (a and b)"],
    ["not not a", "a"],
    ["!!a", "a"],
    ["not port=22", "port!=22"],
    ["!port:22", "port!=22"],
    ["not bytes>1", "not bytes>1"],
    ["!(a or b)", "not (a or b)"],
    ["github", "github"],
    ['"and"', '"and"'],
    ['"a b"', '"a b"'],
    ["git*hub", "git*hub"],
    ["10.0.0.1", "ip=10.0.0.1"],
    ["10.0.0.0/8", "ip=10.0.0.0/8"],
    ['"10.0.0.1"', '"10.0.0.1"'],
    ["fd0a::1", "ip=fd0a::1"],
    ["fd0a:", '"fd0a:"'],
    ["10.0.0.1:443", "src.ip=10.0.0.1 and src.port=443 or dst.ip=10.0.0.1 and dst.port=443"],
    ["to:[fd0a::1]:443", "dst.ip=fd0a::1 and dst.port=443"],
    ["from:ana", "src.name~ana"],
    ['from:"ana b"', 'src.name~"ana b"'],
    ["from:'ana b'", 'src.name~"ana b"'],
    ["to:github.com", "dst.name~github.com or dst.domain~github.com"],
    ["from:10.0.0.0/8 to:10.1.2.3", "src.ip=10.0.0.0/8 and dst.ip=10.1.2.3"],
    ["from:10.20.", "src.ip~10.20."],
    ["to:fd0a:", "dst.ip~fd0a:"],
    ["port:https proto:udp ip:::1 name:ana type:user", "port=443 and protocol=udp and ip=::1 and name~ana and type=user"],
    ["domain:null reporter:inetgw", "domain=null and reporter~inetgw"],
    ["in_reply", "in_reply"],
    ["src.port", "src.port"],
  ])("%s is %s", (text, expected) => {
    expect(canonical(text)).toBe(expected);
    expect(parseFilter(expected)).toEqual(parseFilter(text));
  });

  it.each<[text: string, at: number, length: number, expected: RegExp]>([
    ["scr.name=x", 0, 8, /^src\.name/],
    ["a and sorce:x", 6, 5, /field/],
    ["port=htps", 5, 4, /service such as https/],
    ["port = 70000", 7, 5, /65535/],
    ["src.ip=10.0.0.256", 7, 10, /address/],
    ["src.ip=null", 7, 4, /address/],
    ["bytes>5X", 6, 2, /1MiB/],
    ["duration>5", 9, 1, /5m/],
    ["direction=sideways", 10, 8, /^ingress, egress$/],
    ["direction~in", 9, 1, /^=, !=, in, not in$/],
    ["src.name>a", 8, 1, /~/],
    ["port=", 5, 0, /value/],
    ["port in ()", 9, 1, /value/],
    ["port in (80", 11, 0, /^,, \)$/],
    ["port in (80 443)", 12, 3, /^,, \)$/],
    ["domain in (a*, b)", 11, 2, /\*/],
    ["(a", 2, 0, /\)/],
    ["a)", 1, 1, /the end/],
    ["and", 0, 3, /condition/],
    ["a or", 4, 0, /condition/],
    ["= 5", 0, 1, /condition/],
    ["not", 3, 0, /condition/],
    ["name:", 5, 0, /after the colon/],
    ["name: x", 5, 0, /after the colon/],
    ['name~""', 5, 2, /text/],
    ['a "b', 2, 2, /closing/],
    ['"a\\n"', 2, 1, /\\\\/],
    ["port<telnet,", 11, 1, /the end/],
    [`${"(".repeat(40)}a`, 32, 1, /32 levels/],
    ["port=1 ".repeat(201), 1400, 4, /200/],
    ["10.0.0.0/8 ".repeat(101), 1100, 10, /100/],
    ["a ".repeat(15), 28, 1, /fewer words/],
    ["domain~a ".repeat(101), 900, 6, /fewer words/],
    [`port in (${Array.from({ length: 501 }, (_, i) => i).join()})`, 1899, 3, /500/],
    ["a".repeat(MAX_FILTER_LENGTH + 1), MAX_FILTER_LENGTH, 1, /8192/],
    ["*a".repeat(12), 0, 24, /9/],
  ])("%s is refused, with the place and what was expected", (text, offset, length, expected) => {
    const error = errorOf(text);
    expect(error?.data).toMatchObject({ code: "BAD_FILTER", offset, length });
    expect(error?.data.expected.join(", ")).toMatch(expected);
    expect(error?.message).toContain(`at character ${offset + 1}`);
  });

  it("is read back as it was written", () => {
    fc.assert(
      fc.property(filterArbitrary, (filter) => {
        expect(parseFilter(printFilter(filter))).toEqual(filter);
      }),
      { numRuns: 2000 },
    );
  });

  it("that is garbage is refused with a FilterError or read, and what was read is canonical", () => {
    const word = fc.constantFrom(
      ...FILTER_FIELDS.map(({ name }) => name),
      "and",
      "or",
      "not",
      "in",
      "null",
      "from:",
      "!",
      "10.0.0.0/8",
    );
    const sign = fc.constantFrom("=", "!=", "<", ">=", "~", "!~", "(", ")", ",", '"', "'", "\\", "*", ":", " ", "443", "1MiB");
    const garbage = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(fc.oneof(word, sign, fc.string({ maxLength: 3 })), { maxLength: 30 }).map((parts) => parts.join("")),
      fc.array(fc.oneof(word, sign), { maxLength: 30 }).map((parts) => parts.join(" ")),
    );
    fc.assert(
      fc.property(garbage, (text) => {
        const error = errorOf(text);
        if (error === null) expect(parseFilter(canonical(text))).toEqual(parseFilter(text));
        else expect(error.data.offset + error.data.length).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 5000 },
    );
  });
});

function errorOf(text: string): FilterError | null {
  try {
    parseFilter(text);
    return null;
  } catch (error) {
    if (error instanceof FilterError) return error;
    throw error;
  }
}
