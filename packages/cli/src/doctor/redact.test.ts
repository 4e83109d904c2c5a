import fc from "fast-check";
import { expect, it } from "vitest";
import { Redaction } from "./redact.ts";

it("lets no address, name, token or host through, and keeps who is who", () => {
  const report = {
    agents: [{ name: "officegw", last_seen: "2026-11-23T02:44:01.123Z", addresses: { home: ["100.64.0.7", "fd00:10::7"] } }],
    url: "https://flowtrail.example.com:8443/",
    findings: [
      {
        what: "the clock of officegw is off by 3.0 s; no answer from https://flowtrail.example.com:8443",
        mend: "ping 100.64.0.7",
      },
      {
        what: "token ft_agent_AbC-123_x was seen by 3c:52:82:aa:bb:cc at fe80::1 and ::ffff:10.1.2.3, files.internal.example.org",
      },
    ],
  };
  const text = JSON.stringify(new Redaction().value(report));
  for (const secret of ["officegw", "100.64.0.7", "fd00", "fe80", "example", "AbC", "3c:52", "10.1.2.3"])
    expect(text).not.toContain(secret);
  expect(text).toContain("2026-11-23T02:44:01.123Z");
  // The same node is the same word in both places.
  const [word] = /‹name \d+›/.exec(text) ?? [];
  expect(text.split(word ?? "?").length - 1).toBe(2);
});

it("leaves settings, files and numbers readable", () => {
  const redaction = new Redaction();
  expect(redaction.text("sudo sysctl -w net.netfilter.nf_conntrack_acct=1")).toBe(
    "sudo sysctl -w net.netfilter.nf_conntrack_acct=1",
  );
  expect(redaction.text("12:30 of 1,234 in agent.yaml")).toBe("12:30 of 1,234 in agent.yaml");
});

it("finds every address in any text", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.ipV4(), fc.ipV6()),
      fc.constantFrom("at ", "(", "[", '"'),
      fc.constantFrom(" is", ")", "]", ":", "."),
      (ip, before, after) => {
        fc.pre(ip.length > 3);
        expect(new Redaction().text(`${before}${ip}${after}`)).not.toContain(ip);
      },
    ),
  );
});
