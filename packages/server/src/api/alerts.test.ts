import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AlertList, AlertRuleReport, AlertTestLine } from "@flowtrail/model";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type ErrorBody, startTestServer, type TestServer } from "../testing.ts";
import { alertSchema, ruleListSchema } from "./alert-schemas.ts";

let test: TestServer;
let directory: string;
const watch = { kind: "measure", measure: { kind: "bytes" }, by: ["src.ip"], threshold: { kind: "above", value: 50 } };
const big = { name: "Big", window_s: 60, watch };
const ofFile = `rules:\n  - id: of-file\n    name: Of the file\n    watch: ${JSON.stringify(watch)}\n`;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "flowtrail-rules-"));
  await writeFile(join(directory, "rules.yaml"), ofFile);
  test = await startTestServer({ flags: { "alerts.rules_file": join(directory, "rules.yaml") } });
});
afterAll(async () => {
  await test.stop();
  await rm(directory, { recursive: true, force: true });
});
const rules = async () => (await test.ask<{ rules: AlertRuleReport[] }>("GET", "/api/alert-rules")).body.rules;

it("rules are made, changed, taken back, and those of a file only there", async () => {
  expect((await test.ask<AlertRuleReport>("PUT", "/api/alert-rules/big", { body: big })).body).toMatchObject({
    id: "big",
    origin: "own",
    clear_s: 300,
  });
  const shipped = (await rules()).find(({ origin }) => origin === "shipped");
  if (shipped === undefined) throw new TypeError("no rule ships");
  const { id, origin: _o, changed: _c, status: _s, shipped: _h, ...body } = shipped;
  await test.ask("PUT", `/api/alert-rules/${id}`, { body: { ...body, enabled: false } });
  expect((await rules()).find((rule) => rule.id === id)).toMatchObject({ origin: "changed", status: { state: "off" } });
  expect((await test.ask("DELETE", `/api/alert-rules/${id}`)).status).toBe(204);
  expect((await rules()).find((rule) => rule.id === id)).toMatchObject({ origin: "shipped", enabled: true });
  const { status, body: refused } = await test.ask<ErrorBody>("PUT", "/api/alert-rules/of-file", { body: big });
  expect([status, refused.error.code]).toEqual([409, "RULE_OF_FILE"]);
  ruleListSchema.parse((await test.ask("GET", "/api/alert-rules")).body);
  const wrong = { ...big, watch: { ...watch, by: ["src.nam"], typo: 1 } };
  const { body: told } = await test.ask<ErrorBody>("PUT", "/api/alert-rules/wrong", { body: wrong });
  expect(told.error).toMatchObject({ code: "BAD_RULE" });
  expect(told.error.message).toMatch(/watch\.by\.0: .*did you mean src\.name.*watch\.typo/);
});

it("rules go out as YAML and come back the same; a mistake is told with its line, and nothing is taken", async () => {
  const { body: yaml } = await test.ask<string>("GET", "/api/alert-rules/export?id=big");
  const again = await test.ask("POST", "/api/alert-rules/import?dry_run=true", { body: { yaml } });
  expect(again.body).toEqual({ dry_run: true, saved: 0, changes: [{ id: "big", what: "unchanged", differences: [] }] });
  const wrong = `${ofFile.replaceAll("of-file", "one")}  - id: two\n    name: Two\n    bogus: 1\n    watch: ${JSON.stringify(watch)}\n    q: "nofield=1"\n`;
  const { status, body } = await test.ask<ErrorBody>("POST", "/api/alert-rules/import", { body: { yaml: wrong } });
  expect(status).toBe(400);
  expect(body.error.details).toMatchObject({ problems: [{ line: 7 }, { line: 9 }] });
  expect((await rules()).map(({ id }) => id)).not.toContain("one");
});

it("alerts are found, told by state, and what people say of them counts; a test tells when it would have been", async () => {
  const token = await test.agentToken("n1");
  const at = new Date(Date.now() - 3000).toISOString();
  const row = {
    flow_id: "7",
    revision: 1,
    reporter: "n1",
    network: "netmaker",
    direction: "egress",
    role: "initiator",
    protocol: 6,
    src_ip: "10.0.0.1",
    dst_ip: "10.0.0.2",
    src_port: 1000,
    dst_port: 443,
    src_bytes: 1000,
    dst_bytes: 2000,
    src_packets: 3,
    dst_packets: 3,
    start: at,
    last_seen: at,
    end: at,
    state: "closed",
    counters_final: true,
  };
  const headers = { "content-type": "application/x-ndjson" };
  await test.ask("POST", "/ingest/v1/flows", { token, headers, body: JSON.stringify(row) });
  const list = async (query: string) => (await test.ask<AlertList>("GET", `/api/alerts?${query}`)).body.alerts;
  const [alert] = await vi.waitFor(
    async () => {
      const found = await list("state=open&rule=big");
      expect(found).toHaveLength(1);
      return found;
    },
    { timeout: 40_000, interval: 200 },
  );
  alertSchema.parse(alert);
  expect(alert).toMatchObject({ summary: "10.0.0.1 moved 2.93 KiB in 1 min, limit 50 B", q: "src.ip=10.0.0.1" });
  const say = (action: string, body: object) => test.ask(`POST`, `/api/alerts/${alert?.id}/${action}`, { body });
  expect((await say("silence", { for: "soon" })).status).toBe(400);
  expect((await say("silence", { for: "2h", scope: "labels", note: "known" })).body).toMatchObject({
    state: "silenced",
    note: "known",
  });
  expect(await list("state=open,acknowledged&rule=big")).toEqual([]);
  const { body } = await test.ask<{ silences: { id: string }[] }>("GET", "/api/alert-silences");
  // As shells have it, which send one content type with everything.
  const headersAlone = { headers: { "content-type": "application/json" } };
  expect((await test.ask("DELETE", `/api/alert-silences/${body.silences[0]?.id}`, headersAlone)).status).toBe(204);
  expect((await say("acknowledge", { note: "I look" })).body).toMatchObject({ state: "acknowledged", note: "I look" });
  const path = `/api/alerts/${alert?.id}`;
  expect((await test.ask("POST", `${path}/reopen`, headersAlone)).body).toMatchObject({ state: "open" });
  expect((await test.ask("POST", `${path}/silence`, headersAlone)).status).toBe(400);
  expect((await test.ask("POST", `${path}/acknowledge`, { ...headersAlone, body: "{" })).status).toBe(400);
  await say("acknowledge", {});
  expect((await test.ask("GET", "/api/alerts/count")).body).toMatchObject({ acknowledged: expect.any(Number) });
  const tried = await test.ask<string>("POST", "/api/alert-rules/test", { body: { rule: big, days: 1 } });
  const lines = String(tried.body)
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as AlertTestLine);
  expect(lines.at(-1)).toMatchObject({ kind: "done", fired: 1, partial: null });
  expect(lines.find(({ kind }) => kind === "fired")).toMatchObject({ labels: { "src.ip": "10.0.0.1" }, value: 3000 });
});
