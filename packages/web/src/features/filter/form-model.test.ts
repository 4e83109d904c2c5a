import { describe, expect, it } from "vitest";
import { type Choices, isChoice, NO_CHOICES, readForm, writeForm } from "./form-model.ts";

const shown = (q: string) => {
  const { choices, others } = readForm(q);
  const chosen = Object.fromEntries(Object.entries(choices).filter(([, values]) => values.length > 0));
  return [chosen, others];
};

describe("the Filter dialog", () => {
  it.each<[q: string, chosen: Partial<Choices>, others: number]>([
    ["", {}, 0],
    ["protocol=tcp", { protocol: ["tcp"] }, 0],
    ["protocol in (icmp, icmpv6, udp)", { protocol: ["icmp", "udp"] }, 0],
    ["protocol=icmp", { protocol: ["1"] }, 0],
    ["protocol=gre", { protocol: ["47"] }, 0],
    ["protocol!=tcp", {}, 1],
    ["direction=ingress src.type in (user, node)", { direction: ["ingress"], "src.type": ["user", "node"] }, 0],
    ["verdict=null", {}, 1],
    ["verdict=denied state=open reporter=gw port=443", { verdict: ["denied"], state: ["open"], reporter: ["gw"] }, 1],
    ["dst.port in (443, 80)", { "dst.port": ["443", "80"] }, 0],
    ["src.name=debian", { src: ["debian"] }, 0],
    ["src.ip in (10.0.0.0/8, fd0a::1)", { src: ["10.0.0.0/8", "fd0a::1"] }, 0],
    ["src.name=debian or src.ip=10.0.0.1", { src: ["debian", "10.0.0.1"] }, 0],
    ["src.name=debian or dst.name=debian", {}, 1],
    ["from:ana", { src: ["*ana*"] }, 0],
    ["to:git*", { dst: ["git*"] }, 0],
    ["dst.name=github.com or dst.domain=github.com", { dst: ["github.com"] }, 0],
    ["dst.name=inetgw", { dst: ["inetgw"] }, 0],
    ["dst.domain=github.com", {}, 1],
    ["src.name=a and src.name=b", { src: ["a"] }, 1],
    ["github bytes>1k not (a or b)", {}, 3],
  ])("shows of %s what it can", (q, chosen, others) => {
    expect(shown(q)).toEqual([chosen, others]);
    // Nothing changes when it is applied as it is.
    expect(writeForm(q, readForm(q).choices)).toBe(q);
  });

  it("writes what is chosen in its place and keeps the rest", () => {
    const q = "github and protocol=tcp and bytes>1MiB";
    expect(writeForm(q, { ...readForm(q).choices, protocol: ["udp", "icmp"], src: ["ana@x", "10.0.0.0/8"] })).toBe(
      "github and protocol in (udp, icmp, icmpv6) and bytes>1MiB and (src.name=ana@x or src.ip=10.0.0.0/8)",
    );
    expect(writeForm(q, NO_CHOICES)).toBe("github and bytes>1MiB");
  });

  it("asks for a destination by name, by domain, or by a part of either", () => {
    const to = (...dst: string[]) => writeForm("", { ...NO_CHOICES, dst });
    expect(to("inetgw")).toBe("dst.name=inetgw");
    expect(to("github.com")).toBe("dst.name=github.com or dst.domain=github.com");
    expect(to("*git*")).toBe("dst.name~git or dst.domain~git");
    expect(to("10.20.0.0/16")).toBe("dst.ip=10.20.0.0/16");
  });

  it("knows what can be a port", () => {
    expect(["443", "https", "70000", "x"].map((text) => isChoice("dst.port", text))).toEqual([true, true, false, false]);
    expect(writeForm("", { ...NO_CHOICES, "dst.port": ["https", "443"] })).toBe("dst.port=443");
  });
});
