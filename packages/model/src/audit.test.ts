import { expect, it } from "vitest";
import { type AuditLine, auditSearch, auditSentence } from "./audit.ts";

const line = (change: Partial<AuditLine>): AuditLine => ({
  id: "1",
  time: "2026-11-23T10:00:00Z",
  last: "2026-11-23T10:00:00Z",
  count: 1,
  who: { kind: "session", id: "t", name: "alice", role: "admin", account: "a" },
  address: "10.0.0.1",
  action: "signin.ok",
  target: "",
  details: {},
  status: 200,
  server: "s",
  request: "r",
  ...change,
});

it.each<[Partial<AuditLine>, string]>([
  [{}, "alice signed in"],
  [
    { action: "signin.failed", status: 401, count: 12, who: { ...line({}).who, kind: "nobody", name: "" } },
    "somebody unknown failed to sign in, 12 times",
  ],
  [
    {
      action: "export.flows",
      target: "csv",
      details: { rows: 12_403, bytes: 2048, complete: true, asked: { q: "network=office" } },
    },
    "alice exported 12,403 flows (network=office) as CSV, 2.00 KiB",
  ],
  [
    { action: "export.flows", target: "ndjson", details: { rows: 5, complete: false } },
    "alice exported 5 flows as NDJSON, broken off",
  ],
  [{ action: "export.flows", target: "", details: {}, status: null }, "alice began to export flows"],
  [
    { action: "search", details: { asked: { q: "src.name=bob", from: "-1h", to: "now" } }, status: null },
    "alice looked at src.name=bob (-1h to now)",
  ],
  [
    { action: "settings.retention.change", details: { changes: [{ name: "retention", id: "", what: "flows_days 30 → 12" }] } },
    "alice set retention: flows_days 30 → 12",
  ],
  [{ action: "token.create", target: "prometheus", status: 403 }, "alice made a token for prometheus, which was refused (403)"],
  [{ action: "preview.people.erase", target: "user bob" }, "alice looked what there is of user bob"],
  [
    { action: "account.change", target: "account nia", details: { body: { reset: true } } },
    "alice made a new sign-in link for the account nia, whose password is gone",
  ],
  [{ action: "account.change", target: "account nia", details: { body: { disabled: true } } }, "alice disabled the account nia"],
  [
    { action: "account.change", target: "account nia", details: { body: { role: "admin" } } },
    "alice gave the role admin to the account nia",
  ],
  [{ action: "account.password", status: 403 }, "alice tried to change the own password, which was refused (403)"],
  [
    { action: "signin.failed", status: 401, target: "nia", who: { ...line({}).who, kind: "nobody", name: "" } },
    "somebody unknown failed to sign in as nia",
  ],
  [{ action: "token.rotate", target: "inetgw" }, "alice had the token changed of inetgw"],
  [{ action: "sink.backfill", target: "splunk" }, "alice began a backfill of the sink splunk"],
  [{ action: "preview.settings.capture.change", target: "" }, "alice set what agents record (only to see what would happen)"],
  [{ action: "thing.new", target: "x" }, "alice thing.new x"],
])("says %j in a sentence", (change, sentence) => {
  expect(auditSentence(line(change))).toBe(sentence);
});

it("leads back to a search", () => {
  const asked = { q: "a", from: "-1h", to: "now", interval: "x" };
  expect(auditSearch(line({ action: "search", details: { asked } }))).toEqual({ q: "a", from: "-1h", to: "now" });
  expect(auditSearch(line({ action: "signin.ok", details: { asked } }))).toBeNull();
});
