import { FILTER_FIELDS, parseFilter } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { fieldLabel, partLabel } from "./filter-text.ts";

describe("in people's words", () => {
  it.each([
    ["src.type=user", "Source type: User"],
    ["src.type in (user, extclient)", "Source type: User or Config file"],
    ["protocol in (icmp, icmpv6)", "Protocol: ICMP"],
    ["protocol in (tcp, icmp, icmpv6)", "Protocol: TCP or ICMP"],
    ["protocol=icmpv6", "Protocol: ICMPv6"],
    ["direction!=ingress", "Direction: not Inbound"],
    ["verdict not in (refused, unanswered)", "Verdict: not Refused nor No answer"],
    ["dst.port=443", "Destination port: 443 (https)"],
    ["port in (1,2,3,4)", "Port: 1 (tcpmux), 2 or 2 more"],
    ["bytes>1MiB", "Bytes more than 1 MiB"],
    ["bytes>1500", "Bytes more than 1,500 B"],
    ["duration<=90s", "Duration at most 1 min 30 s"],
    ["domain~git", "Domain with “git”"],
    ["domain!~*.corp", "Domain without “*.corp”"],
    ["verdict=null", "Verdict: none"],
    ["github", "Any name or address with “github”"],
    ["primary=true", "Primary: yes"],
    ["a or b", "a or b"],
    ["not (a b)", "not (a and b)"],
    ["not bytes>1", "not bytes>1"],
  ])("%s is %s", (text, expected) => {
    expect(partLabel(parseFilter(text))).toBe(expected);
  });

  it("each field has a label of its own", () => {
    const labels = FILTER_FIELDS.map(({ name }) => fieldLabel(name));
    expect(new Set(labels).size).toBe(labels.length);
  });
});
